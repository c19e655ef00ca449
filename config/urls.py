from django.contrib import admin
from django.urls import include, path

from config import token_views, views
from config.api import api

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("sw.js", views.service_worker, name="service_worker"),
    path("offline/", views.offline, name="offline"),
    path("numbers/", views.numbers, name="numbers"),
    path("search/", views.search, name="search"),
    path("people/<str:username>/", views.person, name="person"),
    path("theme/", views.theme, name="theme"),
    path("design/", views.design, name="design"),
    path("accounts/profile/", views.profile, name="profile"),
    path("accounts/tokens/", token_views.tokens, name="tokens"),
    path("accounts/tokens/<int:token_id>/revoke/", token_views.revoke, name="revoke_token"),
    path("accounts/", include("allauth.urls")),
    path("api/", api.urls),
    path("rooms/", include("chat.urls")),
    path("wallet/", include("payments.urls")),
    path("judge/", include("judge.urls")),
    path("", include("notifications.urls")),
    path("admin/rq/", include("django_rq.urls")),
    path("admin/", admin.site.urls),
]
