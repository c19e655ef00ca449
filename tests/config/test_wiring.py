"""What config joins: /run with the judge and rooms about problems."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chat import calls, errors
from chat.models import Message, Room
from chat.params import Params
from config.wiring import result_text
from judge.errors import TooManyWaiting
from judge.models import Contest, CustomRun, Problem
from judge.sandbox import SandboxUnavailable, health
from judge.services.runs import claim_next_run, finish_run
from judge.verdicts import Verdict
from tests.chat.factories import make_room, make_user, seat
from tests.notifications.live import live_client
from tests.servers.parts import missing

pytestmark = pytest.mark.django_db
CODE = "```py\nprint(input())\n```\n```\nhello\n```"


@pytest.fixture
def asha() -> User:
    return make_user("asha")


def run(user: User, room: Room, text: str = CODE) -> CustomRun:
    calls.send(user, Params({"room": room.pk, "body": f"/run {text}"}))
    return CustomRun.objects.get()


def test_run_posts_the_code_and_then_what_it_printed_as_an_answer(asha) -> None:
    room = make_room(asha)
    queued = run(asha, room)
    assert (queued.language, queued.source, queued.stdin) == ("python3", "print(input())\n", "hello\n")
    taken = claim_next_run(queued.queue)
    finish_run(taken, verdict=Verdict.ACCEPTED, stdout="hello\n", cpu_ms=12)
    code, result = Message.objects.order_by("number")
    assert (code.author, code.body) == (asha, CODE)
    assert (result.sender_name, result.reply_to) == ("Judge", code)
    assert result.body == "Ran in 12 ms.\n```text\nhello\n```"


@pytest.mark.parametrize("text", ["", "print(1)", "```\nprint(1)\n```", "```brainfuck\n+\n```", "```py\nprint(1)"])
def test_run_without_a_block_in_a_known_language_says_how(asha, text) -> None:
    with pytest.raises(errors.InvalidCommand, match="block of code"):
        run(asha, make_room(asha), text)
    assert not Message.objects.exists()


def test_what_the_judge_refuses_is_not_posted(asha) -> None:
    room = make_room(asha)
    for _ in range(3):
        calls.send(asha, Params({"room": room.pk, "body": f"/run {CODE}"}))
    with pytest.raises(TooManyWaiting):
        calls.send(asha, Params({"room": room.pk, "body": f"/run {CODE}"}))
    assert (Message.objects.count(), CustomRun.objects.count()) == (3, 3)


def test_a_result_for_a_room_or_message_that_is_gone_is_dropped(asha) -> None:
    room = make_room(asha)
    queued = run(asha, room)
    Room.objects.update(archived_at="2026-01-01T00:00:00Z")
    finish_run(claim_next_run(queued.queue), verdict=Verdict.ACCEPTED, stdout="x", cpu_ms=1)
    assert Message.objects.count() == 1
    assert CustomRun.objects.get().is_done


def test_output_cannot_break_out_of_its_block() -> None:
    hostile = "```\n# heading @room\n````\n<script>alert(1)</script>"
    text = result_text(CustomRun(verdict=Verdict.ACCEPTED, stdout=hostile, cpu_ms=1))
    assert text.splitlines()[1] == "`````text"
    assert len(result_text(CustomRun(verdict=Verdict.ACCEPTED, stdout="x" * 16000, cpu_ms=1))) < 2100
    failed = result_text(CustomRun(verdict=Verdict.COMPILE_ERROR, compiler_output="line 1: oops"))
    assert failed.endswith("```text\nline 1: oops\n```")


def test_a_problem_has_its_room_for_those_who_may_see_it(client, asha) -> None:
    Problem.objects.create(slug="sum", title="The sum", statement="Add.", is_published=False)
    client.force_login(asha)
    assert client.post("/rooms/about/problem/sum/").status_code == 404
    Problem.objects.update(is_published=True)
    assert client.post("/rooms/about/problem/sum/").url == "/rooms/the-sum/"
    room = Room.objects.get(key="problem:sum")
    assert "/judge/problems/sum/" in client.get("/rooms/the-sum/").content.decode()
    assert seat(asha, room).membership is None


def test_a_contest_has_its_room_for_those_who_may_see_it(client, asha) -> None:
    now = timezone.now()
    make = {"title": "Saturday", "starts_at": now, "ends_at": now + timedelta(hours=2)}
    Contest.objects.create(slug="saturday", is_published=False, **make)
    client.force_login(asha)
    assert client.post("/rooms/about/contest/saturday/").status_code == 404
    Contest.objects.update(is_published=True)
    assert "/rooms/about/contest/saturday/" in client.get("/judge/contests/saturday/").content.decode()
    assert "Open the discussion" in client.get("/rooms/about/contest/saturday/").content.decode()
    assert client.post("/rooms/about/contest/saturday/").url == "/rooms/saturday/"
    assert "/judge/contests/saturday/" in client.get("/rooms/saturday/").content.decode()


def test_a_room_offers_to_split_a_bill_among_its_people(client, asha) -> None:
    room = make_room(asha, make_user("ravi"), make_user("meera"), name="Tea & samosas")
    client.force_login(asha)
    link = "/wallet/split/?with=meera%2Cravi&amp;from=Tea+%26+samosas"
    page = client.get(room.get_absolute_url()).content.decode()
    assert link in page
    form = client.get(link.replace("&amp;", "&")).content.decode()
    assert "Tea &amp; samosas" in form
    alone = make_room(asha)
    assert "/wallet/split/" not in client.get(alone.get_absolute_url()).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (CODE, "<code>hello\n</code>"),
        ("```py\n1 / 0\n```", "ZeroDivisionError"),
        ("```c\nint main( {\n```", "Compile error"),
    ],
)
def test_run_is_answered_in_the_room_by_a_real_worker(daphne, worker, asha, code, words) -> None:
    """The whole way: socket, queue, sandbox, and the result to everyone who follows the room."""
    try:
        health.check()
    except SandboxUnavailable as error:
        missing("the sandbox", str(error))
    ravi = make_user("ravi")
    room = make_room(asha, ravi)
    worker("judge-free", "judge-premium")
    with live_client(daphne.ws_url, asha) as hers, live_client(daphne.ws_url, ravi) as his:
        his.call("streams.subscribe", stream=room.stream)
        sent = hers.call("chat.send", room=room.pk, body=f"/run {code}")
        while len(his.events) < 2:
            his.receive(30)
        posted, result = (event["data"] for event in his.events)
    assert (posted["id"], posted["author"]) == (sent["id"], "asha")
    assert (result["author"], result["bot"], result["reply"]["id"]) == ("Judge", True, sent["id"])
    assert words in result["html"]
