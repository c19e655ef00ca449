"""Phones in the browser: what arrives at a number is shown on its screen."""

from django.utils import timezone

from notifications.channels.base import Message
from notifications.models import SimulatedText


class SimulatorSender:
    """A provider that honours idempotency keys: the same delivery arrives once, however often it is sent."""

    def send(self, message: Message) -> str:
        text, _ = SimulatedText.objects.get_or_create(
            delivery_id=message.delivery_id,
            defaults={"phone": message.to, "body": message.body, "at": timezone.now()},
        )
        return f"simulator-{text.pk}"
