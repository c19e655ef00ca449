"""The judge for programs: what it answers, what it refuses, and whom it tells."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from config.tokens import issue_token
from judge import grading
from judge.models import Callback, Problem, Submission
from judge.sandbox import health
from judge.services import callbacks, cancel_submission, claims, rejudge, submissions
from judge.verdicts import Verdict
from tests.judge.factories import GOOD, make_problem, make_submission, make_user

pytestmark = pytest.mark.django_db


class Caller:
    """Calls the API with a token, as a program does."""

    def __init__(self, user: User | None, *scopes: str) -> None:
        self._client = Client(enforce_csrf_checks=True)
        self._headers = {}
        if user is not None:
            wanted = list(scopes) or ["judge:read", "judge:submit"]
            token = issue_token(user=user, scopes=wanted, lifetime=timedelta(hours=1))
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(f"/api/judge{path}", query, headers=self._headers)

    def post(self, path: str, body: Any = None, key: str = "") -> Any:
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        return self._client.post(
            f"/api/judge{path}", json.dumps(body or {}), content_type="application/json", headers=headers
        )


@pytest.fixture
def asha() -> User:
    return make_user("asha")


@pytest.fixture
def api(asha: User) -> Caller:
    return Caller(asha)


def body_for(problem: Problem, **more: Any) -> dict[str, Any]:
    return {"problem": problem.slug, "language": "python3", "source": GOOD, **more}


def test_problems_and_languages(api: Caller) -> None:
    problem = make_problem(title="Adding", tags=["maths"], difficulty=2)
    make_problem(title="Hidden one", is_published=False)

    (line,) = api.get("/problems", search="add", difficulty=2, tag="maths").json()
    assert (line["slug"], line["difficulty"], line["solved"]) == (problem.slug, "Medium", False)
    assert api.get("/problems", search="hidden").json() == []
    found = api.get(f"/problems/{problem.slug}").json()
    assert found["samples"] == [{"input": "1 2\n", "output": "3\n"}]
    assert (found["time_limit_ms"], found["memory_limit_mib"], found["interactive"]) == (1000, 256, False)
    assert "python3" in {each["code"] for each in api.get("/languages").json()}
    missing = api.get("/problems/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "problem_not_found")
    assert missing.headers["Content-Type"] == "application/problem+json"


def test_submitting_and_the_verdict(api: Caller, asha: User, sandbox: health.Health) -> None:
    problem = make_problem()
    answer = api.post("/submissions", body_for(problem))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["verdict"], made["callback_secret"]) == ("queued", "", None)
    assert answer.headers["Location"] == made["url"] == f"/api/judge/submissions/{made['id']}"
    waiting = api.get(f"/submissions/{made['id']}").json()
    assert (waiting["position"], waiting["results"]) == (1, [])

    grading.grade_next("judge-free")

    done = api.get(f"/submissions/{made['id']}").json()
    assert (done["state"], done["verdict"], done["verdict_name"]) == ("done", "AC", "Accepted")
    assert (done["tests_done"], done["source"]) == (3, GOOD)
    sample, hidden = done["results"][0], done["results"][1]
    assert (sample["sample"], sample["input"], sample["expected"], sample["output"]) == (True, "1 2\n", "3\n", "3\n")
    assert (hidden["sample"], hidden["input"], hidden["expected"], hidden["output"]) == (False, None, None, None)
    assert hidden["verdict"] == "AC"


def test_a_key_submits_once(api: Caller, asha: User) -> None:
    problem = make_problem()

    first = api.post("/submissions", body_for(problem), key="k1")
    again = api.post("/submissions", body_for(problem), key="k1")
    other = api.post("/submissions", body_for(problem, source="print(1)"), key="k1")
    theirs = Caller(make_user("ravi")).post("/submissions", body_for(problem), key="k1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert theirs.status_code == 201
    assert Submission.objects.count() == 2


def test_pages_of_submissions(api: Caller, asha: User) -> None:
    problem = make_problem()
    made = [make_submission(author=asha, problem=problem).pk for _ in range(5)]
    make_submission(problem=problem)

    first = api.get("/submissions", limit=3).json()
    second = api.get("/submissions", limit=3, before=first["next_before"], problem=problem.slug).json()

    assert [each["id"] for each in first["submissions"] + second["submissions"]] == made[::-1]
    assert second["next_before"] is None
    assert api.get("/submissions", problem="nothing").status_code == 404
    assert api.get("/submissions", limit=1000).json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"problem": "nothing"}, 404, "problem_not_found"),
        ({"language": "cobol"}, 400, "unknown_language"),
        ({"source": " "}, 400, "source_empty"),
        ({"source": "x" * 70_000}, 400, "source_too_long"),
        ({"source": None}, 422, "invalid_request"),
        ({"callback_url": "ftp://example.org/"}, 422, "unusable_callback"),
        ({"callback_url": "https://a:b@example.org/"}, 422, "unusable_callback"),
        ({"callback_url": "https://example.org/", "callback_secret": "short"}, 422, "unusable_callback"),
    ],
)
def test_refusals_have_words_and_a_code(api: Caller, change: dict[str, Any], status: int, code: str) -> None:
    answer = api.post("/submissions", body_for(make_problem()) | change)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]
    assert not Submission.objects.exists()


def test_others_submissions_are_not_there(api: Caller) -> None:
    theirs = make_submission()

    assert api.get(f"/submissions/{theirs.pk}").json()["code"] == "submission_not_found"
    assert api.post(f"/submissions/{theirs.pk}/cancel").status_code == 404
    assert api.get("/submissions").json()["submissions"] == []


def test_scopes(asha: User) -> None:
    problem = make_problem()

    reader = Caller(asha, "judge:read")
    assert reader.get("/problems").status_code == 200
    assert reader.post("/submissions", body_for(problem)).json()["code"] == "insufficient_scope"
    assert Caller(asha, "wallet:read").get("/problems").json()["code"] == "insufficient_scope"
    nobody = Caller(None).get("/problems")
    assert (nobody.status_code, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_too_many_in_a_minute(api: Caller, asha: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "PACE_SUBMISSIONS", 3)
    problem = make_problem()
    for _ in range(3):
        assert api.post("/submissions", body_for(problem)).status_code == 201

    refused = api.post("/submissions", body_for(problem))

    assert (refused.status_code, refused.json()["code"]) == (429, "too_fast")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    Submission.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert api.post("/submissions", body_for(problem)).status_code == 201


def test_cancelling(api: Caller, asha: User) -> None:
    submission = make_submission(author=asha)

    assert api.post(f"/submissions/{submission.pk}/cancel").json()["verdict"] == "CA"
    assert api.post(f"/submissions/{submission.pk}/cancel").json()["code"] == "not_cancellable"


def test_runs(api: Caller, sandbox: health.Health) -> None:
    started = api.post("/runs", {"language": "python3", "source": "print(input()[::-1])", "stdin": "abc"})
    assert started.status_code == 201
    grading.grade_next("judge-free")

    done = api.get(f"/runs/{started.json()['id']}").json()

    assert (done["state"], done["verdict"], done["stdout"]) == ("done", "AC", "cba\n")
    assert Caller(make_user("ravi")).get(f"/runs/{done['id']}").json()["code"] == "run_not_found"


def test_openapi_names_it(client: Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    described = {path for path in paths if path.startswith("/api/judge/")}
    assert {"/api/judge/submissions", "/api/judge/problems/{slug}", "/api/judge/runs"} <= described


# --- callbacks


class Sink:
    """A program's own server: remembers what was posted, and answers as it is told."""

    def __init__(self) -> None:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.received.append((dict(self.headers), body))
                self.send_response(sink.status)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.status = 204
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/verdicts?x=1"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    settings.WEBHOOK_ALLOW_HTTP = settings.WEBHOOK_ALLOW_PRIVATE = True
    made = Sink()
    yield made
    made.server.shutdown()
    made.server.server_close()


