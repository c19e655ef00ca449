"""What people asked for: refusals, quiet hours, the digest, languages, dead addresses, late codes, unsubscribing."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from notifications import kinds, services
from notifications.digests import send_digests
from notifications.models import Contact, Delivery, Notification, Refusal, State
from notifications.outbox.delivering import deliver
from notifications.outbox.policy import next_digest, quiet_until
from notifications.services import notify
from tests.notifications.factories import make_person, registered_kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sample(settings: Any) -> Iterator[kinds.Kind]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with registered_kind() as kind:
        yield kind


def tell(person: Any, key: str = "1", kind: str = "sample", **data: Any) -> Notification:
    return notify(user=person, kind=kind, key=key, data=data, url="/wallet/")


def states(told: Notification) -> dict[str, str]:
    return dict(told.deliveries.values_list("channel", "state"))


def deliver_all() -> None:
    for channel in ("email", "sms", "push"):
        deliver(channel, [])


def test_what_is_refused_is_not_sent_and_still_stands_in_the_inbox() -> None:
    asha = make_person(phone="+919812345601")
    services.refuse(user=asha, kind="sample", channel="sms")
    services.refuse(user=asha, kind="sample", channel="push")
    told = tell(asha)
    deliver_all()
    assert states(told) == {"email": State.SENT, "sms": State.SUPPRESSED, "push": State.SENT}
    told.refresh_from_db()
    assert told.announced_at is not None


def test_security_messages_cannot_be_refused_and_know_no_quiet_hours() -> None:
    asha = make_person(phone="+919812345601", quiet_from=time(0), quiet_until=time(23, 59, 59))
    with registered_kind("code", channels=("sms",), security=True):
        services.refuse(user=asha, kind="code", channel="sms")
        told = tell(asha, kind="code")
        deliver_all()
    assert states(told)["sms"] == State.SENT


def test_quiet_hours_hold_texts_and_let_the_inbox_and_e_mail_through() -> None:
    asha = make_person(phone="+919812345601", quiet_from=time(0), quiet_until=time(23, 59, 59))
    told = tell(asha)
    deliver_all()
    assert states(told) == {"email": State.SENT, "sms": State.PENDING, "push": State.SENT}
    held = told.deliveries.get(channel="sms")
    assert held.reason == "quiet hours"
    assert held.due_at > timezone.now()
    assert held.attempt_count == 0
    Contact.objects.update(quiet_from=None, quiet_until=None)
    Delivery.objects.filter(pk=held.pk).update(due_at=timezone.now())
    deliver("sms", [])
    assert states(told)["sms"] == State.SENT


@pytest.mark.parametrize(
    ("start", "end", "now", "until"),
    [
        ("22:00", "07:00", "2026-03-01T18:00+05:30", None),
        ("22:00", "07:00", "2026-03-01T23:00+05:30", "2026-03-02T07:00+05:30"),
        ("22:00", "07:00", "2026-03-02T06:59+05:30", "2026-03-02T07:00+05:30"),
        ("22:00", "07:00", "2026-03-02T07:00+05:30", None),
        ("13:00", "15:00", "2026-03-01T14:00+05:30", "2026-03-01T15:00+05:30"),
        ("13:00", "15:00", "2026-03-01T15:00+05:30", None),
        ("13:00", "13:00", "2026-03-01T13:00+05:30", None),
    ],
)
def test_quiet_hours_in_the_persons_zone(start: str, end: str, now: str, until: str | None) -> None:
    contact = Contact(
        time_zone="Asia/Kolkata", quiet_from=time.fromisoformat(start), quiet_until=time.fromisoformat(end)
    )
    moment = datetime.fromisoformat(now).astimezone(UTC)
    assert quiet_until(contact, moment) == (datetime.fromisoformat(until) if until else None)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # America/New_York in 2026: forward at 2:00 on 8 March, back at 2:00 on 1 November.
        ("2026-03-07T23:00-05:00", "2026-03-08T07:00-04:00"),  # the night is an hour shorter
        ("2026-10-31T23:00-04:00", "2026-11-01T07:00-05:00"),  # and an hour longer
        ("2026-03-08T06:59-04:00", "2026-03-08T07:00-04:00"),
        ("2026-11-01T07:00-05:00", None),
    ],
)
def test_quiet_hours_over_a_night_in_which_the_clocks_change(now: str, until: str | None) -> None:
    contact = Contact(time_zone="America/New_York", quiet_from=time(22), quiet_until=time(7))
    moment = datetime.fromisoformat(now).astimezone(UTC)
    assert quiet_until(contact, moment) == (datetime.fromisoformat(until) if until else None)


def test_quiet_hours_that_end_in_the_hour_that_comes_twice() -> None:
    """At 1:15 of the second time round the first 1:30 is past: the wait must not end before it begins."""
    contact = Contact(time_zone="America/New_York", quiet_from=time(22), quiet_until=time(1, 30))
    ends = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6)]
    assert quiet_until(contact, datetime(2026, 11, 1, 5, 15, tzinfo=UTC)) == ends[0]
    assert quiet_until(contact, datetime(2026, 11, 1, 5, 45, tzinfo=UTC)) is None
    assert quiet_until(contact, datetime(2026, 11, 1, 6, 15, tzinfo=UTC)) == ends[1]


def test_quiet_hours_that_end_in_the_hour_that_never_comes() -> None:
    contact = Contact(time_zone="America/New_York", quiet_from=time(22), quiet_until=time(2, 30))
    before = datetime(2026, 3, 8, 6, 59, tzinfo=UTC)
    assert quiet_until(contact, before) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert quiet_until(contact, datetime(2026, 3, 8, 7, 30, tzinfo=UTC)) is None


def test_the_digest_brings_a_days_e_mails_as_one() -> None:
    soon = (timezone.now().astimezone(UTC) + timedelta(minutes=30)).time().replace(microsecond=0)
    asha = make_person(digest_at=soon, time_zone="UTC")
    first, second = tell(asha, "1", subject="Money received"), tell(asha, "2", subject="Verdict")
    deliver("email", [])
    assert mail.outbox == []
    assert first.deliveries.get(channel="email").reason == "kept for the digest"
    assert send_digests() == 0  # not yet
    Delivery.objects.filter(state=State.PENDING, channel="email").update(due_at=timezone.now() + timedelta(minutes=59))
    assert send_digests() == 1
    assert send_digests() == 0
    deliver("email", [])
    [letter] = mail.outbox
    assert letter.subject == "2 things from your day"
    assert "Money received" in letter.body
    assert "Verdict" in letter.body
    assert states(second)["email"] == State.SUPPRESSED


def test_without_its_clock_the_digests_e_mails_go_out_by_themselves() -> None:
    asha = make_person(digest_at=time(9), time_zone="UTC")
    told = tell(asha)
    deliver("email", [])
    Delivery.objects.filter(channel="email").update(due_at=timezone.now())
    deliver("email", [])
    assert states(told)["email"] == State.SENT
    assert len(mail.outbox) == 1


def test_the_next_digest_is_today_or_tomorrow() -> None:
    contact = Contact(time_zone="Asia/Kolkata", digest_at=time(9))
    assert next_digest(contact, datetime(2026, 3, 1, 3, 0, tzinfo=UTC)) == datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
    assert next_digest(contact, datetime(2026, 3, 1, 3, 30, tzinfo=UTC)) == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)


def test_each_reads_their_own_language() -> None:
    asha, ravi = make_person(language="hi"), make_person()
    for person in (asha, ravi):
        tell(person, kind="test_message")
    deliver("email", [])
    subjects = {letter.to[0]: letter.subject for letter in mail.outbox}
    assert subjects == {asha.email: "चौक से एक परीक्षण संदेश", ravi.email: "A test message from Chowk"}


def test_a_language_without_templates_falls_back() -> None:
    asha = make_person(language="hi")
    tell(asha, kind="announcement", title="Welcome", text="x")
    deliver("email", [])
    assert mail.outbox[0].subject == "Welcome"
    assert mail.outbox[0].body.startswith("नमस्ते")


def test_nothing_goes_to_a_dead_address() -> None:
    asha = make_person()
    services.bury_address(channel="email", address=asha.email, reason="bounced")
    told = tell(asha)
    deliver("email", [])
    assert mail.outbox == []
    assert told.deliveries.get(channel="email").reason == "this address takes no more messages"


def test_what_comes_too_late_is_not_sent() -> None:
    asha = make_person()
    with registered_kind("soon", channels=("email",), expires_after=timedelta(minutes=5)):
        told = tell(asha, kind="soon")
        Notification.objects.filter(pk=told.pk).update(created_at=timezone.now() - timedelta(minutes=6))
        deliver("email", [])
    assert states(told)["email"] == State.SUPPRESSED


# --- One-click unsubscribe: RFC 8058 -----------------------------------------------------------------------


def unsubscribe_path(client: Client, person: Any) -> str:
    tell(person)
    deliver("email", [])
    header = mail.outbox[-1].extra_headers
    assert header["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url: str = header["List-Unsubscribe"].strip("<>")
    assert url in mail.outbox[-1].alternatives[0].content
    return url.partition("localhost:8000")[2]


def test_a_mail_program_unsubscribes_at_one_click_without_login() -> None:
    asha = make_person()
    strict = Client(enforce_csrf_checks=True)
    path = unsubscribe_path(strict, asha)
    assert "Turn this off?" in strict.get(path).content.decode()
    assert not Refusal.objects.exists()  # looking changes nothing: scanners follow links
    answer = strict.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert strict.post(path).status_code == 200  # twice is once
    assert "Turned off" in strict.get(path).content.decode()
    [refusal] = Refusal.objects.all()
    assert (refusal.user, refusal.kind, refusal.channel) == (asha, "sample", "email")
    again = tell(asha, "2")
    deliver("email", [])
    assert states(again)["email"] == State.SUPPRESSED


def test_a_forged_link_is_unknown(client: Client) -> None:
    assert client.post("/unsubscribe/WzEsInNhbXBsZSIsImVtYWlsIl0:forged/").status_code == 404
