from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Draft(models.Model):
    """A transfer as a person asked for it, until they say yes. Its details never change: another is another draft."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    payer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfer_drafts", db_index=False
    )
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount_paise = models.BigIntegerField()
    note = models.CharField(max_length=140, blank=True)
    key = models.CharField(max_length=100, help_text="Idempotency key of the person's: it becomes the transfer's.")
    needs_code = models.BooleanField(default=False, help_text="Whether a one-time code must come with the yes.")
    money_request = models.ForeignKey(
        "payments.MoneyRequest", on_delete=models.PROTECT, null=True, blank=True, related_name="drafts"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    transfer = models.OneToOneField(
        "payments.Transfer", on_delete=models.PROTECT, null=True, blank=True, related_name="draft"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="draft_amount_positive"),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="draft_between_two_people"),
            models.UniqueConstraint(fields=["payer", "key"], name="draft_key_unique_for_payer"),
        ]

    def __str__(self) -> str:
        return f"draft {self.id}"
