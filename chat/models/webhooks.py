from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.rooms import Room


class Webhook(models.Model):
    """An address by which another program may speak in a room. Only the token's hash is stored."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=40, help_text="Who its messages are from.")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256, in hexadecimal.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    paced_until = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
