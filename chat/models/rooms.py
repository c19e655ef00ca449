from datetime import datetime

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone


class Room(models.Model):
    """A place for messages. Its row's lock numbers the messages, so that their order is that of the stream."""

    class Kind(models.TextChoices):
        PUBLIC = "public", "Public"
        PRIVATE = "private", "Private"
        DIRECT = "direct", "Direct messages"

    MAX_SLOW_MODE_SECONDS = 3600
    RESERVED_SLUGS = frozenset({"new", "invite", "direct", "about", "hooks", "search", "files", "people", "calls"})

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PUBLIC)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True)
    key = models.CharField(
        max_length=120,
        null=True,
        blank=True,
        unique=True,
        help_text="What the room belongs to, such as problem:two-sum or, for direct messages, direct:3:9.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True, help_text="From then on it can only be read.")
    slow_mode_seconds = models.PositiveSmallIntegerField(
        default=0, help_text="How long a member waits between two messages."
    )
    last_number = models.BigIntegerField(default=0, help_text="The number of the newest message.")
    last_message_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="direct") | models.Q(key__isnull=False), name="room_direct_has_key"
            ),
            models.CheckConstraint(condition=models.Q(last_number__gte=0), name="room_last_number_not_negative"),
            models.CheckConstraint(
                condition=models.Q(slow_mode_seconds__lte=3600), name="room_slow_mode_at_most_hour"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("chat:room", args=[self.slug])

    @staticmethod
    def stream_of(room_id: int) -> str:
        """The name of a room's stream."""
        return f"room:{room_id}"

    @property
    def stream(self) -> str:
        return self.stream_of(self.pk)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    def title_for(self, username: str) -> str:
        """The name as one person sees it: direct messages are named for the others in them."""
        if self.kind != self.Kind.DIRECT:
            return self.name
        others = [name for name in self.name.split(", ") if name != username]
        return ", ".join(others) or self.name


class Membership(models.Model):
    """A person's place in a room: the role, how far they have read, and how fast they may write."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        MODERATOR = "moderator", "Moderator"
        MEMBER = "member", "Member"
        BANNED = "banned", "Banned"

    class Alert(models.TextChoices):
        MENTIONS = "mentions", "When I am mentioned"
        NOTHING = "nothing", "Never"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    alert = models.CharField(max_length=10, choices=Alert, default=Alert.MENTIONS)
    muted_until = models.DateTimeField(null=True, blank=True, help_text="Until then they may read, not write.")
    joined_at = models.DateTimeField(default=timezone.now)
    read_number = models.BigIntegerField(default=0, help_text="The newest message this person has read.")
    last_sent_at = models.DateTimeField(null=True, blank=True)
    paced_until = models.DateTimeField(
        null=True, blank=True, help_text="The rate limit's theoretical arrival time (GCRA); see chat/pace.py."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="membership_unique_in_room"),
            models.CheckConstraint(condition=models.Q(read_number__gte=0), name="membership_read_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now
