"""The ledger: accounts, transfers between two of them, and the entries a transfer leaves on each."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

GENESIS_HASH = bytes(32)
"""What the first entry of an account is chained to."""


class Account(models.Model):
    """Where money is. Its row's lock is what puts the account's entries in order, and guards its hash chain."""

    class Kind(models.TextChoices):
        WALLET = "wallet"
        SYSTEM = "system"
        HOLD = "hold"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=40, blank=True, help_text="Of a system account: bank, fees, prizes, revenue.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    may_overdraw = models.BooleanField(
        default=False, help_text="The bank mirrors money outside, so that it is below zero by what is inside."
    )
    balance_paise = models.BigIntegerField(default=0)
    entry_count = models.BigIntegerField(default=0)
    last_hash = models.BinaryField(max_length=32, default=GENESIS_HASH)
    # What a person has sent to others on `spent_on` and in its month: limits are asked under the row's lock.
    spent_on = models.DateField(null=True, blank=True)
    spent_day_paise = models.BigIntegerField(default=0)
    spent_month_paise = models.BigIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(balance_paise__gte=0) | Q(may_overdraw=True), name="account_never_overdrawn"
            ),
            models.CheckConstraint(
                condition=Q(may_overdraw=False) | Q(kind="system"), name="account_only_system_overdraws"
            ),
            models.CheckConstraint(
                condition=Q(kind="system", user__isnull=True) & ~Q(name="")
                | Q(kind__in=["wallet", "hold"], user__isnull=False, name=""),
                name="account_owner_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(balance_paise=0), name="account_closed_is_empty"
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(kind="wallet"), name="account_one_wallet_a_person"),
            models.UniqueConstraint(fields=["user"], condition=Q(kind="hold"), name="account_one_hold_a_person"),
            models.UniqueConstraint(fields=["name"], condition=Q(kind="system"), name="account_system_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} of user {self.user_id}"


class Transfer(models.Model):
    """Money moved, once and for good: there is no pending transfer, and undoing one is another transfer."""

    class Kind(models.TextChoices):
        TRANSFER = "transfer"
        TOP_UP = "top_up"
        WITHDRAWAL = "withdrawal"
        WITHDRAWAL_RETURN = "withdrawal_return"
        PLAN = "plan"
        PRIZE = "prize"
        GRANT = "grant"
        HOLD = "hold"
        CAPTURE = "capture"
        RELEASE = "release"
        REVERSAL = "reversal"

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, so that it rises with time (RFC 9562).")
    kind = models.CharField(max_length=20, choices=Kind)
    payer = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="sent", db_index=False)
    payee = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="received", db_index=False)
    amount_paise = models.BigIntegerField()
    note = models.CharField(max_length=140, blank=True)
    key = models.CharField(max_length=120, help_text="Idempotency key: one transfer per payer and key.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversals", db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        permissions = [("reverse_transfer", "Can reverse a transfer")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="transfer_between_two_accounts"),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False) | ~Q(kind="reversal") & Q(reverses__isnull=True),
                name="transfer_reversal_names_its_transfer",
            ),
            # Asked under the payer's lock, so that two requests with one key cannot both find nothing.
            models.UniqueConstraint(fields=["payer", "key"], name="transfer_key_unique_for_payer"),
            # With the condition, the many that reverse nothing cost no index entry.
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="transfer_reversed_once"
            ),
        ]
        indexes = [
            # Serves "have these two dealt before?".
            models.Index(fields=["payer", "payee"], name="transfer_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Entry(models.Model):
    """One side of a transfer. Rows are only ever added: triggers in the database refuse anything else."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.BigIntegerField(help_text="Rises by one per account.")
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="entries")
    amount_paise = models.BigIntegerField(help_text="Below zero when it leaves the account.")
    balance_after_paise = models.BigIntegerField()
    created_at = models.DateTimeField()
    hash = models.BinaryField(max_length=32, help_text="SHA-256 over the entry, its transfer and the hash before.")

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(condition=~Q(amount_paise=0), name="entry_moves_something"),
            # Serves the statement and the chain's check: an account's entries in order.
            models.UniqueConstraint(fields=["account", "seq"], name="entry_seq_unique_in_account"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}#{self.seq}"
