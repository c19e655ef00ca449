"""The staff's charts of what the metrics hold."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.activity import PERIODS, Period, event_series, period_named, queue_series
from notifications.events import metrics
from tests.notifications.factories import make_person

pytestmark = pytest.mark.django_db


def test_counts_and_times_stand_in_their_minutes() -> None:
    now = timezone.now()
    before = now - timedelta(minutes=2)
    metrics.add([("thing.done", before, 100.0), ("thing.done", before, 300.0), ("thing.done", now, 20.0)])
    metrics.add([("other.done", now, None), ("long.ago", now - timedelta(hours=2), None)])
    thing, other = event_series(period_named("hour"))
    assert (thing.name, thing.total, thing.most) == ("thing.done", 3, 2)
    assert (thing.counts[-3], thing.counts[-1]) == (2, 1)
    assert (thing.means[-3], thing.longest[-3]) == (200, 300)
    assert (thing.mean, thing.worst) == (140, 300)
    assert (other.name, other.total, other.is_timed) == ("other.done", 1, False)


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.name)
def test_every_period_adds_up_its_steps(period: Period) -> None:
    now = timezone.now()
    oldest = period.start(now)
    metrics.add(("thing.done", oldest + period.step * number, 10.0) for number in range(period.steps))
    metrics.add([("thing.done", oldest - timedelta(hours=1), 10.0)])
    [thing] = event_series(period)
    assert thing.counts == (1,) * period.steps
    assert thing.mean == 10


def test_what_queues_did_stands_apart_from_events() -> None:
    now = timezone.now()
    metrics.add([("queue.email.done", now, 40.0), ("queue.email.failed", now, None), ("thing.done", now, None)])
    metrics.keep_highest({"queue.email.depth": 7})
    [email] = queue_series(period_named("hour"))
    assert (email.name, email.total, email.worst) == ("email", 1, 40)
    assert [one.name for one in event_series(period_named("hour"))] == ["thing.done"]


def test_an_unknown_period_is_the_last_hour() -> None:
    assert period_named("century").name == "hour"


def test_the_page_draws_bars_and_says_them_in_words(admin_client: Client) -> None:
    now = timezone.now()
    metrics.add([("thing.done", now, 100.0), ("thing.done", now, 300.0), ("queue.sms.done", now, None)])
    page = admin_client.get("/staff/activity/").content.decode()
    assert 'aria-label="thing.done: 2 in all, at most 2 in a minute, now 2"' in page
    assert 'aria-label="thing.done took 200 ms in the mean, 300 ms at the longest' in page
    mean, longest = (
        re.search(rf'class="bars__{name}" d="M295 48v-([\d.]+)h4v[\d.]+z"', page) for name in ("mean", "longest")
    )
    assert mean is not None
    assert longest is not None
    assert (float(mean[1]), float(longest[1])) == (32, 48)
    assert 'id="of-sms"' in page
    part = admin_client.get("/staff/activity/?period=fortnight&part=charts").content.decode()
    assert "<html" not in part
    assert "in 6 hours" in part


def test_nothing_yet_is_said_in_words(admin_client: Client) -> None:
    page = admin_client.get("/staff/activity/?period=day").content.decode()
    assert "Nothing happened" in page
    assert "No work done" in page


def test_it_is_for_staff(client: Client) -> None:
    assert client.get("/staff/activity/").status_code == 302
    client.force_login(make_person())
    assert client.get("/staff/activity/").status_code == 302
