"""Appending to many streams in two statements."""

import pytest
from django.db import transaction

from notifications import streams

pytestmark = pytest.mark.django_db


def told(stream: str) -> list[tuple[int, str, dict]]:
    found = streams.read(stream, after=0)
    assert isinstance(found, streams.Slice)
    return [(event.seq, event.type, event.data) for event in found.events]


def test_each_stream_goes_on_from_its_own_number(django_assert_num_queries) -> None:
    streams.append("inbox:2", [("old", {})])
    with django_assert_num_queries(2):
        streams.append_many(
            {
                "inbox:1": [("a", {"n": 1, "text": "₹ “चाय”"}), ("b", {"n": [1, {"x": None}]})],
                "inbox:2": [("c", {})],
                "inbox:3": [],
            }
        )
    assert told("inbox:1") == [(1, "a", {"n": 1, "text": "₹ “चाय”"}), (2, "b", {"n": [1, {"x": None}]})]
    assert told("inbox:2") == [(1, "old", {}), (2, "c", {})]
    assert told("inbox:3") == []


def test_more_streams_than_fit_in_one_statement() -> None:
    streams.append_many({f"inbox:{n}": [("a", {"n": n})] for n in range(700)})
    assert told("inbox:699") == [(1, "a", {"n": 699})]


@pytest.mark.django_db(transaction=True)
def test_it_belongs_in_a_transaction() -> None:
    with pytest.raises(ValueError, match="belongs in the transaction"):
        streams.append_many({"inbox:1": [("a", {})]})
    with transaction.atomic():
        streams.append_many({})
