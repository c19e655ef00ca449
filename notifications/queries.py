"""What the apps and pages ask about people and what they were told."""

from collections.abc import Iterable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Prefetch, QuerySet

from notifications import audiences, channels, kinds
from notifications.errors import UnknownNotification, UnknownPerson, UnknownPhone, UnknownWebhook
from notifications.kinds import Kind
from notifications.models import (
    AddressCode,
    Announcement,
    Contact,
    DeadAddress,
    Delivery,
    Notification,
    PushDevice,
    Refusal,
    SimulatedText,
    State,
    Webhook,
    WebhookDelivery,
)
from notifications.rendering import headline

PHONE_TEXTS = 50
"""Messages on the simulator's screen."""


def user_by_phone(phone: str) -> User | None:
    """The active person with that E.164 number, such as +917010233311."""
    return User.objects.filter(contact__phone=phone, is_active=True).first()


def contact_of(user: User) -> Contact:
    """How the person can be reached; an unsaved one with the defaults where nothing was ever set."""
    return Contact.objects.filter(user=user).first() or Contact(user=user)


def unread_count(user: User | AnonymousUser) -> int:
    """How many notifications in the person's inbox are unread."""
    if not user.is_authenticated:
        return 0
    return Notification.objects.filter(user_id=user.pk, read_at__isnull=True).count()


def may_read_inbox(user: User | AnonymousUser, key: str) -> bool:
    """Whether the stream `inbox:<key>` is the user's own."""
    return bool(user.is_authenticated and user.is_active and key == str(user.pk))


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A notification as the inbox shows it."""

    notification: Notification
    title: str
    text: str
    is_secret: bool
    deliveries: list[Delivery]


def inbox(user: User, *, unread_only: bool = False) -> QuerySet[Notification]:
    """What the person was told, newest first."""
    told = Notification.objects.filter(user=user).order_by("-id")
    return told.filter(read_at__isnull=True) if unread_only else told


def inbox_entries(user: User, notifications: Iterable[Notification]) -> list[InboxEntry]:
    """Those notifications of the person in their own language, with every delivery and what came of it."""
    contact = contact_of(user)
    by_id = {notification.pk: notification for notification in notifications}
    told = Notification.objects.filter(pk__in=by_id, user=user).prefetch_related(
        Prefetch("deliveries", Delivery.objects.order_by("id").prefetch_related("attempts"))
    )
    entries = []
    for notification in told.order_by("-id"):
        notification.user = user
        words = headline(notification, contact)
        kind = kinds.find(notification.kind)
        deliveries = list(notification.deliveries.all())
        is_secret = kind is not None and kind.secret
        entries.append(InboxEntry(notification, words.subject, words.body, is_secret, deliveries))
    return entries


def notification_for(user: User, notification_id: int) -> Notification:
    """One of the person's own notifications. Raises UnknownNotification."""
    notification = Notification.objects.filter(pk=notification_id, user=user).first()
    if notification is None:
        raise UnknownNotification
    return notification


def simulated_phone(user: User, number: str = "") -> tuple[str, list[SimulatedText]]:
    """A number and what arrived there, newest last. Raises UnknownPhone.

    One's own; for staff any, and in a DEBUG run for everyone, as the demo world's passwords are.
    """
    own = contact_of(user).phone or ""
    number = number or own
    if number != own and not user.is_staff and not settings.DEBUG:
        raise UnknownPhone
    newest = list(SimulatedText.objects.filter(phone=number).order_by("-id")[:PHONE_TEXTS]) if number else []
    return number, newest[::-1]


def address_to_prove(user: User, channel: str) -> str:
    """The number or address to which a code was sent, "" where none is awaited."""
    codes = AddressCode.objects.filter(user=user, channel=channel)
    return codes.values_list("address", flat=True).first() or ""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A person's e-mail address: whether it is known to be theirs, and why nothing is sent there, or ""."""

    address: str
    is_proved: bool
    dead_reason: str


