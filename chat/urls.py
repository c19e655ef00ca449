from django.urls import URLPattern, path

from chat.views import files, messages, rooms

app_name = "chat"
# The words before <slug:slug> are reserved in Room.RESERVED_SLUGS.
urlpatterns: list[URLPattern] = [
    path("", rooms.rooms, name="rooms"),
    path("new/", rooms.new, name="new"),
    path("search/", rooms.search, name="search"),
    path("invite/<str:token>/", rooms.invitation, name="invitation"),
    path("about/<slug:kind>/<str:key>/", rooms.topic, name="topic"),
    path("calls/<str:name>/", messages.posted_call, name="call"),
    path("hooks/<str:token>/", messages.hook, name="hook"),
    path("files/<uuid:key>/", files.file, name="file"),
    path("files/<uuid:key>/thumbnail/", files.thumbnail, name="thumbnail"),
    path("<slug:slug>/", rooms.room, name="room"),
    path("<slug:slug>/<int:number>/", rooms.room, name="message"),
    path("<slug:slug>/messages/", messages.history, name="history"),
    path("<slug:slug>/files/", files.upload, name="upload"),
    path("<slug:slug>/people/", rooms.people, name="people"),
    path("<slug:slug>/settings/", rooms.settings, name="settings"),
    path("<slug:slug>/moderation/", rooms.keeping, name="keeping"),
    path("<slug:slug>/pins/", rooms.pins, name="pins"),
    path("<slug:slug>/at/", rooms.at_day, name="at"),
]
