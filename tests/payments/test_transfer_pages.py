"""The wallet's pages: ask, check, send, receipt."""

import re
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from notifications.models import Delivery, DomainEvent, Notification
from notifications.streams.log import Slice, read
from payments import services
from payments.ledger import check_ledger, wallet_id
from payments.models import Account, Draft, Entry, Transfer, TransferCode
from tests.payments.factories import balance, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=50_000, phone="+919812345601")


@pytest.fixture
def ravi() -> User:
    return make_person("ravi", phone="+917010233311", first_name="Ravi", last_name="Kumar")


@pytest.fixture
def browser_of(client: Client) -> Any:
    def sign_in(user: User) -> Client:
        signed_in = Client()
        signed_in.force_login(user)
        return signed_in

    return sign_in


def ask(client: Client, **fields: str) -> Any:
    return client.post(
        reverse("payments:send"), {"recipient": "7010233311", "amount": "100", "key": str(uuid4()), **fields}
    )


def test_transfer_100_rupees_to_7010233311(asha: User, ravi: User, browser_of: Any) -> None:
    client = browser_of(asha)
    checking = client.get(ask(client, note="chai").headers["Location"])
    assert "Ra•• Ku•••" in checking.content.decode()
    assert "Ravi Kumar" not in checking.content.decode()
    assert Transfer.objects.filter(kind="transfer").count() == 0
    done = client.post(checking.request["PATH_INFO"], follow=True)
    assert "Transfer successful" in done.content.decode()
    assert "₹100.00" in done.content.decode()
    assert (balance(wallet_id(asha)), balance(wallet_id(ravi))) == (40_000, 10_000)
    assert check_ledger().faults == []


def test_both_get_a_receipt_on_every_channel_and_live_news(asha: User, ravi: User) -> None:
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=10_000, key="k", note="chai")
    for user, kind, amount, left in (
        (asha, "transfer_sent", -10_000, "₹400.00"),
        (ravi, "transfer_received", 10_000, "₹100.00"),
    ):
        told = Notification.objects.get(user=user, kind=kind)
        assert (told.key, told.data["amount_paise"], told.data["balance"]) == (str(posted.transfer_id), amount, left)
        assert set(Delivery.objects.filter(notification=told).values_list("channel", flat=True)) == {
            "email",
            "sms",
            "push",
        }
        news = read(f"wallet:{user.pk}", after=0)
        assert isinstance(news, Slice)
        assert news.events[-1].type == "transfer.posted"
        assert news.events[-1].data["balance"] == left


def test_the_domain_event_tells_both_what_both_may_know(asha: User, ravi: User) -> None:
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=10_000, key="k", note="chai")
    event = DomainEvent.objects.get(name="transfer.completed", actor_id=asha.pk)
    assert event.about == sorted([asha.pk, ravi.pk])
    assert event.data["transfer_id"] == str(posted.transfer_id)
    assert "balance" not in str(event.data)


def test_a_refused_transfer_tells_nobody(asha: User, ravi: User) -> None:
    before = Notification.objects.count()
    with pytest.raises(services.transfers.errors.InsufficientFunds):
        services.send_money(payer=asha, payee=ravi, amount_paise=60_000, key="k")
    assert Notification.objects.count() == before


def test_a_replay_tells_nobody_twice(asha: User, ravi: User) -> None:
    for _ in range(2):
        services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    assert Notification.objects.filter(kind="transfer_received").count() == 1


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ({"amount": "0"}, "amount_too_small", "more than ₹0.00"),
        ({"amount": "0.00"}, "amount_too_small", "more than ₹0.00"),
        ({"amount": "-5"}, "amount_too_small", "more than ₹0.00"),
        ({"amount": "0.001"}, "invalid_amount", "two digits after the point"),
        ({"amount": "1e9"}, "invalid_amount", "in digits"),
        ({"amount": "9" * 20}, "amount_too_large", "more than one transfer"),
        ({"amount": "NaN"}, "invalid_amount", "in digits"),
        ({"amount": "Infinity"}, "invalid_amount", "in digits"),
        ({"amount": "₹1,00,000"}, "invalid_amount", "Write 100000 instead of ₹1,00,000"),
        ({"amount": "1 000"}, "invalid_amount", "Write 1000 instead of 1 000"),
        ({"amount": "١٠٠"}, "invalid_amount", "Write 100 instead of ١٠٠"),
        ({"amount": "१००"}, "invalid_amount", "Write 100 instead of १००"),
        ({"amount": "0x10"}, "invalid_amount", "in digits"),
        ({"amount": "9" * 15}, "amount_too_large", "more than one transfer"),
        ({"amount": "1,00"}, "invalid_amount", "Write 100 instead of 1,00"),
        ({"amount": "½"}, "invalid_amount", "in digits"),
        ({"amount": ""}, "required", "How much?"),
        ({"amount": "   "}, "required", "How much?"),
        ({"recipient": "9812345601"}, "self_transfer", "That is you"),
        ({"recipient": "asha"}, "self_transfer", "That is you"),
        ({"recipient": "nobody"}, "unknown_recipient", "Nobody here"),
        ({"recipient": "9812399999"}, "unknown_recipient", "Nobody here"),
        ({"recipient": "12345"}, "invalid_phone", "not a complete phone number"),
        ({"recipient": "ravi@chowk.example"}, "unknown_recipient", "Nobody here"),
        ({"recipient": ""}, "required", "Who? A phone number"),
        ({"note": "x" * 141}, "max_length", "at most 140"),
    ],
)
def test_bad_input_gets_a_clear_message_and_moves_nothing(
    asha: User, ravi: User, browser_of: Any, typed: dict[str, str], code: str, words: str
) -> None:
    response = ask(browser_of(asha), **typed)
    assert response.status_code == 422
    found = [error for field in response.context["form"].errors.as_data().values() for error in field]
    assert [error.code for error in found] == [code]
    assert words in response.content.decode()
    assert Draft.objects.count() == 0
    assert balance(wallet_id(asha)) == 50_000


