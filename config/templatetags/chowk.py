"""The small pieces every page uses: {% load chowk %}. docs/design-system.md shows each."""

from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from django import template
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.template.defaultfilters import date as format_date
from django.template.defaultfilters import pluralize
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from config.charts import HEIGHT, WIDTH, Day, step_line

register = template.Library()

AVATAR_HUES = 8
MESSAGE_ICONS = {"success": "circle-check", "error": "circle-alert", "warning": "triangle-alert"}


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon of the sprite; silent to screen readers unless it stands alone and so has a label."""
    return format_html(
        '<svg class="icon{}" {}><use href="{}#{}"></use></svg>',
        f" icon--{size}" if size else "",
        format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"'),
        static("chowk/img/icons.svg"),
        name,
    )


@register.simple_tag
def step_chart(rows: Iterable[object], attribute: str, label: str) -> SafeString:
    """A line of the rows' attribute, newest row first, as in a list; the label says in words what it shows."""
    values = [float(getattr(row, attribute)) for row in rows][::-1]
    if len(values) < 2:
        return SafeString("")
    line, area = step_line(values)
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="chart__area" d="{}"/><path class="chart__line" d="{}"/></svg>',
        WIDTH,
        HEIGHT,
        label,
        area,
        line,
    )


@register.filter
def calendar_words(days: list[Day]) -> str:
    """What the calendar shows, for those who cannot see it."""
    total, busy = sum(day.count for day in days), sum(day.count > 0 for day in days)
    return f"{total} submission{pluralize(total)} on {busy} day{pluralize(busy)}"


@register.filter
def message_icon(level_tag: str) -> str:
    return MESSAGE_ICONS.get(level_tag, "info")


@register.filter
def initials(username: str) -> str:
    """Two letters that stand for a person, the same wherever they are drawn, in a page or by static/chat/."""
    return username[:2].upper()


@register.simple_tag
def avatar(user: AbstractBaseUser | AnonymousUser | str, size: str = "") -> SafeString:
    """A person's disc in the colour their username always gets; the name must stand beside it."""
    username = user if isinstance(user, str) else user.get_username()
    return format_html(
        '<span class="avatar{}" data-hue="{}" aria-hidden="true">{}</span>',
        f" avatar--{size}" if size else "",
        crc32(username.encode()) % AVATAR_HUES,
        initials(username),
    )


@register.filter
def ago(moment: datetime | None) -> SafeString:
    """A moment as 5 minutes ago, with the exact time on hover; static/chowk/js/times.js keeps it true."""
    if moment is None:
        return SafeString("")
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 0:
        words = f"in {timesince(timezone.now(), moment, depth=1)}"
    elif seconds < 60:
        words = "just now"
    else:
        words = f"{timesince(moment, depth=1)} ago"
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.isoformat(timespec="seconds"),
        format_date(timezone.localtime(moment), "j M Y, H:i T"),
        words,
    )
