"""Where and how a person can be reached, and what they want to hear."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Contact(models.Model):
    """Where and how a person can be reached, beside the e-mail address on the user."""

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        HINDI = "hi", "हिन्दी"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact")
    phone = models.CharField(
        max_length=16, null=True, blank=True, unique=True, help_text="E.164, such as +917010233311"
    )
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata")
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="From here, in the person's zone, texts and pushes wait."
    )
    quiet_until = models.TimeField(null=True, blank=True)
    digest_at = models.TimeField(
        null=True, blank=True, help_text="When set, e-mails of the day come as one, at this time."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="contact_quiet_hours_both_or_neither",
            ),
            models.CheckConstraint(condition=Q(language__in=("en", "hi")), name="contact_language_known"),
        ]

    def __str__(self) -> str:
        return self.phone or f"contact of user {self.user_id}"


class Refusal(models.Model):
    """A kind that a person does not want on a channel. What is not refused is wanted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="refusals")
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="refusal_once"),
        ]

    def __str__(self) -> str:
        return f"user {self.user_id} wants no {self.kind} by {self.channel}"


class AddressCode(models.Model):
    """A code sent to a number or an e-mail address, to see that it is the person's own. Only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="address_codes")
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=320)
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "channel"], name="addresscode_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"code for {self.address}"


class PushDevice(models.Model):
    """A browser that takes pushes for a person: https://www.w3.org/TR/push-api/"""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_devices")
    endpoint = models.URLField(max_length=1000, unique=True)
    public_key = models.CharField(max_length=120, help_text="p256dh, base64url.")
    auth_secret = models.CharField(max_length=40, help_text="auth, base64url.")
    name = models.CharField(max_length=120, blank=True, help_text="The browser, in words.")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} of user {self.user_id}"


class DeadAddress(models.Model):
    """An address that nothing is sent to any more: it bounced for good, or its owner complained."""

    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=320)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "dead addresses"
        constraints = [
            models.UniqueConstraint(fields=["channel", "address"], name="deadaddress_once_per_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"