@pytest.mark.parametrize(
    "typed", ["7010233311", "+91 70102 33311", "070102-33311", "ravi", "@ravi", "RAVI@chowk.example", "७०१०२३३३११"]
)
def test_a_recipient_is_found_by_phone_name_or_verified_address(
    asha: User, ravi: User, browser_of: Any, typed: str
) -> None:
    EmailAddress.objects.create(user=ravi, email="ravi@chowk.example", verified=True, primary=True)
    assert ask(browser_of(asha), recipient=typed).status_code == 302
    assert Draft.objects.get().payee == ravi


def test_too_little_money_is_said_on_the_confirmation(asha: User, ravi: User, browser_of: Any) -> None:
    client = browser_of(asha)
    response = client.post(ask(client, amount="500.01").headers["Location"])
    assert response.status_code == 409
    assert "not enough money" in response.content.decode()
    assert balance(wallet_id(ravi)) == 0


def test_confirming_twice_moves_once(asha: User, ravi: User, browser_of: Any) -> None:
    client = browser_of(asha)
    url = ask(client).headers["Location"]
    assert client.post(url).headers["Location"] == client.post(url).headers["Location"]
    assert client.get(url).status_code == 302
    assert balance(wallet_id(ravi)) == 10_000


def test_sending_the_form_twice_is_one_draft_and_another_body_is_refused(
    asha: User, ravi: User, browser_of: Any
) -> None:
    client, key = browser_of(asha), str(uuid4())
    assert ask(client, key=key).headers["Location"] == ask(client, key=key).headers["Location"]
    response = ask(client, key=key, amount="200")
    assert response.status_code == 422
    assert "sent before with other details" in response.content.decode()
    assert Draft.objects.count() == 1


def test_an_old_draft_is_gone(asha: User, ravi: User, browser_of: Any) -> None:
    client = browser_of(asha)
    url = ask(client).headers["Location"]
    Draft.objects.update(created_at="2020-01-01T00:00:00Z")
    response = client.post(url)
    assert response.status_code == 410
    assert "waited too long" in response.content.decode()
    asked_again = client.get(url).content.decode()
    assert "Start it again" in asked_again
    assert "Send ₹" not in asked_again


def test_anothers_draft_and_receipt_are_not_found(asha: User, ravi: User, browser_of: Any) -> None:
    url = ask(browser_of(asha)).headers["Location"]
    stranger = browser_of(make_person("zoya"))
    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code == 404
    receipt = browser_of(asha).post(url).headers["Location"]
    assert stranger.get(receipt).status_code == 404
    assert browser_of(ravi).get(receipt).status_code == 200
    assert stranger.get(reverse("payments:receipt", args=[uuid4()])).status_code == 404


def test_the_payee_sees_who_sent_it(asha: User, ravi: User, browser_of: Any) -> None:
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k", note="<b>chai</b>")
    page = browser_of(ravi).get(reverse("payments:receipt", args=[posted.transfer_id])).content.decode()
    assert "Money received" in page
    assert "&lt;b&gt;chai" in page


