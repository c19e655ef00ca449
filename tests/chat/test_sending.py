"""Group commit: what comes while a batch is being written shares the next transaction."""

import threading
from uuid import uuid4

import pytest
from django.db import connection

from chat import errors, sending, services
from chat.models import Message
from chat.services import Draft
from tests.chat.factories import make_room, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_messages_that_wait_are_stored_by_one_transaction_in_their_order(monkeypatch) -> None:
    asha = make_user()
    room = make_room(asha)
    batches: list[int] = []
    begun, may_go = threading.Event(), threading.Event()

    def slowly(*, room_id: int, drafts: list[Draft]) -> list:
        batches.append(len(drafts))
        begun.set()
        assert may_go.wait(10)
        try:
            return services.post_messages(room_id=room_id, drafts=drafts)
        finally:
            connection.close()

    monkeypatch.setattr(sending, "post_messages", slowly)
    futures = [sending.send(room.pk, Draft(asha, "0", uuid4()))]
    assert begun.wait(10)
    futures += [sending.send(room.pk, Draft(asha, str(i), uuid4())) for i in range(1, 15)]
    may_go.set()
    assert [future.result(10).number for future in futures] == list(range(1, 16))
    assert batches == [1, 14]
    assert list(Message.objects.order_by("number").values_list("body", flat=True)) == [str(i) for i in range(15)]


def test_a_refusal_and_a_fault_reach_only_those_they_are_for(monkeypatch) -> None:
    asha = make_user()
    room = make_room(asha)
    others = sending.WRITERS

    def writer(*, room_id: int, drafts: list[Draft]) -> list:
        try:
            if room_id != room.pk:
                raise RuntimeError("this room's database row is cursed")
            return services.post_messages(room_id=room_id, drafts=drafts)
        finally:
            connection.close()

    monkeypatch.setattr(sending, "post_messages", writer)
    good = sending.send(room.pk, Draft(asha, "good"))
    empty = sending.send(room.pk, Draft(asha, " "))
    cursed = sending.send(room.pk + others, Draft(asha, "cursed"))  # the same writer
    assert good.result(10).number == 1
    with pytest.raises(errors.EmptyMessage):
        empty.result(10)
    with pytest.raises(RuntimeError):
        cursed.result(10)
