"""Domain events, who follows them, and what the followers keep."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class DomainEvent(models.Model):
    """Something that happened, written in the transaction in which it did.

    Ids are taken before the commit, so a reader who goes by them could pass over one that commits late. `position`
    is given after the commit, in order and without gaps: followers go by that.
    """

    name = models.CharField(max_length=60, help_text="Such as transfer.completed.")
    at = models.DateTimeField()
    data = models.JSONField(default=dict)
    actor_id = models.BigIntegerField(null=True, blank=True, help_text="The user whose doing it was.")
    about = models.JSONField(default=list, help_text="Ids of the users whom it concerns, who may be told of it.")
    position = models.BigIntegerField(null=True, blank=True, unique=True)

    class Meta:
        indexes = [
            # Serves the numbering: what has none yet.
            models.Index(fields=["id"], name="domainevent_unnumbered", condition=Q(position__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.position}"


class Follower(models.Model):
    """How far one subscriber has come. Its row's lock lets one worker at a time go on from there."""

    name = models.CharField(max_length=60, unique=True)
    cursor = models.BigIntegerField(default=0, help_text="The position of the last event it has dealt with.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="After a failure: when to try again.")
    failure_count = models.PositiveIntegerField(default=0, help_text="Failures in a row at the present cursor.")
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cursor__gte=0), name="follower_cursor_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """One event in the audit's chain: each entry's hash covers the one before, so that no change goes unseen."""

    position = models.BigIntegerField(unique=True)
    name = models.CharField(max_length=60)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    data = models.JSONField(default=dict)
    about = models.JSONField(default=list)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # Serves the search by kind and time.
            models.Index(fields=["name", "at"], name="auditentry_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.position}"


class MinuteMetric(models.Model):
    """How often something happened in one minute, and how long it took."""

    minute = models.DateTimeField()
    name = models.CharField(max_length=80)
    count = models.BigIntegerField(default=0)
    milliseconds = models.FloatField(default=0, help_text="The sum over those whose time is known.")
    longest_milliseconds = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "minute"], name="minutemetric_once_per_minute"),
            models.CheckConstraint(condition=Q(count__gte=0), name="minutemetric_count_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.minute:%H:%M}: {self.count}"


class Webhook(models.Model):
    """A URL that a person has registered to be told of events that concern them; staff are told of all."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    names = models.JSONField(default=list, help_text="The events it wants; none named means all.")
    secret = models.CharField(max_length=80, help_text="Base64 with the prefix whsec_, as standard-webhooks has it.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    off_reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event on its way to one webhook, and what came of the last try."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Delivered"
        FAILED = "failed", "Will be tried again"
        DEAD = "dead", "Given up"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(DomainEvent, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The HTTP status last answered.")
    answer = models.TextField(blank=True, help_text="The beginning of what was last answered, or the error.")
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="webhookdelivery_once_per_event"),
            models.CheckConstraint(
                condition=Q(state__in=("pending", "sending", "failed"), due_at__isnull=False)
                | Q(state__in=("sent", "dead"), due_at__isnull=True),
                name="webhookdelivery_due_while_open",
            ),
        ]
        indexes = [
            # Serves the workers and the sweeper: what is due.
            models.Index(fields=["due_at"], name="webhookdelivery_due", condition=Q(due_at__isnull=False)),
            # Serves the log of one webhook.
            models.Index(fields=["webhook", "-id"], name="webhookdelivery_log"),
        ]

    def __str__(self) -> str:
        return f"event {self.event_id} to webhook {self.webhook_id}: {self.state}"
