from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class BillSplit(models.Model):
    """A bill that one person paid and others share."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bill_splits", db_index=False
    )
    total_paise = models.BigIntegerField()
    note = models.CharField(max_length=140, blank=True)
    place = models.CharField(max_length=120, blank=True, help_text="Where it was split, such as a room's name.")
    key = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(total_paise__gt=0), name="split_total_positive"),
            models.UniqueConstraint(fields=["creator", "key"], name="split_key_unique_for_creator"),
        ]

    def __str__(self) -> str:
        return f"split {self.id}"


class MoneyRequest(models.Model):
    """One person asks another for money: open until it is paid, declined or taken back."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount_paise = models.BigIntegerField()
    note = models.CharField(max_length=140, blank=True)
    key = models.CharField(max_length=120)
    split = models.ForeignKey(BillSplit, on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    created_at = models.DateTimeField(auto_now_add=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    transfer = models.OneToOneField(
        "payments.Transfer", on_delete=models.PROTECT, null=True, blank=True, related_name="money_request"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="request_amount_positive"),
            models.CheckConstraint(condition=~Q(asker=F("payer")), name="request_between_two_people"),
            models.CheckConstraint(
                condition=Q(declined_at__isnull=True, cancelled_at__isnull=True)
                | Q(transfer__isnull=True, cancelled_at__isnull=True)
                | Q(transfer__isnull=True, declined_at__isnull=True),
                name="request_ends_one_way",
            ),
            models.UniqueConstraint(fields=["asker", "key"], name="request_key_unique_for_asker"),
        ]
        indexes = [
            # Serve the wallet's page: what waits for a person, and what they wait for.
            models.Index(fields=["payer", "-created_at"], name="request_to_payer"),
            models.Index(fields=["asker", "-created_at"], name="request_by_asker"),
        ]

    def __str__(self) -> str:
        return f"request {self.id}"

    @property
    def state(self) -> str:
        if self.transfer_id is not None:
            return "paid"
        if self.declined_at is not None:
            return "declined"
        return "cancelled" if self.cancelled_at is not None else "open"

    @property
    def is_open(self) -> bool:
        return self.state == "open"
