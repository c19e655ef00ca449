from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

GRACE = timedelta(days=3)
"""How long Premium stays when its renewal finds too little money, or the clock is late."""


class Subscription(models.Model):
    """A person's Premium, paid from the wallet a month at a time. Without a row, or ended, the plan is Free."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="subscription")
    started_at = models.DateTimeField()
    period_starts_at = models.DateTimeField()
    period_ends_at = models.DateTimeField()
    cancel_at_period_end = models.BooleanField(default=False)
    grace_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Set when a renewal found too little money: Premium stays until then."
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(period_ends_at__gt=F("period_starts_at")), name="subscription_period_forward"
            ),
        ]
        indexes = [
            # Serves the clock: which running subscriptions are due.
            models.Index(fields=["period_ends_at"], condition=Q(ended_at__isnull=True), name="subscription_due"),
        ]

    def __str__(self) -> str:
        return f"Premium of user {self.user_id}"

    def is_running(self, now: datetime) -> bool:
        """Whether Premium is in force at `now`: paid for, waiting for the clock to renew it, or in grace."""
        renews_until = self.period_ends_at if self.cancel_at_period_end else self.period_ends_at + GRACE
        return self.ended_at is None and (self.grace_ends_at or renews_until) > now
