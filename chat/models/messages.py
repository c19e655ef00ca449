from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from chat.models.rooms import Room


class Message(models.Model):
    """One message. `number` rises by one per room, without gaps, in the order of the room's stream."""

    MAX_BODY_BYTES = 8 * 1024
    MAX_FILES = 10

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    number = models.BigIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    bot_name = models.CharField(max_length=40, blank=True, help_text="Who speaks where no person does.")
    client_id = models.UUIDField(null=True, blank=True, help_text="The sender's own id: a retry makes no second one.")
    body = models.TextField(blank=True, help_text="Markdown, at most 8 KiB.")
    html = models.TextField(blank=True, help_text="The body as rendered and sanitised when it was written.")
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    reply_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    thread_root = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="thread", db_index=False
    )
    event_seq = models.BigIntegerField(
        null=True, blank=True, help_text="The event that told of it, in the room's stream."
    )
    reply_count = models.PositiveIntegerField(default=0, help_text="Messages in the thread that this one began.")
    pinned_at = models.DateTimeField(null=True, blank=True)
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            # Serves history: a page of one room's messages before, after or around a number.
            models.UniqueConstraint(fields=["room", "number"], name="message_number_unique_in_room"),
            models.UniqueConstraint(
                fields=["author", "client_id"],
                condition=models.Q(client_id__isnull=False),
                name="message_client_id_unique_per_author",
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="message_number_from_one"),
        ]
        indexes = [
            # Serves the jump to a date.
            models.Index(fields=["room", "created_at"], name="message_room_created"),
            # Serves a thread's page.
            models.Index(
                fields=["thread_root", "number"],
                condition=models.Q(thread_root__isnull=False),
                name="message_thread",
            ),
            # Serves a room's list of pins.
            models.Index(
                fields=["room", "pinned_at"], condition=models.Q(pinned_at__isnull=False), name="message_pins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}#{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("chat:message", args=[self.room.slug, self.number])

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def sender_name(self) -> str:
        """Who the message is shown as by."""
        if self.author is not None:
            return self.author.get_username()
        return self.bot_name or "someone who left"
