from uuid import uuid4

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from chat.models.messages import Message
from chat.models.rooms import Room

SHOWN_BOX = (320, 240)
"""What a picture takes of a page at most; static/chat/files.js has the same."""


class Attachment(models.Model):
    """A file in a room: of a message, or uploaded for one that is still being written."""

    key = models.UUIDField(unique=True, default=uuid4, editable=False, help_text="Its name in addresses and on disk.")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="attachments")
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200, help_text="What the uploader called it.")
    content_type = models.CharField(max_length=100)
    size_bytes = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Of a picture, in pixels.")
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            # Serves the sweep of what was uploaded and never sent.
            models.Index(fields=["created_at"], condition=models.Q(message__isnull=True), name="attachment_unsent"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("chat:file", args=[self.key])

    @property
    def is_picture(self) -> bool:
        return self.width is not None

    @property
    def thumbnail_url(self) -> str:
        return reverse("chat:thumbnail", args=[self.key])

    @property
    def shown_size(self) -> tuple[int, int]:
        """A picture's width and height in a page, in CSS pixels: its place is kept before it arrives."""
        if not self.width or not self.height:
            return SHOWN_BOX
        part = min(1.0, SHOWN_BOX[0] / self.width, SHOWN_BOX[1] / self.height)
        return max(1, round(self.width * part)), max(1, round(self.height * part))
