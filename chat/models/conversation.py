"""What grows around a message: reactions, mentions, earlier versions."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.messages import Message


class Reaction(models.Model):
    """One person's emoji on a message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # Serves a page's reactions too.
            models.UniqueConstraint(fields=["message", "emoji", "user"], name="reaction_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.emoji} by {self.user_id}"


class Mention(models.Model):
    """A message that speaks to a person: by name, by @room, or by answering one of theirs."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    notified_at = models.DateTimeField(null=True, blank=True, help_text="When it went to the inbox.")
    digested_at = models.DateTimeField(null=True, blank=True, help_text="When a digest told of it, or need not.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_unique")]
        indexes = [
            # Serve the two sweeps of chat/clock.py.
            models.Index(
                fields=["created_at"], condition=models.Q(notified_at__isnull=True), name="mention_to_notify"
            ),
            models.Index(
                fields=["user", "created_at"], condition=models.Q(digested_at__isnull=True), name="mention_to_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.user_id}"


class MessageVersion(models.Model):
    """What a message said before it was edited or deleted: kept for those who keep the room."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="versions")
    body = models.TextField()
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    replaced_at = models.DateTimeField(default=timezone.now)
    event_seq = models.BigIntegerField(
        null=True, blank=True, help_text="The event that told of the edit, in the room's stream."
    )

    class Meta:
        ordering = ["replaced_at", "pk"]

    def __str__(self) -> str:
        return f"{self.message_id} until {self.replaced_at:%Y-%m-%d %H:%M}"
