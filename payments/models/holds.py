from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Hold(models.Model):
    """Money set aside for one payee: it is captured (once, perhaps in part), voided, or expires."""

    class State(models.TextChoices):
        AUTHORISED = "authorised"
        CAPTURED = "captured"
        VOIDED = "voided"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid4)
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="holds", db_index=False)
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount_paise = models.BigIntegerField()
    captured_paise = models.BigIntegerField(default=0)
    note = models.CharField(max_length=140, blank=True)
    key = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State, default=State.AUTHORISED)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="hold_amount_positive"),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="hold_between_two_people"),
            models.CheckConstraint(
                condition=Q(state="captured", captured_paise__gt=0, captured_paise__lte=F("amount_paise"))
                | (~Q(state="captured") & Q(captured_paise=0)),
                name="hold_captures_at_most_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(state="authorised", settled_at__isnull=True)
                | (~Q(state="authorised") & Q(settled_at__isnull=False)),
                name="hold_settled_when_not_authorised",
            ),
            models.UniqueConstraint(fields=["payer", "key"], name="hold_key_unique_for_payer"),
        ]
        indexes = [
            # Serve the page of holds: what a person set aside, and what is set aside for them.
            models.Index(fields=["payer", "-created_at"], name="hold_by_payer"),
            models.Index(fields=["payee", "-created_at"], name="hold_for_payee"),
            # Serves the clock: which are due to expire.
            models.Index(fields=["expires_at"], condition=Q(state="authorised"), name="hold_due"),
        ]

    def __str__(self) -> str:
        return f"hold {self.id}"

    @property
    def rest_paise(self) -> int:
        """What went back to the payer when it was captured."""
        return self.amount_paise - self.captured_paise

    @property
    def is_live(self) -> bool:
        """Whether it can still be taken, also before the clock has come by."""
        return self.state == self.State.AUTHORISED and self.expires_at > timezone.now()
