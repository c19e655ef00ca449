"""The outbox end to end: claims, outcomes, retries, dead letters, on a real SMTP server."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone, translation

from notifications import kinds, streams
from notifications.models import Attempt, Delivery, Notification, Provider, SimulatedText, State
from notifications.outbox import claims, retries
from notifications.outbox.delivering import deliver
from notifications.services import notify
from tests.notifications.factories import make_person, registered_kind
from tests.notifications.mail_server import MailServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sample() -> Iterator[kinds.Kind]:
    with registered_kind() as kind:
        yield kind


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
        settings.EMAIL_TIMEOUT = 2
        yield server


def tell(person: Any, key: str = "t1", **data: Any) -> dict[str, Delivery]:
    notification = notify(user=person, kind="sample", key=key, data=data, url="/wallet/")
    return {delivery.channel: delivery for delivery in notification.deliveries.all()}


def one_email(person: Any, key: str = "t1") -> Delivery:
    return tell(person, key)["email"]


def make_due(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())


def test_an_email_arrives_with_the_words_that_are_stored(mail_server: MailServer) -> None:
    asha = make_person("asha", email="asha@example.com")
    delivery = tell(asha, subject="Money & more", text="₹100 from <ravi>")["email"]
    assert deliver("email", [delivery.pk]) == 1
    [mail] = mail_server.mails
    assert mail.recipients == ["asha@example.com"]
    assert mail.message["subject"] == "Money & more"
    assert mail.message["message-id"] == f"<chowk-delivery-{delivery.pk}@localhost>"
    text, html = mail.message.get_body(("plain",)), mail.message.get_body(("html",))
    assert "₹100 from <ravi>" in text.get_content()
    assert "₹100 from &lt;ravi&gt;" in html.get_content()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.subject, delivery.target) == (State.SENT, "Money & more", "asha@example.com")
    assert delivery.body == text.get_content().replace("\r\n", "\n")
    assert (delivery.attempt_count, delivery.due_at, delivery.started_at, delivery.claim) == (1, None, None, "")
    assert delivery.attempts.count() == 0


def test_a_batch_goes_out_on_one_connection_in_order(mail_server: MailServer) -> None:
    ids = [one_email(make_person()).pk for _ in range(30)]
    assert deliver("email", ids) == 30
    assert len(mail_server.mails) == 30
    assert mail_server.connection_count == 1
    assert [mail.message["message-id"] for mail in mail_server.mails] == [
        f"<chowk-delivery-{pk}@localhost>" for pk in ids
    ]
    assert set(Delivery.objects.filter(channel="email").values_list("state", flat=True)) == {State.SENT}
    assert set(Delivery.objects.filter(channel="email").values_list("attempt_count", flat=True)) == {1}


def test_a_wake_up_takes_whatever_else_is_due_after_its_own(mail_server: MailServer) -> None:
    first, second = one_email(make_person()), one_email(make_person())
    assert deliver("email", [second.pk]) == 2
    assert [m.message["message-id"].split("@")[0] for m in mail_server.mails] == [
        f"<chowk-delivery-{second.pk}",
        f"<chowk-delivery-{first.pk}",
    ]
    assert deliver("email", [first.pk, second.pk, 999999]) == 0
    assert len(mail_server.mails) == 2


@pytest.mark.parametrize(
    ("reply", "state", "outcome"),
    [
        ("451 try later", State.FAILED, Attempt.Outcome.TEMPORARY),
        ("550 no such user", State.DEAD, Attempt.Outcome.PERMANENT),
    ],
)
def test_refusals_are_told_apart(mail_server: MailServer, reply: str, state: State, outcome: str) -> None:
    bad, good = make_person(email="bad@example.com"), make_person()
    mail_server.replies["bad@example.com"] = reply
    ids = [one_email(bad).pk, one_email(good).pk]
    deliver("email", ids)
    assert len(mail_server.mails) == 1  # one refusal harms no other message of the batch
    refused = Delivery.objects.get(pk=ids[0])
    assert (refused.state, refused.reason) == (state, reply[4:])
    attempt = refused.attempts.get()
    assert (attempt.outcome, attempt.code, attempt.number) == (outcome, reply[:3], 1)


def test_a_temporary_refusal_is_tried_again_when_it_is_due(mail_server: MailServer) -> None:
    delivery = one_email(make_person(email="busy@example.com"))
    mail_server.replies["busy@example.com"] = "451 greylisted"
    deliver("email", [delivery.pk])
    delivery.refresh_from_db()
    assert timedelta(seconds=5) < delivery.due_at - timezone.now() <= retries.FIRST_DELAY
    assert deliver("email", [delivery.pk]) == 0  # not before its time
    del mail_server.replies["busy@example.com"]
    make_due(delivery)
    assert deliver("email", []) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt_count, delivery.reason) == (State.SENT, 2, "")


def test_after_the_last_attempt_it_is_a_dead_letter_that_can_be_replayed(mail_server: MailServer) -> None:
    delivery = one_email(make_person(email="busy@example.com"))
    mail_server.replies["busy@example.com"] = "451 greylisted"
    Delivery.objects.update(attempt_count=retries.MAX_ATTEMPTS - 1)
    deliver("email", [delivery.pk])
    delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at) == (State.DEAD, None)
    mail_server.replies.clear()
    assert claims.reopen([delivery.pk]) == [delivery.pk]
    assert claims.reopen([delivery.pk]) == []
    deliver("email", [delivery.pk])
    delivery.refresh_from_db()
    assert delivery.state == State.SENT
    assert len(mail_server.mails) == 1


def test_a_mail_server_that_is_away_costs_one_attempt_and_makes_the_rest_wait(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    ids = [one_email(make_person()).pk for _ in range(3)]
    deliver("email", ids)
    rows = Delivery.objects.filter(channel="email").order_by("id")
    assert [row.state for row in rows] == [State.FAILED, State.PENDING, State.PENDING]
    assert [row.attempt_count for row in rows] == [1, 0, 0]
    assert rows[0].due_at > timezone.now() + timedelta(seconds=5)
    breaker = Provider.objects.get(name="email")
    assert (breaker.failure_count, rows[1].due_at) == (1, breaker.open_until)


def test_a_server_that_hangs_up_in_the_middle(mail_server: MailServer) -> None:
    ids = [one_email(make_person(email=f"p{n}@example.com")).pk for n in range(3)]
    mail_server.replies["p1@example.com"] = "hang up"
    deliver("email", ids)
    rows = Delivery.objects.filter(pk__in=ids).order_by("id")
    assert [row.state for row in rows] == [State.SENT, State.FAILED, State.PENDING]
    mail_server.replies.clear()
    rows.filter(due_at__isnull=False).update(due_at=timezone.now())
    assert deliver("email", []) == 0  # the server is left alone for a moment
    Provider.objects.update(open_until=timezone.now())
    deliver("email", [])
    assert {row.state for row in rows.all()} == {State.SENT}
    assert len(mail_server.mails) == 3


def test_who_has_no_address_is_passed_over(mail_server: MailServer) -> None:
    rows = tell(make_person(email="", phone=None))
    for channel in ("email", "sms", "push"):
        deliver(channel, [])
    states = {channel: Delivery.objects.get(pk=row.pk) for channel, row in rows.items()}
    assert (states["email"].state, states["email"].reason) == (State.SUPPRESSED, "no address for E-mail")
    assert states["sms"].state == State.SUPPRESSED
    assert states["push"].state == State.SENT
    closed = make_person()
    tell(closed)
    closed.is_active = False
    closed.save()
    deliver("email", [])
    assert mail_server.mails == []


def test_words_that_cannot_be_made_are_a_dead_letter_and_stop_no_other(mail_server: MailServer) -> None:
    broken = kinds.Kind(name="broken", label="Broken", channels=("email",), templates="notifications/notify/nowhere")
    kinds.register(broken)
    try:
        asha = make_person()
        bad = notify(user=asha, kind="broken", key="1", data={}).deliveries.get(channel="email")
        good = one_email(asha)
        deliver("email", [bad.pk, good.pk])
        deliver("push", [])
    finally:
        del kinds._kinds["broken"]
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.state == State.DEAD
    assert "nowhere/subject.txt" in bad.reason
    assert good.state == State.SENT


def test_a_kinds_files_go_with_its_e_mail_in_the_readers_language(mail_server: MailServer) -> None:
    def receipt(told: Notification) -> list[kinds.Attachment]:
        text = f"{translation.get_language()} {timezone.get_current_timezone_name()} {told.data['amount']}"
        return [kinds.Attachment("रसीद.pdf", "application/pdf", b"%PDF-1.4\n" + text.encode())]

    asha = make_person(language="hi", time_zone="Asia/Dubai", phone="+919812345601")
    with registered_kind("paid", attachments=receipt):
        rows = notify(user=asha, kind="paid", key="1", data={"amount": "₹100"}).deliveries
        deliver("email", [])
        deliver("sms", [])
    [mail] = mail_server.mails
    [file] = mail.message.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("रसीद.pdf", "application/pdf")
    assert file.get_content() == "%PDF-1.4\nhi Asia/Dubai ₹100".encode()
    assert mail.message.get_body(("html",)) is not None
    assert set(rows.exclude(channel="push").values_list("state", flat=True)) == {State.SENT}


def test_files_that_cannot_be_made_are_a_dead_letter_of_the_e_mail_alone(mail_server: MailServer) -> None:
    def broken(told: Notification) -> list[kinds.Attachment]:
        raise LookupError("there is no such transfer")

    asha = make_person(phone="+919812345601")
    with registered_kind("paid", attachments=broken):
        rows = notify(user=asha, kind="paid", key="1", data={}).deliveries
        deliver("email", [])
        deliver("sms", [])
    email = rows.get(channel="email")
    assert (email.state, email.reason) == (State.DEAD, "it could not be made: there is no such transfer")
    assert rows.get(channel="sms").state == State.SENT
    assert mail_server.mails == []


def test_two_workers_never_send_the_same_one(mail_server: MailServer) -> None:
    import threading

    ids = [one_email(make_person()).pk for _ in range(20)]
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        deliver("email", ids)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mail.message["message-id"] for mail in mail_server.mails) == sorted(
        f"<chowk-delivery-{pk}@localhost>" for pk in ids
    )


def test_what_a_vanished_worker_had_not_begun_is_simply_taken_again(mail_server: MailServer) -> None:
    ids = [one_email(make_person()).pk for _ in range(3)]
    lost = claims.take("email", ids, limit=10)
    assert claims.begin(lost, lost.rows[0])
    assert deliver("email", ids) == 0  # the lease holds
    Delivery.objects.filter(pk__in=ids).update(due_at=timezone.now())
    assert deliver("email", ids) == 3
    assert len(mail_server.mails) == 3
    [attempt] = Attempt.objects.all()
    assert (attempt.delivery_id, attempt.outcome) == (ids[0], Attempt.Outcome.UNKNOWN)
    # The old worker comes back to life: it may neither begin another nor change what is settled.
    assert not claims.begin(lost, lost.rows[1])
    claims.hand_back(lost, lost.rows, due_at=timezone.now())
    assert set(Delivery.objects.filter(pk__in=ids).values_list("state", flat=True)) == {State.SENT}


def test_a_message_that_ends_workers_is_put_aside() -> None:
    delivery = one_email(make_person())
    for _ in range(claims.MAX_UNKNOWN):
        claim = claims.take("email", [delivery.pk], limit=10)
        claims.begin(claim, claim.rows[0])
        make_due(delivery)
    assert claims.take("email", [delivery.pk], limit=10).rows == []
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == (State.DEAD, "workers vanished while sending it")
    claims.reopen([delivery.pk])
    assert len(claims.take("email", [delivery.pk], limit=10).rows) == 1


def test_a_text_arrives_at_the_simulator_once() -> None:
    ravi = make_person(phone="+917010233311")
    delivery = tell(ravi, text="₹100 from asha")["sms"]
    deliver("sms", [delivery.pk])
    text = SimulatedText.objects.get()
    assert (text.phone, text.body) == ("+917010233311", "Chowk: ₹100 from asha")
    Delivery.objects.filter(pk=delivery.pk).update(state=State.PENDING, due_at=timezone.now(), sent_at=None)
    deliver("sms", [delivery.pk])
    assert SimulatedText.objects.count() == 1


def test_the_inbox_stream_tells_of_the_notification_once_and_of_each_outcome(mail_server: MailServer) -> None:
    asha = make_person()
    rows = tell(asha, subject="Hello", text="there")
    deliver("push", [rows["push"].pk])
    deliver("email", [rows["email"].pk])
    with transaction.atomic():
        Delivery.objects.filter(pk=rows["push"].pk).update(state=State.PENDING, due_at=timezone.now(), sent_at=None)
    deliver("push", [])
    slice_ = streams.read(f"inbox:{asha.pk}", after=0)
    assert isinstance(slice_, streams.Slice)
    assert [event.type for event in slice_.events] == ["notification.created", "delivery.changed"]
    created, changed = (event.data for event in slice_.events)
    assert (created["title"], created["text"], created["url"]) == ("Hello", "there", "/wallet/")
    assert changed == {"notification_id": created["id"], "channel": "email", "state": "sent"}


def test_delays_double_with_jitter_up_to_a_day() -> None:
    for attempt in range(1, retries.MAX_ATTEMPTS):
        full = min(retries.FIRST_DELAY * 2 ** (attempt - 1), retries.LONGEST_DELAY)
        delays = [retries.next_delay(attempt) for _ in range(50)]
        assert all(delay is not None and full * 0.75 <= delay <= full for delay in delays)
        assert len(set(delays)) > 25
    assert retries.next_delay(retries.MAX_ATTEMPTS) is None
    whole = sum(
        (retries.next_delay(attempt) or timedelta() for attempt in range(1, retries.MAX_ATTEMPTS)), timedelta()
    )
    assert timedelta(hours=24) <= whole <= timedelta(hours=33)
    assert retries.next_delay(1, retry_after=timedelta(hours=6)) == timedelta(hours=6)