def mailbox_of(user: User) -> Mailbox:
    """Where e-mails to the person go."""
    proved = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()
    dead = (
        DeadAddress.objects.filter(channel="email", address=user.email.lower())
        .values_list("reason", flat=True)
        .first()
    )
    return Mailbox(user.email, proved, dead or "")


def channel_label(name: str) -> str:
    """What people call the channel."""
    return channels.get(name).label


@dataclass(frozen=True, slots=True)
class Wish:
    """One box of the preferences: a kind on a channel; `possible` where the kind goes out on it."""

    channel: str
    label: str
    possible: bool
    wanted: bool


def wishes_of(user: User) -> list[tuple[Kind, list[Wish]]]:
    """What the person wants, a row of boxes for each kind. Security kinds are left out: they always come."""
    refused = set(Refusal.objects.filter(user=user).values_list("kind", "channel"))
    return [
        (
            kind,
            [
                Wish(name, channel_label(name), name in kind.channels, (kind.name, name) not in refused)
                for name in kinds.CHANNELS
            ],
        )
        for kind in kinds.all_kinds()
        if not kind.security and kind.channels
    ]


def devices_of(user: User) -> QuerySet[PushDevice]:
    """The browsers that take pushes for the person."""
    return PushDevice.objects.filter(user=user).order_by("-created_at")


def browser_name(user_agent: str) -> str:
    """A browser's name in words, such as "Firefox on Linux", from its User-Agent header."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS", "macOS"),
        ("Windows", "Windows"),
    )
    browser = next((name for part, name in browsers if part in user_agent), "A browser")
    system = next((name for part, name in systems if part in user_agent), "Linux" if "Linux" in user_agent else "")
    return f"{browser} on {system}" if system else browser


def refuses(user: User, kind: str, channel: str) -> bool:
    """Whether the person has turned that kind off on the channel."""
    return Refusal.objects.filter(user=user, kind=kind, channel=channel).exists()


def addressee(user_id: int, kind_name: str) -> tuple[User, str]:
    """The person a message went to, and what its kind is called. Raises UnknownPerson."""
    person = User.objects.filter(pk=user_id).first()
    if person is None:
        raise UnknownPerson
    kind = kinds.find(kind_name)
    return person, kind.label if kind is not None else kind_name


def webhooks_of(user: User) -> QuerySet[Webhook]:
    """The person's webhooks."""
    return Webhook.objects.filter(owner=user).order_by("id")


def webhook_for(user: User, webhook_id: int) -> Webhook:
    """One of the person's own webhooks. Raises UnknownWebhook."""
    found = Webhook.objects.filter(owner=user, pk=webhook_id).first()
    if found is None:
        raise UnknownWebhook
    return found


def webhook_log(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """What went to the webhook, newest first."""
    return WebhookDelivery.objects.filter(webhook=webhook).select_related("event").order_by("-id")


def dead_letters(channel: str = "") -> QuerySet[Delivery]:
    """What was given up, newest first; of one channel where it is named."""
    dead = Delivery.objects.filter(state=State.DEAD).select_related("notification__user").order_by("-id")
    return dead.filter(channel=channel) if channel else dead


def announcements() -> QuerySet[Announcement]:
    """What was announced, newest first."""
    return Announcement.objects.select_related("author").order_by("-id")


def unfinished_announcements() -> QuerySet[Announcement]:
    """Those of which some people are yet to be told."""
    return announcements().filter(finished_at__isnull=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people a message reaches: in their inboxes, and by channels that they did not refuse."""

    people: int
    emails: int
    texts: int
    browsers: int


def reach_of(kind_name: str, audience: str) -> Reach:
    """How many of the audience a message of that kind reaches now, by what it goes out on. Raises UnknownAudience."""
    everyone = audiences.people_of(audience)

    def by(channel: str) -> QuerySet[User]:
        refusing = Refusal.objects.filter(kind=kind_name, channel=channel).values("user_id")
        return everyone.exclude(pk__in=refusing)

    return Reach(
        people=everyone.count(),
        emails=by("email").exclude(email="").count(),
        texts=by("sms").filter(contact__phone__isnull=False).count(),
        browsers=by("push").filter(push_devices__isnull=False).distinct().count(),
    )
