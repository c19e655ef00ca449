from django.urls import URLPattern, URLResolver, include, path

from notifications.views import inbox, messages, metrics, phone, preferences, staff, webhooks

app_name = "notifications"
urlpatterns: list[URLPattern | URLResolver] = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="read_all"),
    path("inbox/<int:notification_id>/open/", inbox.open_notification, name="open"),
    path("inbox/preferences/", preferences.Preferences.as_view(), name="preferences"),
    path("inbox/phone-number/", preferences.phone_number, name="phone_number"),
    path("inbox/phone-number/code/", preferences.phone_code, name="phone_code"),
    path("inbox/email-code/", preferences.email_code, name="email_code"),
    path("inbox/email-code/send/", preferences.send_email_code, name="send_email_code"),
    path("inbox/devices/", preferences.add_device, name="add_device"),
    path("inbox/devices/<int:device_id>/remove/", preferences.remove_device, name="remove_device"),
    path("inbox/devices/key/", preferences.push_key, name="push_key"),
    path("inbox/webhooks/", webhooks.webhooks, name="webhooks"),
    path("inbox/webhooks/<int:webhook_id>/", webhooks.webhook, name="webhook"),
    path("inbox/webhooks/<int:webhook_id>/change/", webhooks.change_webhook, name="change_webhook"),
    path("unsubscribe/<str:token>/", preferences.unsubscribe, name="unsubscribe"),
    path("staff/queues/", staff.queues, name="queues"),
    path("staff/queues/replay/", staff.replay, name="replay"),
    path("staff/activity/", staff.activity, name="activity"),
    path("staff/queues/test/", messages.send_test, name="send_test"),
    path("staff/announce/", messages.announce, name="announce"),
    path("staff/messages/<str:kind_name>/", messages.preview, name="preview"),
    path("staff/messages/<str:kind_name>/email/<str:language>/", messages.preview_email, name="preview_email"),
    path("metrics", metrics.metrics, name="metrics"),
    path("hooks/email/", include("anymail.urls")),
    path("phone/", phone.phone, name="phone"),
    path("phone/<str:number>/", phone.phone, name="phone_of"),
]
