"""Contests: the list, one of them with its scoreboard, and taking part."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from judge import scoreboards
from judge.rendering import render_markdown
from judge.services.contests import join_contest
from notifications import streams


@login_required
@require_GET
def contests(request: HttpRequest) -> HttpResponse:
    """What runs, what comes, and what was."""
    now = timezone.now()
    found = list(scoreboards.visible_contests(request.user)[:100])
    return render(
        request,
        "judge/contests.html",
        {
            "running": [contest for contest in found if contest.is_running(now)],
            "coming": [contest for contest in found if not contest.has_started(now)][::-1],
            "past": [contest for contest in found if contest.is_over(now)],
        },
    )


@login_required
@require_GET
def contest(request: HttpRequest, slug: str) -> HttpResponse:
    """One contest; with `?part=1` only its scoreboard, for the page's script."""
    found = scoreboards.contest_for(request.user, slug)
    now = timezone.now()
    context = {
        "contest": found,
        "last_seq": streams.read(found.stream, after=0, limit=0).last_seq,
        "board": scoreboards.scoreboard_of(found, now=now),
        "has_started": found.has_started(now),
        "is_running": found.is_running(now),
        "is_over": found.is_over(now),
    }
    if request.GET.get("part"):
        return render(request, "judge/_scoreboard.html", context)
    context["now"] = now
    context["turns_at"] = next((at for at in (found.starts_at, found.freezes_at, found.ends_at) if at > now), None)
    context["html"] = render_markdown(found.description)
    context["participation"] = scoreboards.participation_of(request.user, found)
    return render(request, "judge/contest.html", context)


@login_required
@require_POST
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Register, or start a virtual participation."""
    found = scoreboards.contest_for(request.user, slug)
    join_contest(user=request.user, contest=found)  # type: ignore[arg-type]  # signed in
    return redirect(found)
