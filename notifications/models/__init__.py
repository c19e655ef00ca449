from notifications.models.announcements import Announcement
from notifications.models.deliveries import (
    OPEN_STATES,
    Attempt,
    Delivery,
    Notification,
    Provider,
    SimulatedText,
    State,
)
from notifications.models.events import (
    AuditEntry,
    DomainEvent,
    Follower,
    MinuteMetric,
    Webhook,
    WebhookDelivery,
)
from notifications.models.people import AddressCode, Contact, DeadAddress, PushDevice, Refusal
from notifications.models.streams import Event, Stream

__all__ = [
    "OPEN_STATES",
    "AddressCode",
    "Announcement",
    "Attempt",
    "AuditEntry",
    "Contact",
    "DeadAddress",
    "Delivery",
    "DomainEvent",
    "Event",
    "Follower",
    "MinuteMetric",
    "Notification",
    "Provider",
    "PushDevice",
    "Refusal",
    "SimulatedText",
    "State",
    "Stream",
    "Webhook",
    "WebhookDelivery",
]
