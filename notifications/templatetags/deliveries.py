"""How pages show where a delivery stands."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications import queries
from notifications.models import Delivery, State

register = template.Library()

_TONES = {
    State.PENDING: "",
    State.SENDING: "busy",
    State.SENT: "good",
    State.FAILED: "warn",
    State.DEAD: "bad",
    State.SUPPRESSED: "",
}
_ICONS = {"email": "mail", "sms": "smartphone", "push": "bell"}


@register.filter
def state_tone(delivery: Delivery) -> str:
    """The class of the delivery's pill: `pill--good` and the like, or "" for a plain one."""
    tone = _TONES[State(delivery.state)]
    return f"pill--{tone}" if tone else ""


@register.filter
def channel_icon(channel: str) -> str:
    """The icon of a channel."""
    return _ICONS.get(channel, "send")


@register.filter
def channel_label(channel: str) -> str:
    """What people call the channel."""
    return queries.channel_label(channel)


@register.filter
def in_words(seconds: float) -> str:
    """A time of waiting, such as 45 s, 12 min, 3 h or 2 days."""
    for unit, size, until in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} days"


@register.simple_tag
def sparkline(values: Sequence[int], what: str) -> SafeString:
    """Counts of `what` in each minute as a small line, with what it shows in words."""
    width, height = 120, 24
    top = max([*values, 1])
    step = width / max(len(values) - 1, 1)
    points = " ".join(
        f"{i * step:.1f},{height - 2 - value / top * (height - 4):.1f}" for i, value in enumerate(values)
    )
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>',
        width,
        height,
        width,
        height,
        f"{what} in each of the last {len(values)} minutes: at most {max([*values, 0])}, now {values[-1]}",
        points,
    )
