"""The geometry of server-drawn charts, and their words."""

from datetime import date
from types import SimpleNamespace

from django.template import Context, Template

from config.charts import calendar_days, first_monday, step_line
from config.templatetags.chowk import calendar_words


def test_the_lowest_stands_at_the_bottom_and_the_highest_at_the_top() -> None:
    line, area = step_line([0, 100])
    assert line == "M0 28V28H50V2H100"
    assert area == f"{line}V30H0Z"


def test_a_level_line_stands_in_the_middle() -> None:
    assert step_line([5, 5])[0] == "M0 15V15H50V15H100"


def drawn(*values: int) -> str:
    rows = [SimpleNamespace(paise=value) for value in values]
    return Template('{% load chowk %}{% step_chart rows "paise" label %}').render(
        Context({"rows": rows, "label": 'Balance "now"'})
    )


def test_a_chart_of_a_list_reads_from_old_to_new_and_says_what_it_is() -> None:
    picture = drawn(100, 0)
    assert 'd="M0 28V28H50V2H100"' in picture
    assert 'aria-label="Balance &quot;now&quot;"' in picture


def test_nothing_is_drawn_of_too_little() -> None:
    assert drawn(7) == ""


def test_the_calendar_ends_today_and_begins_on_a_monday() -> None:
    today = date(2026, 11, 21)
    days = calendar_days({today: 9, date(2026, 11, 16): 1}, today)
    assert (days[0].day, days[0].x, days[0].y) == (first_monday(today), 0, 0)
    assert days[0].day.weekday() == 0
    last = days[-1]
    assert (last.day, last.count, last.shade) == (today, 9, 4)
    assert [day.shade for day in days].count(1) == 1
    assert calendar_words(days) == "10 submissions on 2 days"


def test_a_saturday_stands_in_the_sixth_row_of_the_last_week() -> None:
    last = calendar_days({}, date(2026, 11, 21))[-1]
    assert (last.x, last.y) == (25 * 12, 5 * 12)
