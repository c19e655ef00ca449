"""Invitations into a room, reports to those who keep it, and what they did."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from chat.models.messages import Message
from chat.models.rooms import Room


class Invitation(models.Model):
    """A link into a room, for anyone who has it or for one person by name."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="invitations")
    token = models.CharField(max_length=43, unique=True)
    invitee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(default=50)
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(uses__lte=F("max_uses")), name="invitation_uses_within_limit"),
        ]

    def __str__(self) -> str:
        return f"into {self.room_id}"

    def get_absolute_url(self) -> str:
        return reverse("chat:invitation", args=[self.token])


class Report(models.Model):
    """Someone's word that a message should not stand."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=500)
    body = models.TextField(help_text="What the message said when it was reported.")
    created_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "reporter"], name="report_once_per_person")]

    def __str__(self) -> str:
        return f"{self.message_id} by {self.reporter_id}"


class AuditEntry(models.Model):
    """Something that those who keep a room did in it. Rows are only ever added."""

    LABELS: ClassVar[dict[str, str]] = {
        "invitation.link": "Made an invitation link",
        "invitation.person": "Invited",
        "invitation.revoked": "Ended an invitation",
        "member.banned": "Banned",
        "member.muted": "Muted",
        "member.unbanned": "Lifted the ban of",
        "member.unmuted": "Ended the mute of",
        "message.deleted": "Deleted a message of",
        "message.pinned": "Pinned a message of",
        "message.unpinned": "Unpinned a message of",
        "report.handled": "Dealt with a report by",
        "role.set": "Changed the role of",
        "room.archived": "Archived the room",
        "room.described": "Renamed or described the room",
        "room.slow_mode": "Set slow mode",
        "room.unarchived": "Opened the room again",
        "webhook.created": "Made a webhook",
        "webhook.disabled": "Disabled a webhook",
    }

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="audit")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    action = models.CharField(max_length=30)
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # Serves a room's audit page, newest first.
            models.Index(fields=["room", "-created_at"], name="audit_room_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.action} in {self.room_id}"

    @property
    def label(self) -> str:
        """What was done, in words."""
        return self.LABELS.get(self.action, self.action)

    @property
    def extent(self) -> str:
        """How far it went, in words: for how long, from what to what; "" where there is nothing to add."""
        details = self.details
        if self.action == "member.muted":
            return f"for {details['minutes']} minutes"
        if self.action == "role.set":
            return f"from {details['before']} to {details['after']}"
        if self.action == "room.slow_mode":
            return f"from {details['before']} to {details['after']} seconds between messages"
        if self.action == "room.described":
            before, after = details["before"], details.get("after", {})
            changed = [f"“{before[key]}” to “{after[key]}”" for key in after if before[key] != after[key]]
            return f"from {' and '.join(changed)}" if changed else ""
        if name := details.get("name"):
            return f"“{name}”"
        return ""
