"""The judge for programs: problems, submissions, runs. Every refusal carries a stable code."""

from datetime import datetime
from typing import Annotated, Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Header, Query, Router, Schema, Status
from pydantic import Field

from judge import languages, queries, services
from judge.models import CustomRun, Submission
from judge.services.runs import state_of as run_state
from judge.services.submissions import CallbackTo, check_pace, submit_once
from judge.templatetags.judging import as_text
from notifications.api_auth import Scope

router = Router(tags=["judge"])
READ, SUBMIT = Scope("judge:read"), Scope("judge:submit")

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=64,
        description="Made by you, once per intent: a retry with it adds nothing.",
    ),
]
Before = Annotated[int | None, Query(gt=0, lt=2**63, description="Only those older than this id")]
Limit = Annotated[int, Query(ge=1, le=100)]


class LanguageOut(Schema):
    code: str
    name: str
    toolchain: str


class ProblemLineOut(Schema):
    slug: str
    title: str
    difficulty: str
    tags: list[str]
    solvers: int
    solved: bool


class SampleOut(Schema):
    input: str
    output: str


class ProblemOut(Schema):
    slug: str
    title: str
    difficulty: str
    tags: list[str]
    statement: str = Field(description="Markdown, with $maths$")
    time_limit_ms: int
    memory_limit_mib: int
    output_limit_mib: int
    interactive: bool
    samples: list[SampleOut]


class SubmissionIn(Schema):
    problem: str = Field(max_length=60, description="The problem's slug")
    language: str = Field(max_length=20, description="A code of /languages")
    source: str = Field(description="At most 64 KiB of UTF-8")
    callback_url: str = Field(default="", max_length=500, description="https; the verdict is posted there, signed")
    callback_secret: str = Field(default="", max_length=100, description="whsec_…; made for you unless given")


class ResultOut(Schema):
    number: int
    verdict: str
    cpu_ms: int
    wall_ms: int
    memory_kib: int
    detail: str
    sample: bool
    input: str | None = Field(description="Of samples alone, as are the two below")
    expected: str | None
    output: str | None


class SubmissionLineOut(Schema):
    id: int
    problem: str
    language: str
    state: str = Field(description="queued, compiling, running, done")
    verdict: str = Field(description="Empty before it is done; AC, PT, WA, TLE, MLE, OLE, RTE, CE, IE or CA")
    verdict_name: str
    failed_test: int | None
    points: int
    points_total: int
    cpu_ms: int | None
    memory_kib: int | None
    tests_done: int
    tests_total: int
    created_at: datetime
    finished_at: datetime | None


class SubmissionOut(SubmissionLineOut):
    source: str
    detail: str
    compiler_output: str
    toolchain: str
    position: int = Field(description="In its queue, from 1; 0 once it is taken up")
    wait_seconds: int | None = Field(description="Estimated, while it is queued")
    waiting_reason: str
    results: list[ResultOut]


class SubmittedOut(SubmissionLineOut):
    url: str = Field(description="Where its state is to be had")
    callback_secret: str | None = Field(description="What the callback is signed with")


class PageOut(Schema):
    submissions: list[SubmissionLineOut]
    next_before: int | None = Field(description="Pass it as `before` for older ones; null at the end")


class RunIn(Schema):
    language: str = Field(max_length=20)
    source: str
    stdin: str = Field(default="", description="At most 64 KiB")
    problem: str = Field(default="", max_length=60, description="Whose limits hold; the usual ones without")


class RunOut(Schema):
    id: int
    state: str
    verdict: str = Field(description="AC for a run that ended well, whatever it wrote")
    detail: str
    stdout: str
    stderr: str
    compiler_output: str
    cpu_ms: int | None
    memory_kib: int | None


@router.get("/languages", auth=READ, response=list[LanguageOut], summary="The languages offered here")
def list_languages(request: HttpRequest) -> Any:
    return [
        {"code": each.code, "name": each.name, "toolchain": languages.toolchain_version(each.code)}
        for each in languages.offered()
    ]


@router.get("/problems", auth=READ, response=list[ProblemLineOut], summary="The problems, easiest first")
def list_problems(
    request: HttpRequest,
    search: Annotated[str, Query(max_length=60)] = "",
    difficulty: Annotated[int | None, Query(ge=1, le=3)] = None,
    tag: Annotated[str, Query(max_length=30)] = "",
) -> Any:
    cards = queries.problem_cards(_user(request), search=search, difficulty=difficulty, tag=tag)
    return [
        {
            "slug": card.problem.slug,
            "title": card.problem.title,
            "difficulty": card.problem.get_difficulty_display(),
            "tags": card.problem.tags,
            "solvers": card.solvers,
            "solved": card.is_solved,
        }
        for card in cards
    ]


