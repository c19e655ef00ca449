"""What is told to many people at once, and how far the telling has come."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Announcement(models.Model):
    """One text to everyone of an audience. Their notifications are written in parts, each with the move of the cursor
    in one transaction, so that a worker that vanishes leaves nobody out and tells nobody twice."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.CharField(max_length=32, unique=True, help_text="The same key again sends nothing.")
    audience = models.CharField(max_length=80, help_text="Such as everyone, group:3 or room:12.")
    audience_label = models.CharField(max_length=120, help_text="What people called the audience when it was sent.")
    title = models.CharField(max_length=100)
    text = models.TextField()
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    people_count = models.PositiveIntegerField(help_text="How many belonged to the audience when it was sent.")
    told_count = models.PositiveIntegerField(default=0)
    last_user_id = models.BigIntegerField(default=0, help_text="The cursor: who has a higher id is yet to be told.")
    moved_at = models.DateTimeField(help_text="When the cursor moved last.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_user_id__gte=0), name="announcement_cursor_not_negative"),
        ]
        indexes = [
            # Serves the workers: whose turn it is.
            models.Index(fields=["moved_at"], name="announcement_open", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None
