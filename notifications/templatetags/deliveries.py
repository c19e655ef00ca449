"""How pages show where a delivery stands."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from notifications import queries
from notifications.activity import Period, Series
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
BAR_STEP = 5
BAR_HEIGHT = 48
"""Units of a chart's own: it is stretched to the width it is given."""

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


@register.filter
def as_duration(milliseconds: float) -> str:
    """A time that something took, such as 12 ms, 1.4 s or 3 min."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 120_000 else in_words(milliseconds / 1000)


@register.simple_tag
def count_chart(series: Series, period: Period) -> SafeString:
    """How often it happened, as a bar for each step."""
    most = f"at most {series.most:,} in {period.step_label}, now {series.counts[-1]:,}"
    what = f"{series.name}: {series.total:,} in all, {most}"
    return _bars([("bars__count", series.counts)], series.most, what)


@register.simple_tag
def duration_chart(series: Series, period: Period) -> SafeString:
    """How long it took, as two bars for each step: the longest, and before it the mean."""
    took = f"{as_duration(series.mean)} in the mean, {as_duration(series.worst)} at the longest"
    bars = [("bars__longest", series.longest), ("bars__mean", series.means)]
    return _bars(bars, series.worst, f"{series.name} took {took}; a pair of bars for each {period.step_label}")


def _bars(layers: Sequence[tuple[str, Sequence[float]]], top: float, what: str) -> SafeString:
    """Bars from the ground up, one layer before the other, stretched to the width of where they stand."""
    width, height = len(layers[0][1]) * BAR_STEP, BAR_HEIGHT
    shapes = format_html_join("", '<path class="{}" d="{}"/>', ((name, _outline(some, top)) for name, some in layers))
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="bars__ground" d="M0 {}H{}"/>{}</svg>',
        width,
        height,
        what,
        height,
        width,
        shapes,
    )


def _outline(values: Sequence[float], top: float) -> str:
    """The path of the bars; what is more than nothing is at least a hair high."""
    drawn = ""
    for place, value in enumerate(values):
        if value > 0:
            tall = max(value / top * BAR_HEIGHT, 1)
            drawn += f"M{place * BAR_STEP} {BAR_HEIGHT}v-{tall:.2f}h{BAR_STEP - 1}v{tall:.2f}z"
    return drawn


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
