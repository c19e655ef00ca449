"""A phone number and an e-mail address, each proved by a code."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from notifications import queries, services
from notifications.errors import EmailTaken, NoEmail, PhoneTaken, TooSoon, UnusablePhone, WrongCode
from notifications.models import AddressCode, Contact, SimulatedText, State
from notifications.outbox.delivering import deliver
from tests.notifications.factories import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail_stays_here(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


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
    told = services.notify(user=asha, kind="test_message", key="1", data={})
    deliver("email", [])
    assert told.deliveries.get(channel="email").state == State.SENT
