"""The door for every write of `notifications`."""

from notifications.outbox.writing import Notice
from notifications.services.amending import amend
from notifications.services.announcements import announce
from notifications.services.people import (
    add_device,
    bury_address,
    refuse,
    remove_device,
    set_reading,
    set_wishes,
)
from notifications.services.proving import confirm_email, confirm_phone, send_email_code, send_phone_code
from notifications.services.telling import (
    mark_all_read,
    mark_read,
    notify,
    notify_each,
    notify_many,
    replay_deliveries,
    send_test,
    set_time_zone,
)
from notifications.services.webhooks import (
    add_webhook,
    remove_webhook,
    replace_secret,
    replay_webhook,
    set_webhook_active,
)

__all__ = [
    "Notice",
    "add_device",
    "add_webhook",
    "amend",
    "announce",
    "bury_address",
    "confirm_email",
    "confirm_phone",
    "mark_all_read",
    "mark_read",
    "notify",
    "notify_each",
    "notify_many",
    "refuse",
    "remove_device",
    "remove_webhook",
    "replace_secret",
    "replay_deliveries",
    "replay_webhook",
    "send_email_code",
    "send_phone_code",
    "send_test",
    "set_reading",
    "set_time_zone",
    "set_webhook_active",
    "set_wishes",
]
