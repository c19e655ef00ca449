"""What joins the features without their knowing each other: chat's commands and topics, and audiences."""

import re
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.urls import reverse

from chat import commands, tools, topics
from chat.errors import ChatError, InvalidCommand
from chat.models import Membership, Message, Room
from chat.services import Posted, post_message
from judge import languages, listeners
from judge.errors import ContestNotFound, ProblemNotFound
from judge.models import Contest, CustomRun
from judge.queries import problem_for
from judge.scoreboards import contest_for
from judge.services import run_custom
from judge.verdicts import Verdict
from notifications import audiences

LISTENER = "chat"
BOT_NAME = "Judge"
SHOWN_CHARS = 2000
"""Of a run's output: a room is for reading."""
CONTESTS_TO_TELL = 20
FENCE_LANGUAGES = {
    "py": "python3", "python": "python3", "python3": "python3", "c": "c", "cpp": "cpp17", "c++": "cpp17",
    "java": "java", "js": "javascript", "javascript": "javascript", "rs": "rust", "rust": "rust", "go": "go",
}  # fmt: skip
_FENCE = re.compile(r"^(`{3,})([^\n`]*)\n(.*?)^\1`*[ \t]*$", re.MULTILINE | re.DOTALL)


def register() -> None:
    """Called once, when all apps are loaded."""
    commands.register(commands.Command("pay", "@name amount", "Send money: opens the form, you confirm there", pay))
    commands.register(commands.Command("run", "```py …```", "Run a block of code and post what it prints", run))
    topics.register("problem", problem_topic)
    topics.register("contest", contest_topic)
    tools.register(tools.Tool("Split a bill", "receipt", split_bill))
    audiences.register(audiences.Circle("room", "Members of a room", rooms_to_tell, members_of_room))
    audiences.register(audiences.Circle("contest", "Participants of a contest", contests_to_tell, people_of_contest))
    listeners.register(LISTENER, post_result)


def pay(invocation: commands.Invocation) -> commands.Answer:
    """`/pay @ravi 100`: opens the transfer's form, filled in. The person confirms there; nothing is paid from here."""
    words = invocation.argument.split()
    if len(words) != 2 or not words[0].startswith("@"):
        raise InvalidCommand("Write it as /pay @name amount, such as /pay @ravi 100.")
    name, amount = words[0][1:], words[1].removeprefix("₹")
    if not User.objects.filter(username=name, is_active=True).exists():
        raise InvalidCommand(f"There is no one called {name}.")
    return commands.Answer(go_to=f"{reverse('payments:send')}?{urlencode({'to': name, 'amount': amount})}")


def run(invocation: commands.Invocation) -> commands.Answer:
    """`/run` and a block of code: posts the code and runs it; a second block is its input. The result is an answer."""
    blocks = _FENCE.findall(invocation.argument)
    language = FENCE_LANGUAGES.get(blocks[0][1].strip().lower(), "") if blocks else ""
    if languages.BY_CODE.get(language) is None:
        known = ", ".join(sorted({name for name, code in FENCE_LANGUAGES.items() if code in languages.BY_CODE}))
        raise InvalidCommand(f"Write /run and then a block of code that names its language after ```: {known}.")
    source, stdin = blocks[0][2], blocks[1][2] if len(blocks) > 1 else ""

    def start(posted: Posted) -> None:
        run_custom(
            author=invocation.user,
            language=language,
            source=source,
            stdin=stdin,
            context=f"{LISTENER}:{posted.id}",
        )

    return commands.Answer(post=invocation.argument, then=start)


def post_result(finished: CustomRun, key: str) -> None:
    """A run that chat asked for has ended: post what came of it as an answer to the code."""
    message = Message.objects.select_related("room").filter(pk=int(key), deleted_at=None).first()
    if message is None:
        return
    try:
        post_message(
            room=message.room, author=None, bot_name=BOT_NAME, body=result_text(finished), reply_to=message.pk
        )
    except ChatError:
        return  # the room was archived in the meantime: no one waits for it there


def result_text(finished: CustomRun) -> str:
    """What a run printed, or why it did not, as Markdown that its output cannot break out of."""
    cost = f"{finished.cpu_ms} ms" if finished.cpu_ms is not None else ""
    if finished.verdict == Verdict.ACCEPTED:
        return f"Ran in {cost}.\n{_block(finished.stdout) or 'It printed nothing.'}"
    reason = f"**{Verdict(finished.verdict).label}**" + (f": {finished.detail}" if finished.detail else "")
    printed = finished.compiler_output if finished.verdict == Verdict.COMPILE_ERROR else finished.stderr
    return f"{reason}\n{_block(printed or finished.stdout)}".rstrip()


def _block(output: str) -> str:
    if not output.strip():
        return ""
    shown = output.replace("\x00", "�")
    if len(shown) > SHOWN_CHARS:
        shown = shown[:SHOWN_CHARS] + "\n…"
    fence = "`" * max(3, *(len(run_) + 1 for run_ in re.findall(r"`+", shown) or [""]))
    return f"{fence}text\n{shown.rstrip()}\n{fence}"


def problem_topic(user: User, slug: str) -> topics.Topic | None:
    """The discussion of a judge problem: for those who may see the problem."""
    try:
        problem = problem_for(user, slug)
    except ProblemNotFound:
        return None
    return topics.Topic(problem.title, f"About the problem {problem.title}.", reverse("judge:problem", args=[slug]))


def contest_topic(user: User, slug: str) -> topics.Topic | None:
    """The discussion of a contest: for those who may see the contest."""
    try:
        contest = contest_for(user, slug)
    except ContestNotFound:
        return None
    return topics.Topic(contest.title, f"About the contest {contest.title}.", contest.get_absolute_url())


def rooms_to_tell() -> list[tuple[str, str]]:
    """The rooms whose members an announcement may go to."""
    rooms = Room.objects.exclude(kind=Room.Kind.DIRECT).filter(archived_at=None).order_by("name")
    return [(str(pk), name) for pk, name in rooms.values_list("pk", "name")]


def members_of_room(key: str) -> "QuerySet | None":
    """The ids of those who are in a room and may read it."""
    room = Room.objects.exclude(kind=Room.Kind.DIRECT).filter(pk=key).first() if key.isdigit() else None
    return room.memberships.exclude(role=Membership.Role.BANNED).values("user_id") if room is not None else None


def contests_to_tell() -> list[tuple[str, str]]:
    """The contests that are still to come or not long over."""
    latest = Contest.objects.order_by("-starts_at")[:CONTESTS_TO_TELL]
    return [(str(contest.pk), contest.title) for contest in latest]


def people_of_contest(key: str) -> "QuerySet | None":
    """The ids of those who take part in a contest, or did."""
    contest = Contest.objects.filter(pk=key).first() if key.isdigit() else None
    return contest.participations.values("user_id") if contest is not None else None


def split_bill(room: tools.RoomOfPeople) -> str:
    """The wallet's form for sharing a bill with the people of a room, who are asked only when it is sent."""
    return f"{reverse('payments:split')}?{urlencode({'with': ','.join(room.others), 'from': room.name})}"
