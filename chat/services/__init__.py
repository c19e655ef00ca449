"""The only door for chat's writes."""

from chat.services.attachments import sweep_unsent, upload_file
from chat.services.changes import delete_message, edit_message, pin_message, react
from chat.services.invitations import accept_invitation, invite_by_link, invite_by_name, revoke_invitation
from chat.services.messages import Draft, Posted, post_message, post_messages
from chat.services.moderation import (
    ban,
    handle_report,
    lift_ban,
    mute,
    report_message,
    set_role,
    set_slow_mode,
)
from chat.services.rooms import (
    archive_room,
    change_room,
    create_room,
    join_room,
    leave_room,
    mark_read,
    open_direct,
    open_topic_room,
    set_alert,
)
from chat.services.webhooks import create_webhook, disable_webhook, post_by_webhook

__all__ = [
    "Draft",
    "Posted",
    "accept_invitation",
    "archive_room",
    "ban",
    "change_room",
    "create_room",
    "create_webhook",
    "delete_message",
    "disable_webhook",
    "edit_message",
    "handle_report",
    "invite_by_link",
    "invite_by_name",
    "join_room",
    "leave_room",
    "lift_ban",
    "mark_read",
    "mute",
    "open_direct",
    "open_topic_room",
    "pin_message",
    "post_by_webhook",
    "post_message",
    "post_messages",
    "react",
    "report_message",
    "revoke_invitation",
    "set_alert",
    "set_role",
    "set_slow_mode",
    "sweep_unsent",
    "upload_file",
]