@router.get("/problems/{slug}", auth=READ, response=ProblemOut, summary="One problem, with its samples")
def show_problem(request: HttpRequest, slug: str) -> Any:
    problem = queries.problem_for(_user(request), slug)
    samples = [{"input": as_text(t.input), "output": as_text(t.answer)} for t in queries.samples_of(problem)]
    names = ("slug", "title", "tags", "statement", "time_limit_ms", "memory_limit_mib", "output_limit_mib")
    return {
        **{name: getattr(problem, name) for name in names},
        "difficulty": problem.get_difficulty_display(),
        "interactive": problem.is_interactive,
        "samples": samples,
    }


@router.post(
    "/submissions",
    auth=SUBMIT,
    response={201: SubmittedOut, 200: SubmittedOut},
    summary="Hand in code",
    description="201 when it is new. The same Idempotency-Key and body answer the first submission with 200. With a"
    " `callback_url` the verdict is posted there once it is final, signed as https://www.standardwebhooks.com says.",
)
def hand_in(request: HttpRequest, response: HttpResponse, body: SubmissionIn, key: Key = "") -> Any:
    user = _user(request)
    submission, is_new = submit_once(
        author=user,
        problem=queries.problem_for(user, body.problem),
        language=body.language,
        source=body.source,
        callback=CallbackTo(body.callback_url, body.callback_secret) if body.callback_url else None,
        idempotency_key=key,
    )
    callback = getattr(submission, "callback", None)
    url = reverse("api:submission", args=[submission.pk])
    response["Location"] = url
    out = {**_line(submission), "url": url, "callback_secret": callback.secret if callback else None}
    return Status(201 if is_new else 200, out)


@router.get("/submissions", auth=READ, response=PageOut, summary="Your submissions, newest first")
def list_submissions(request: HttpRequest, problem: str = "", before: Before = None, limit: Limit = 30) -> Any:
    user = _user(request)
    found = queries.submissions_of(user, problem=queries.problem_for(user, problem) if problem else None)
    if before is not None:
        found = found.filter(pk__lt=before)
    page = list(found[:limit])
    return {"submissions": [_line(s) for s in page], "next_before": page[-1].pk if len(page) == limit else None}


@router.get(
    "/submissions/{int:submission_id}",
    auth=READ,
    response=SubmissionOut,
    summary="One submission of yours: state, verdict, tests",
    description="Poll it at most about once a second, or ask for a callback.",
    url_name="submission",
)
def show_submission(request: HttpRequest, submission_id: int) -> Any:
    submission = queries.submission_for(_user(request), submission_id)
    report = queries.report_of(submission)
    more = ("source", "detail", "compiler_output", "toolchain", "waiting_reason")
    return {
        **_line(submission),
        **{name: getattr(submission, name) for name in more},
        "position": report.position,
        "wait_seconds": report.wait_seconds,
        "results": [_result(line) for line in report.lines],
    }


@router.post(
    "/submissions/{int:submission_id}/cancel", auth=SUBMIT, response=SubmissionLineOut, summary="Take it back"
)
def cancel(request: HttpRequest, submission_id: int) -> Any:
    submission = queries.submission_for(_user(request), submission_id)
    services.cancel_submission(submission=submission)
    return _line(submission)


@router.post("/runs", auth=SUBMIT, response={201: RunOut}, summary="Run code on your own input")
def start_run(request: HttpRequest, response: HttpResponse, body: RunIn) -> Any:
    user = _user(request)
    check_pace(user)
    run = services.run_custom(
        author=user,
        language=body.language,
        source=body.source,
        stdin=body.stdin,
        problem=queries.problem_for(user, body.problem) if body.problem else None,
    )
    response["Location"] = reverse("api:run", args=[run.pk])
    return Status(201, _run(run))


@router.get("/runs/{int:run_id}", auth=READ, response=RunOut, summary="One run of yours", url_name="run")
def show_run(request: HttpRequest, run_id: int) -> Any:
    return _run(queries.run_for(_user(request), run_id))


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _line(submission: Submission) -> dict[str, Any]:
    names = (
        "id", "language", "state", "verdict", "failed_test", "points", "points_total", "cpu_ms", "memory_kib",
        "tests_done", "tests_total", "created_at", "finished_at",
    )  # fmt: skip
    return {
        **{name: getattr(submission, name) for name in names},
        "problem": submission.problem.slug,
        "verdict_name": submission.get_verdict_display() if submission.verdict else "",
    }


def _result(line: queries.TestLine) -> dict[str, Any]:
    names = ("number", "verdict", "cpu_ms", "wall_ms", "memory_kib", "detail")
    return {
        **{name: getattr(line.result, name) for name in names},
        "sample": line.sample is not None,
        "input": as_text(line.sample.input) if line.sample else None,
        "expected": as_text(line.sample.answer) if line.sample else None,
        "output": line.result.output if line.sample else None,
    }


def _run(run: CustomRun) -> dict[str, Any]:
    return {name: value for name, value in run_state(run).items() if name in RunOut.model_fields}
