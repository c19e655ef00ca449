"""What is told to people, and each way it goes out: the rows of the transactional outbox."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Notification(models.Model):
    """One thing that one person is told. It stands in their inbox, and goes out by its deliveries."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=120, help_text="What it is about; the same key makes no second notification.")
    data = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True, help_text="The page of the thing itself.")
    created_at = models.DateTimeField()
    announced_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person's open pages were told, on the stream of their inbox."
    )
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "key"], name="notification_once_per_key"),
        ]
        indexes = [
            # Serves the inbox: the newest of one person.
            models.Index(fields=["user", "-id"], name="notification_inbox"),
            # Serves the bell: how many are unread.
            models.Index(fields=["user"], name="notification_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for user {self.user_id}"


class State(models.TextChoices):
    """Where a delivery stands. Pending, sending and failed are open; sent, dead and suppressed are final."""

    PENDING = "pending", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Will be tried again"
    DEAD = "dead", "Given up"
    SUPPRESSED = "suppressed", "Not sent"


OPEN_STATES = (State.PENDING, State.SENDING, State.FAILED)


class Delivery(models.Model):
    """One notification on one channel. Only the holder of `claim` may send it, until `due_at`."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When to look at it next: to send it, to try it again, or to take it from a worker that vanished.",
    )
    claim = models.CharField(max_length=32, blank=True, help_text="Who is sending it now.")
    started_at = models.DateTimeField(
        null=True, blank=True, help_text="Set while the provider is being asked: after a crash the answer is unknown."
    )
    attempt_count = models.PositiveSmallIntegerField(default=0)
    target = models.CharField(max_length=320, blank=True, help_text="The address it was last sent to.")
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True, help_text="The words as they were sent.")
    provider_id = models.CharField(max_length=200, blank=True, help_text="What the provider calls it.")
    sent_at = models.DateTimeField(null=True, blank=True)
    replayed_at = models.DateTimeField(null=True, blank=True, help_text="When staff last had it tried afresh.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it failed, was given up or not sent.")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="delivery_once_per_channel"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, due_at__isnull=False)
                | (~Q(state__in=OPEN_STATES) & Q(due_at__isnull=True)),
                name="delivery_due_while_open",
            ),
            models.CheckConstraint(
                condition=(Q(state=State.SENDING) & ~Q(claim="")) | (~Q(state=State.SENDING) & Q(claim="")),
                name="delivery_claimed_while_sending",
            ),
            models.CheckConstraint(
                condition=Q(started_at__isnull=True) | Q(state=State.SENDING), name="delivery_started_while_sending"
            ),
            models.CheckConstraint(
                condition=Q(state=State.SENT, sent_at__isnull=False)
                | (~Q(state=State.SENT) & Q(sent_at__isnull=True)),
                name="delivery_sent_has_time",
            ),
        ]
        indexes = [
            # Serves the workers and the sweeper: what is due on a channel.
            models.Index(fields=["channel", "due_at"], name="delivery_due", condition=Q(due_at__isnull=False)),
            # Serves the recording of outcomes: the rows of one claim.
            models.Index(fields=["claim"], name="delivery_claim", condition=~Q(claim="")),
            # Serves the dead letters.
            models.Index(fields=["channel", "-id"], name="delivery_dead", condition=Q(state=State.DEAD)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} of notification {self.notification_id}: {self.state}"


class Attempt(models.Model):
    """One try that did not end in a plain yes; what succeeded is told by the delivery itself."""

    class Outcome(models.TextChoices):
        TEMPORARY = "temporary", "Failed, worth another try"
        PERMANENT = "permanent", "Refused for good"
        UNKNOWN = "unknown", "The worker vanished: it may have been sent"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    code = models.CharField(max_length=60, blank=True, help_text="The provider's code, such as 451 or 429.")
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="attempt_number_from_one"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"attempt {self.number} of delivery {self.delivery_id}: {self.outcome}"


class SimulatedText(models.Model):
    """A text message that arrived on the simulator: the phone of those who run Chowk without an SMS provider."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    phone = models.CharField(max_length=16)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # Serves the phone's screen: the newest of one number.
            models.Index(fields=["phone", "-id"], name="simulatedtext_phone"),
        ]

    def __str__(self) -> str:
        return f"{self.phone}: {self.body[:40]}"


class Provider(models.Model):
    """The circuit breaker of a provider: while it is open, nobody asks it."""

    name = models.CharField(
        max_length=120, unique=True, help_text="The channel, or of push the service: push fcm.googleapis.com."
    )
    failure_count = models.PositiveIntegerField(default=0, help_text="How often in a row it was away.")
    open_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.failure_count} failures"
