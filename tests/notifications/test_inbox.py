"""The inbox, the simulator's phone and their admin, as people see them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications import kinds, streams
from notifications.models import Delivery, Notification, SimulatedText, State
from notifications.outbox.delivering import deliver
from notifications.services import mark_read, notify
from tests.notifications.factories import make_person, registered_kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sample() -> Iterator[kinds.Kind]:
    with registered_kind() as kind:
        yield kind


@pytest.fixture
def asha() -> User:
    return make_person("asha", phone="+919812345601")


@pytest.fixture
def inbox(client: Client, asha: User) -> Client:
    client.force_login(asha)
    return client


def tell(person: User, key: str = "1", **data: Any) -> Notification:
    return notify(user=person, kind="sample", key=key, data=data, url="/wallet/")


def test_an_empty_inbox_says_what_will_stand_there(inbox: Client) -> None:
    page = inbox.get("/inbox/").content.decode()
    assert "Nothing here yet" in page


def test_it_shows_every_delivery_with_its_words(inbox: Client, asha: User) -> None:
    tell(asha, subject="Money received", text="₹100 <b>from</b> ravi")
    for channel in ("email", "sms", "push"):
        deliver(channel, [])
    page = inbox.get("/inbox/").content.decode()
    assert page.count("Money received") >= 3  # the title, the e-mail's and the push's subject
    assert "to asha@example.com" in page
    assert "to +919812345601" in page
    assert page.count(": sent</span>") == 3
    assert "Chowk: ₹100 &lt;b&gt;from&lt;/b&gt; ravi" in page
    assert "<b>from</b>" not in page


def test_it_shows_what_went_wrong(inbox: Client, asha: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    tell(asha)
    deliver("email", [])
    page = inbox.get("/inbox/").content.decode()
    assert "E-mail: will be tried again" in page
    assert "the mail server is away" in page
    assert "Next try" in page


def test_a_stranger_is_asked_to_log_in_and_sees_nothing_of_others(client: Client, asha: User) -> None:
    told = tell(asha, subject="Secret")
    for url in ("/inbox/", "/phone/"):
        assert client.get(url)["Location"].startswith("/accounts/login/")
    client.force_login(make_person())
    assert "Secret" not in client.get("/inbox/").content.decode()
    assert client.post(f"/inbox/{told.pk}/open/").status_code == 404
    assert client.post("/inbox/999999/open/").status_code == 404
    told.refresh_from_db()
    assert told.read_at is None


def test_opening_marks_read_and_goes_to_the_thing(inbox: Client, asha: User) -> None:
    told = tell(asha)
    assert inbox.get(f"/inbox/{told.pk}/open/").status_code == 405
    assert inbox.post(f"/inbox/{told.pk}/open/")["Location"] == "/wallet/"
    told.refresh_from_db()
    assert told.read_at is not None
    assert mark_read(user=asha, notification_ids=[told.pk]) == 0


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""])
def test_it_never_leads_elsewhere(inbox: Client, asha: User, url: str) -> None:
    told = notify(user=asha, kind="sample", key="1", data={}, url=url)
    assert inbox.post(f"/inbox/{told.pk}/open/")["Location"] == "/inbox/"


def test_marking_all_read_tells_the_other_pages(inbox: Client, asha: User) -> None:
    tell(asha, "1")
    tell(asha, "2")
    tell(make_person())
    assert inbox.get("/inbox/read/").status_code == 405
    assert inbox.post("/inbox/read/")["Location"] == "/inbox/"
    assert Notification.objects.filter(read_at__isnull=True).count() == 1
    events = streams.read(f"inbox:{asha.pk}", after=0)
    assert isinstance(events, streams.Slice)
    assert [(event.type, event.data) for event in events.events] == [("inbox.read", {"count": 2})]
    assert "All read" in inbox.get("/inbox/?show=unread").content.decode()


def test_only_its_owner_may_follow_the_stream(asha: User) -> None:
    assert streams.may_read(asha, f"inbox:{asha.pk}")
    for key in (make_person().pk, "", "x", "0", f"{asha.pk} "):
        assert not streams.may_read(asha, f"inbox:{key}")


def test_the_queries_do_not_grow_with_the_page(inbox: Client, asha: User, django_assert_num_queries: Any) -> None:
    tell(asha)
    inbox.get("/inbox/?part=list")
    for number in range(2, 20):
        tell(asha, str(number))
    with django_assert_num_queries(9):  # session, user, stream, count, page, contact, told, deliveries, attempts
        part = inbox.get("/inbox/?part=list").content.decode()
    assert part.count("data-told=") == 19
    assert "<html" not in part


def test_pages_of_a_long_inbox(inbox: Client, asha: User) -> None:
    for number in range(25):
        tell(asha, str(number))
    assert inbox.get("/inbox/?page=2").content.decode().count("data-told=") == 5
    assert inbox.get("/inbox/?page=x").content.decode().count("data-told=") == 20


def test_a_kind_that_is_gone_still_shows(inbox: Client, asha: User) -> None:
    with registered_kind("old_kind"):
        notify(user=asha, kind="old_kind", key="1", data={})
    assert "Old kind" in inbox.get("/inbox/").content.decode()


def test_the_phone_shows_ones_own_texts(inbox: Client, asha: User) -> None:
    assert "No messages yet" in inbox.get("/phone/").content.decode()
    tell(asha, text="₹100 from ravi")
    deliver("sms", [])
    assert "Chowk: ₹100 from ravi" in inbox.get("/phone/").content.decode()
    part = inbox.get("/phone/?part=texts").content.decode()
    assert "Chowk: ₹100 from ravi" in part
    assert "<html" not in part


def test_another_number_is_for_staff(inbox: Client, asha: User) -> None:
    tell(make_person(phone="+917010233311"), text="for ravi")
    deliver("sms", [])
    assert inbox.get("/phone/+917010233311/").status_code == 404
    assert inbox.get("/phone/+919812345601/").status_code == 200
    asha.is_staff = True
    asha.save()
    assert "for ravi" in inbox.get("/phone/+917010233311/").content.decode()


def test_who_has_no_number_is_told_so(client: Client) -> None:
    SimulatedText.objects.create(phone="", body="nobody's", at="2026-01-01T00:00:00Z")
    client.force_login(make_person())
    page = client.get("/phone/").content.decode()
    assert "No number" in page
    assert "nobody" not in page


def test_staff_replay_dead_letters_in_the_admin(admin_client: Client, asha: User) -> None:
    dead = tell(asha).deliveries.get(channel="email")
    Delivery.objects.filter(pk=dead.pk).update(state=State.DEAD, due_at=None, reason="no such user")
    page = admin_client.get("/admin/notifications/delivery/?state=dead").content.decode()
    assert "no such user" in page
    admin_client.post(
        "/admin/notifications/delivery/", {"action": "replay", "_selected_action": [dead.pk]}, follow=True
    )
    dead.refresh_from_db()
    assert dead.state == State.PENDING


@pytest.mark.parametrize(
    "model", ["contact", "notification", "delivery", "attempt", "simulatedtext", "stream", "event"]
)
def test_every_model_is_in_the_admin(admin_client: Client, asha: User, model: str) -> None:
    tell(asha)
    for channel in ("sms", "push"):
        deliver(channel, [])
    assert admin_client.get(f"/admin/notifications/{model}/").status_code == 200
    assert admin_client.get(f"/admin/notifications/{model}/?q=asha").status_code == 200
    if model not in ("contact", "deadaddress", "provider"):
        assert admin_client.get(f"/admin/notifications/{model}/add/").status_code == 403
    if model in ("notification", "delivery"):
        row = (Notification if model == "notification" else Delivery).objects.first()
        assert row is not None
        assert admin_client.get(f"/admin/notifications/{model}/{row.pk}/change/").status_code == 200


def test_the_dashboard_of_the_queues_is_in_the_admin(admin_client: Client, client: Client) -> None:
    assert "/admin/django_rq/dashboard/" in admin_client.get("/admin/").content.decode()
    page = admin_client.get("/admin/django_rq/dashboard/").content.decode()
    for queue in ("email", "sms", "push", "judge-premium", "judge-free"):
        assert queue in page
    client.logout()
    assert client.get("/admin/django_rq/dashboard/").status_code == 302