@pytest.mark.parametrize("name", ["wallet", "send"])
def test_a_stranger_is_sent_to_sign_in(db: None, client: Client, name: str) -> None:
    response = client.get(reverse(f"payments:{name}"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/")


def test_wrong_methods_are_refused(asha: User, browser_of: Any) -> None:
    client = browser_of(asha)
    assert client.post(reverse("payments:wallet")).status_code == 405
    assert client.put(reverse("payments:send")).status_code == 405
    assert client.delete(reverse("payments:receipt", args=[uuid4()])).status_code == 405


def test_without_a_csrf_token_nothing_moves(asha: User, ravi: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(asha)
    draft = services.draft_transfer(payer=asha, payee=ravi, amount_paise=100, key="k")
    assert client.post(reverse("payments:confirm", args=[draft.pk])).status_code == 403
    assert balance(wallet_id(ravi)) == 0


@pytest.mark.parametrize(
    ("name", "has_id"),
    [
        ("send", False),
        ("requests", False),
        ("split", False),
        ("holds", False),
        ("bank", False),
        ("start_plan", False),
        ("cancel_plan", False),
        ("confirm", True),
        ("resend_code", True),
        ("accept_request", True),
        ("decline_request", True),
        ("cancel_request", True),
        ("hold", True),
        ("void_hold", True),
    ],
)
def test_every_form_wants_a_csrf_token(asha: User, ravi: User, name: str, has_id: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(asha)
    response = client.post(
        reverse(f"payments:{name}", args=[uuid4()] if has_id else []),
        {
            "recipient": "ravi",
            "people": "ravi",
            "amount": "1",
            "key": "k",
            "direction": "top_up",
            "gateway": "testbank",
        },
    )
    assert response.status_code == 403
    assert "too old to trust" in response.content.decode()
    assert Transfer.objects.exclude(kind="grant").count() == Draft.objects.count() == 0


def test_a_stale_code_is_said_and_moves_nothing(ravi: User, browser_of: Any) -> None:
    client = browser_of(make_person("rich", paise=1_000_000))
    url = ask(client, amount="5000").headers["Location"]
    TransferCode.objects.update(expires_at="2020-01-01T00:00:00Z")
    response = client.post(url, {"code": TransferCode.objects.get().digits})
    assert response.status_code == 403
    assert "That code no longer works. Ask for another." in response.content.decode()
    assert balance(wallet_id(ravi)) == 0


def test_the_wallet_page_takes_the_same_queries_for_many_lines(
    asha: User, ravi: User, browser_of: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        services.send_money(payer=asha, payee=ravi, amount_paise=100, key=str(number))
    client = browser_of(asha)
    with django_assert_max_num_queries(14):
        page = client.get(reverse("payments:wallet")).content.decode()
    assert "₹480.00" in page
    assert len(re.findall(r"<li class=\"list__item\" data-transfer", page)) == 8


def test_the_ledger_is_read_only_in_the_admin(asha: User, ravi: User, browser_of: Any) -> None:
    services.send_money(payer=asha, payee=ravi, amount_paise=100, key="k")
    staff = browser_of(User.objects.create_superuser("admin"))
    for model in ("account", "entry", "transfer", "draft", "subscription"):
        assert staff.get(f"/admin/payments/{model}/").status_code == 200
        assert staff.get(f"/admin/payments/{model}/?q=asha").status_code == 200
        assert staff.get(f"/admin/payments/{model}/add/").status_code == 403
    entry = Entry.objects.latest("pk")
    assert staff.get(f"/admin/payments/entry/{entry.pk}/change/").status_code == 200
    assert staff.post(f"/admin/payments/entry/{entry.pk}/change/", {"amount_paise": 1}).status_code == 403
    assert staff.post(f"/admin/payments/entry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_close_empty_wallets(asha: User, ravi: User, browser_of: Any) -> None:
    chosen = {"action": "close_wallets", "_selected_action": [wallet_id(asha), wallet_id(ravi)]}
    staff = browser_of(User.objects.create_superuser("admin"))
    said = staff.post("/admin/payments/account/", chosen, follow=True).content.decode()
    assert "Asha: A wallet must be empty" in said
    assert "Ravi: closed." in said
    closed = set(Account.objects.exclude(closed_at=None).values_list("user__username", flat=True))
    assert closed == {"ravi"}
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_account"))
    Account.objects.update(closed_at=None)
    browser_of(viewer).post("/admin/payments/account/", chosen)
    assert not Account.objects.exclude(closed_at=None).exists()


def test_who_left_with_money_is_neither_paid_nor_robbed(asha: User, browser_of: Any) -> None:
    ravi = make_person("ravi", paise=7_000, phone="+917010233311")
    his, hers = browser_of(ravi), browser_of(asha)
    draft = ask(hers).headers["Location"]
    ravi.is_active = False
    ravi.save()
    refused = hers.post(draft)
    assert "That wallet is closed" in refused.content.decode()
    assert "Nobody here has" in ask(hers).content.decode()
    assert his.get(reverse("payments:wallet")).status_code == 302
    assert balance(wallet_id(ravi)) == 7_000
    assert check_ledger().faults == []


def test_a_closed_wallet_is_not_paid(asha: User, ravi: User, browser_of: Any) -> None:
    services.close_wallet(user=ravi)
    client = browser_of(asha)
    response = client.post(ask(client).headers["Location"])
    assert "That wallet is closed" in response.content.decode()
    with pytest.raises(services.transfers.errors.AccountNotEmpty):
        services.close_wallet(user=asha)
