"""What people asked for: refusals, quiet hours, the digest, languages, dead addresses, late codes."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from notifications import kinds, queries, services
from notifications.digests import send_digests
from notifications.errors import EmailTaken, NoEmail, PhoneTaken, TooSoon, UnusablePhone, WrongCode
from notifications.models import AddressCode, Contact, Delivery, Notification, Refusal, SimulatedText, State
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
    assert strict.get(path).status_code == 200
    assert not Refusal.objects.exists()  # looking changes nothing: scanners follow links
    answer = strict.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert strict.post(path).status_code == 200  # twice is once
    [refusal] = Refusal.objects.all()
    assert (refusal.user, refusal.kind, refusal.channel) == (asha, "sample", "email")
    again = tell(asha, "2")
    deliver("email", [])
    assert states(again)["email"] == State.SUPPRESSED


def test_a_forged_link_is_unknown(client: Client) -> None:
    assert client.post("/unsubscribe/WzEsInNhbXBsZSIsImVtYWlsIl0:forged/").status_code == 404


# --- The preferences page ----------------------------------------------------------------------------------


def test_preferences_are_shown_and_saved(client: Client) -> None:
    asha = make_person()
    assert client.get("/inbox/preferences/").status_code == 302
    client.force_login(asha)
    page = client.get("/inbox/preferences/").content.decode()
    assert 'value="sample:email"' in page
    assert "phone_code" not in page
    answer = client.post(
        "/inbox/preferences/",
        {
            "wanted": ["sample:push", "announcement:email"],
            "language": "hi",
            "time_zone": "Asia/Kolkata",
            "quiet_from": "22:00",
            "quiet_until": "07:00",
            "digest_at": "",
        },
    )
    assert answer["Location"] == "/inbox/preferences/"
    refused = set(Refusal.objects.filter(user=asha).values_list("kind", "channel"))
    assert {("sample", "email"), ("sample", "sms"), ("announcement", "sms")} <= refused
    assert not {("sample", "push"), ("announcement", "email")} & refused
    contact = Contact.objects.get(user=asha)
    assert (contact.language, contact.quiet_from) == ("hi", time(22))


@pytest.mark.parametrize("field", [{"quiet_until": ""}, {"time_zone": "Mars/Base"}, {"language": "xx"}])
def test_bad_preferences_are_refused_in_words(client: Client, field: dict[str, str]) -> None:
    client.force_login(make_person())
    fields = {"language": "en", "time_zone": "UTC", "quiet_from": "22:00", "quiet_until": "07:00", **field}
    answer = client.post("/inbox/preferences/", fields)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()


# --- The phone, proved by a code ---------------------------------------------------------------------------


def texted_code(number: str) -> str:
    deliver("sms", [])
    return SimulatedText.objects.filter(phone=number).latest("id").body[:6]


def test_a_number_is_proved_by_its_code(client: Client) -> None:
    asha = make_person()
    client.force_login(asha)
    answer = client.post("/inbox/phone-number/", {"phone": "70102 33311"})
    assert answer["Location"] == "/inbox/phone-number/code/"
    assert Contact.objects.get(user=asha).phone is None
    code = texted_code("+917010233311")
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert client.post("/inbox/phone-number/code/", {"code": wrong}).status_code == 422
    assert client.post("/inbox/phone-number/code/", {"code": code})["Location"] == "/inbox/preferences/"
    assert Contact.objects.get(user=asha).phone == "+917010233311"
    assert not AddressCode.objects.exists()


def test_the_code_is_kept_nowhere_a_thief_of_the_session_could_read_it(client: Client) -> None:
    asha = make_person()
    client.force_login(asha)
    services.send_phone_code(user=asha, phone="+917010233311")
    code = texted_code("+917010233311")
    deliver("push", [])
    inbox = client.get("/inbox/").content.decode()
    assert code not in inbox
    assert "It held a code, so its words are not kept here." in inbox
    assert client.get("/phone/+917010233311/").status_code == 404


def test_a_code_is_good_for_five_tries_and_ten_minutes() -> None:
    asha = make_person()
    services.send_phone_code(user=asha, phone="+917010233311")
    code = texted_code("+917010233311")
    for _ in range(5):
        with pytest.raises(WrongCode):
            services.confirm_phone(user=asha, code="x")
    with pytest.raises(WrongCode):
        services.confirm_phone(user=asha, code=code)
    AddressCode.objects.update(tries=0, sent_at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(WrongCode):
        services.confirm_phone(user=asha, code=code)


def test_numbers_that_cannot_be_taken() -> None:
    make_person(phone="+917010233311")
    asha = make_person()
    with pytest.raises(PhoneTaken):
        services.send_phone_code(user=asha, phone="7010233311")
    for nonsense in ("", "abc", "12", "+91 00000 00000"):
        with pytest.raises(UnusablePhone):
            services.send_phone_code(user=asha, phone=nonsense)
    services.send_phone_code(user=asha, phone="+919812345601")
    with pytest.raises(TooSoon):
        services.send_phone_code(user=asha, phone="+919812345601")


# --- The e-mail address, proved by a code ------------------------------------------------------------------


def mailed_code() -> str:
    deliver("email", [])
    return next(word for word in mail.outbox[-1].body.split() if word.isdigit() and len(word) == 6)


def test_an_address_is_proved_by_its_code(client: Client) -> None:
    asha = make_person()
    client.force_login(asha)
    assert client.get("/inbox/email-code/")["Location"] == "/inbox/preferences/"  # none was sent
    assert "Not verified" in client.get("/inbox/preferences/").content.decode()
    assert client.get("/inbox/email-code/send/").status_code == 405
    assert client.post("/inbox/email-code/send/")["Location"] == "/inbox/email-code/"
    code = mailed_code()
    deliver("push", [])
    assert code not in client.get("/inbox/").content.decode()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert client.post("/inbox/email-code/", {"code": wrong}).status_code == 422
    assert not queries.mailbox_of(asha).is_proved
    assert client.post("/inbox/email-code/", {"code": code})["Location"] == "/inbox/preferences/"
    assert EmailAddress.objects.get(user=asha, primary=True).verified
    assert "Not verified" not in client.get("/inbox/preferences/").content.decode()
    assert not AddressCode.objects.exists()


def test_a_code_for_an_address_one_has_left_proves_nothing() -> None:
    asha = make_person()
    services.send_email_code(user=asha)
    code = mailed_code()
    asha.email = "new@example.com"
    asha.save()
    with pytest.raises(WrongCode):
        services.confirm_email(user=asha, code=code)
    assert not EmailAddress.objects.exists()


def test_an_address_that_someone_else_has_proved() -> None:
    asha = make_person()
    services.send_email_code(user=asha)
    code = mailed_code()
    EmailAddress.objects.create(user=make_person(), email=asha.email, verified=True, primary=True)
    with pytest.raises(EmailTaken):
        services.confirm_email(user=asha, code=code)
    with pytest.raises(NoEmail):
        services.send_email_code(user=make_person(email=""))


def test_codes_for_phone_and_address_do_not_meet() -> None:
    asha = make_person()
    services.send_email_code(user=asha)
    services.send_phone_code(user=asha, phone="+917010233311")
    with pytest.raises(TooSoon):
        services.send_email_code(user=asha)
    with pytest.raises(WrongCode):
        services.confirm_phone(user=asha, code=mailed_code())


def test_an_address_that_bounced_gets_another_chance_by_its_code(client: Client) -> None:
    asha = make_person()
    client.force_login(asha)
    services.bury_address(channel="email", address=asha.email, reason="no such mailbox, says Postmark")
    page = client.get("/inbox/preferences/").content.decode()
    assert "Nothing is sent there since: no such mailbox, says Postmark" in page
    client.post("/inbox/email-code/send/")
    services.confirm_email(user=asha, code=mailed_code())
    told = tell(asha)
    deliver("email", [])
    assert states(told)["email"] == State.SENT


# --- Webhooks' pages ---------------------------------------------------------------------------------------


def test_a_person_keeps_webhooks(client: Client, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = settings.WEBHOOK_ALLOW_HTTP = True
    asha = make_person()
    assert client.get("/inbox/webhooks/").status_code == 302
    client.force_login(asha)
    where = client.post("/inbox/webhooks/", {"url": "http://127.0.0.1:1/x", "names": "a.b, c.d"})["Location"]
    hook = asha.webhooks.get()
    assert hook.names == ["a.b", "c.d"]
    assert hook.secret in client.get(where).content.decode()
    client.post(f"{where}change/", {"action": "off"})
    hook.refresh_from_db()
    assert not hook.is_active
    before = hook.secret
    client.post(f"{where}change/", {"action": "secret"})
    hook.refresh_from_db()
    assert hook.secret != before
    assert client.get(f"{where}change/").status_code == 405
    client.force_login(make_person())
    assert client.get(where).status_code == 404
    assert client.post(f"{where}change/", {"action": "remove"}).status_code == 404
    client.force_login(asha)
    client.post(f"{where}change/", {"action": "remove"})
    assert not asha.webhooks.exists()


def test_a_url_into_our_own_network_is_refused_in_words(client: Client) -> None:
    client.force_login(make_person())
    answer = client.post("/inbox/webhooks/", {"url": "https://127.0.0.1/", "names": ""})
    assert answer.status_code == 422
    assert "not a public address" in answer.content.decode()