def end(submission: Submission, verdict: Verdict = Verdict.ACCEPTED) -> None:
    claimed = claims.claim_next("judge-free")
    assert claimed is not None
    assert claimed.pk == submission.pk
    claims.finish(claimed, verdict=verdict)


def test_a_verdict_is_posted_once_and_signed(api: Caller, sink: Sink) -> None:
    problem = make_problem()
    made = api.post("/submissions", body_for(problem, callback_url=sink.url)).json()
    submission = Submission.objects.get()
    assert callbacks.post_due() == 0

    end(submission)
    assert (callbacks.post_due(), callbacks.post_due()) == (1, 0)

    ((headers, body),) = sink.received
    told = Verifier(made["callback_secret"]).verify(body, {k.lower(): v for k, v in headers.items()})
    assert told["type"] == "submission.judged"
    assert (told["data"]["id"], told["data"]["verdict"]) == (submission.pk, "AC")
    assert told["data"]["problem"] == problem.slug
    callback = Callback.objects.get()
    assert (callback.status, callback.due_at, callback.attempt_count) == (204, None, 1)
    assert callback.sent_at is not None


def test_what_is_not_taken_is_tried_again(api: Caller, sink: Sink) -> None:
    api.post("/submissions", body_for(make_problem(), callback_url=sink.url))
    end(Submission.objects.get())
    sink.status = 503
    callbacks.post_due()
    callback = Callback.objects.get()
    assert callback.due_at is not None
    assert callback.due_at > timezone.now()
    assert (callback.status, callback.sent_at) == (503, None)

    sink.status = 200
    Callback.objects.update(due_at=timezone.now())
    callbacks.post_due()

    assert Callback.objects.get().sent_at is not None
    (first, _), (second, _) = sink.received
    assert first["webhook-id"] == second["webhook-id"]


def test_gone_means_never_again(api: Caller, sink: Sink) -> None:
    api.post("/submissions", body_for(make_problem(), callback_url=sink.url))
    end(Submission.objects.get())
    sink.status = 410
    callbacks.post_due()
    callback = Callback.objects.get()
    assert (callback.due_at, callback.sent_at) == (None, None)


def test_a_rejudge_and_a_cancel_tell_too(api: Caller, sink: Sink) -> None:
    api.post("/submissions", body_for(make_problem(), callback_url=sink.url))
    submission = Submission.objects.get()
    end(submission)
    callbacks.post_due()
    submission.refresh_from_db()
    rejudge(submission)
    assert callbacks.post_due() == 0
    cancel_submission(submission=submission)
    callbacks.post_due()

    assert [json.loads(body)["data"]["verdict"] for _, body in sink.received] == ["AC", "CA"]
    assert len({headers["webhook-id"] for headers, _ in sink.received}) == 2


def test_no_callback_goes_into_our_own_network(api: Caller, sink: Sink, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    api.post("/submissions", body_for(make_problem(), callback_url=sink.url))
    end(Submission.objects.get())

    callbacks.post_due()

    assert sink.received == []
    callback = Callback.objects.get()
    assert callback.status is None
    assert "not a public address" in callback.answer


def test_two_workers_post_it_once(api: Caller, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    api.post("/submissions", body_for(make_problem(), callback_url=sink.url))
    end(Submission.objects.get())
    real, others = callbacks._post, []

    def meanwhile(callback: Callback) -> None:
        others.append(callbacks.post_due())
        real(callback)

    monkeypatch.setattr(callbacks, "_post", meanwhile)

    assert callbacks.post_due() == 1
    assert others == [0]
    assert len(sink.received) == 1
