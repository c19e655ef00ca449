from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

MAX_TRIES = 5


class TransferCode(models.Model):
    """A one-time code for one draft. The digits are nowhere in the database: they follow from the row and the secret
    key, so that only the templates that send them and the check can make them."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    draft = models.ForeignKey("payments.Draft", on_delete=models.CASCADE, related_name="codes")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries_left = models.PositiveSmallIntegerField(default=MAX_TRIES)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tries_left__lte=MAX_TRIES), name="code_tries_within_limit"),
        ]

    def __str__(self) -> str:
        return f"code for draft {self.draft_id}"

    @property
    def digits(self) -> str:
        """Six digits, bound to the draft's amount and recipient."""
        draft = self.draft
        bound = f"{self.id}|{draft.pk}|{draft.payer_id}|{draft.payee_id}|{draft.amount_paise}"
        number = int(salted_hmac("payments.TransferCode", bound, algorithm="sha256").hexdigest(), 16)
        return f"{number % 1_000_000:06d}"
