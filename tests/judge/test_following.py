"""A program follows its submission live, by its token: short poll, long poll, Server-Sent Events."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from oauth2_provider.models import AccessToken

from config.tokens import issue_token
from judge.models import Submission
from judge.services import cancel_submission
from tests.judge.factories import make_submission, make_user
from tests.notifications.live import get, make_stream
from tests.notifications.sse import EventSource
from tests.servers.web import WebServer


def bearer(user: User, *scopes: str) -> dict[str, str]:
    token = issue_token(user=user, scopes=list(scopes or ["judge:read"]), lifetime=timedelta(hours=1))
    return {"Authorization": f"Bearer {token}"}


def poll(server: WebServer, stream: str, headers: dict[str, str], query: str = "?after=0") -> tuple[int, Any]:
    status, _, body = get(f"{server.url}/streams/{stream}/events{query}", None, headers)
    return status, json.loads(body)


@pytest.fixture
def submission(daphne: WebServer) -> Submission:
    return make_submission(author=make_user("asha"))


def test_polling(daphne: WebServer, submission: Submission) -> None:
    headers = bearer(submission.author)
    status, answer = poll(daphne, submission.stream, headers)
    assert status == 200
    assert [event["data"]["state"] for event in answer["events"]] == ["queued"]

    def cancel_soon() -> None:
        cancel_submission(submission=submission)
        connections.close_all()

    thread = threading.Timer(0.5, cancel_soon)
    thread.start()
    status, answer = poll(daphne, submission.stream, headers, f"?after={answer['seq']}&wait=20")
    thread.join()
    assert [event["data"]["verdict"] for event in answer["events"]] == ["CA"]


def test_server_sent_events_end_with_the_token(daphne: WebServer, submission: Submission) -> None:
    with EventSource(
        f"{daphne.url}/streams/{submission.stream}/sse?after=0", None, bearer(submission.author)
    ) as events:
        assert events.next_data()["data"]["state"] == "queued"
        cancel_submission(submission=submission)
        assert events.next_data()["data"]["verdict"] == "CA"

        AccessToken.objects.all().delete()

        assert events.next_data() == {}
        assert events.event == "signed_out"
        assert events.is_ended()


def test_what_a_token_does_not_open(daphne: WebServer, submission: Submission) -> None:
    own, other = submission.author, make_user("ravi")
    refusals = [
        poll(daphne, submission.stream, headers)
        for headers in (bearer(other), bearer(own, "judge:submit"), {"Authorization": "Bearer chowk_nonsense"})
    ]
    # Its person may read this room, and a token of the judge may not.
    refusals.append(poll(daphne, make_stream(own), bearer(own)))
    expired = issue_token(user=own, scopes=["judge:read"], lifetime=timedelta(seconds=-1))
    refusals.append(poll(daphne, submission.stream, {"Authorization": f"Bearer {expired}"}))

    assert [(status, answer["error"]["code"]) for status, answer in refusals] == [
        (404, "unknown_stream"),
        (403, "insufficient_scope"),
        (401, "invalid_token"),
        (403, "insufficient_scope"),
        (401, "invalid_token"),
    ]
