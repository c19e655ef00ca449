"""The kinds of notification: each app registers its own, once, in `ready()`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from notifications.models import Notification

CHANNELS = ("email", "sms", "push")
"""What a kind may name. Every notification also stands in the inbox, whatever its channels."""

DIGEST = "digest"
"""The kind that carries a day's e-mails in one."""


class Attachment(NamedTuple):
    """A file that goes with an e-mail."""

    filename: str
    mimetype: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notification: what it is called, on which channels it goes out, where its words are.

    `templates` is a folder of `templates/`: subject.txt, email.txt, perhaps email.html (else the text in the frame of
    all e-mails), sms.txt, push.txt, each rendered with `user`, `data` and `url`; a folder in it named for a language
    (`hi/`) goes before it for those who read that language. `sample` is data as `notify()` gets it, for the staff's
    preview. A `security` kind (codes, passwords) can neither be turned off nor kept for the morning.
    The words of a `secret` kind are not kept once they are sent. `address_key` names the entry of `data` that holds
    the address, for what is sent to prove that an address is the person's own. What is older than `expires_after`
    is of no use any more and is not sent. `attachments(notification)` makes the files of its e-mail, such as a
    receipt, when it is sent, with the reader's language and zone active; what it raises makes that a dead letter.
    """

    name: str
    label: str
    channels: tuple[str, ...]
    templates: str
    sample: Mapping[str, Any] = field(default_factory=dict)
    security: bool = False
    secret: bool = False
    address_key: str = ""
    expires_after: timedelta | None = None
    attachments: "Callable[[Notification], Sequence[Attachment]] | None" = None

    @property
    def is_digest(self) -> bool:
        return self.name == DIGEST

    def __post_init__(self) -> None:
        unknown = set(self.channels) - set(CHANNELS)
        if unknown:
            raise ValueError(f"the kind {self.name!r} names unknown channels: {', '.join(sorted(unknown))}")


class UnregisteredKind(LookupError):
    """Code names a kind that no app has registered: a mistake in the code, not an answer to a person."""


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Register a kind. Raises ValueError where the name is taken."""
    if kind.name in _kinds:
        raise ValueError(f"the notification kind {kind.name!r} is registered already")
    _kinds[kind.name] = kind


def get(name: str) -> Kind:
    """The kind of that name. Raises UnregisteredKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnregisteredKind(f"no app has registered the notification kind {name!r}") from None


def find(name: str) -> Kind | None:
    """The kind of that name, or None where its app has gone since a notification was written."""
    return _kinds.get(name)


def all_kinds() -> list[Kind]:
    """Every registered kind, by label."""
    return sorted(_kinds.values(), key=lambda kind: kind.label)
