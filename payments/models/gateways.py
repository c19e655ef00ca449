from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q


class BankMove(models.Model):
    """Money coming into a wallet from outside, or leaving it, by a payment gateway."""

    class Direction(models.TextChoices):
        TOP_UP = "top_up"
        WITHDRAWAL = "withdrawal"

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bank_moves")
    direction = models.CharField(max_length=10, choices=Direction)
    gateway = models.CharField(max_length=20)
    amount_paise = models.BigIntegerField()
    key = models.CharField(max_length=100)
    reference = models.CharField(max_length=200, blank=True, help_text="What the gateway calls it.")
    checkout_url = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    transfer = models.OneToOneField(
        "payments.Transfer", on_delete=models.PROTECT, null=True, blank=True, related_name="bank_move"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="bank_move_amount_positive"),
            models.UniqueConstraint(fields=["user", "key"], name="bank_move_key_unique_for_user"),
            models.UniqueConstraint(
                fields=["gateway", "reference"], condition=~Q(reference=""), name="bank_move_reference_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.id}"


class GatewayEvent(models.Model):
    """A webhook as a gateway sent it: each id is handled once; what we know nothing about is kept for staff."""

    class Outcome(models.TextChoices):
        HANDLED = "handled", "Handled"
        IGNORED = "ignored", "Nothing to do"
        UNKNOWN = "unknown", "Unknown: look at it"

    gateway = models.CharField(max_length=20)
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=100)
    payload = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)
    repeat_count = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=Outcome)
    bank_move = models.ForeignKey(
        BankMove, on_delete=models.PROTECT, null=True, blank=True, related_name="gateway_events"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "event_id"], name="gateway_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.event_id}"
