from chat.models.attachments import Attachment
from chat.models.conversation import Mention, MessageVersion, Reaction
from chat.models.messages import Message
from chat.models.moderation import AuditEntry, Invitation, Report
from chat.models.rooms import Membership, Room
from chat.models.webhooks import Webhook

__all__ = [
    "Attachment",
    "AuditEntry",
    "Invitation",
    "Membership",
    "Mention",
    "Message",
    "MessageVersion",
    "Reaction",
    "Report",
    "Room",
    "Webhook",
]
