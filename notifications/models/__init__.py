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
from notifications.models.people import Contact, DeadAddress, PhoneCode, PushDevice, Refusal
from notifications.models.streams import Event, Stream

__all__ = [
    "OPEN_STATES",
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
    "PhoneCode",
    "Provider",
    "PushDevice",
    "Refusal",
    "SimulatedText",
    "State",
    "Stream",
    "Webhook",
    "WebhookDelivery",
]
