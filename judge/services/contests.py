"""Taking part in contests, and closing them."""

import logging
from itertools import groupby

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from judge.events import SCOREBOARD
from judge.models import Contest, Participation, Submission
from judge.scoreboards import Row, scoreboard_of
from judge.verdicts import State
from notifications import streams
from payments.services import pay_prize

logger = logging.getLogger("chowk.judge")


def join_contest(*, user: User, contest: Contest) -> Participation:
    """Register for a contest, or start a virtual participation in one that is over; joining twice is joining once."""
    now = timezone.now()
    is_virtual = contest.is_over(now)
    participation, _ = Participation.objects.get_or_create(
        contest=contest,
        user=user,
        defaults={
            "is_virtual": is_virtual,
            "starts_at": now if is_virtual else contest.starts_at,
            "ends_at": now + (contest.ends_at - contest.starts_at) if is_virtual else contest.ends_at,
        },
    )
    return participation


def close_contests() -> int:
    """Close the contests that are over and wholly judged, and pay their prizes; how many were closed."""
    closed = 0
    for contest in Contest.objects.filter(closed_at=None, ends_at__lte=timezone.now()).order_by("id"):
        try:
            closed += close_contest(contest)
        except Exception:
            # Such as a purse that is empty: this one is tried again at the next turn, the others do not wait for it.
            logger.exception("contest %s is not closed: its prizes could not be paid", contest.slug)
    return closed


def close_contest(contest: Contest) -> bool:
    """Let the result stand and pay the prizes in one transaction; False while submissions are still judged.

    Whoever shares a rank shares its prizes. A prize's key names the contest and the person, so none is paid twice.
    """
    own = Submission.objects.filter(participation__contest=contest, participation__is_virtual=False)
    if own.exclude(state=State.DONE).exists():
        return False
    with transaction.atomic():
        now = timezone.now()
        if not Contest.objects.filter(pk=contest.pk, closed_at=None).update(closed_at=now):
            return False
        contest.closed_at = now
        for row, amount_paise in shares_of(scoreboard_of(contest, now=now).rows, contest.prizes_paise):
            pay_prize(
                user=row.user,
                amount_paise=amount_paise,
                key=f"contest:{contest.pk}:{row.user.pk}",
                note=f"{contest.title}: rank {row.rank}"[:100],
            )
        streams.append(contest.stream, [(SCOREBOARD, {"closed": True})])
    return True


def shares_of(rows: list[Row], prizes_paise: list[int]) -> list[tuple[Row, int]]:
    """Who gets how many paise; those of one rank share the prizes of the places that they take, rounded down."""
    shares = []
    for rank, group in groupby((row for row in rows if row.solved or row.points), key=lambda row: row.rank):
        sharers = list(group)
        purse = sum(prizes_paise[rank - 1 : rank - 1 + len(sharers)])
        amount = purse // len(sharers)
        shares += [(row, amount) for row in sharers if amount > 0]
    return shares
