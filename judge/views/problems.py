"""The list of problems, a problem, and handing in."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from judge import languages, leaderboards, queries, services
from judge.errors import JudgeError
from judge.forms import FilterForm, SubmitForm
from judge.models import Problem, Submission
from judge.rendering import render_markdown

LANGUAGE_SESSION_KEY = "judge_language"


@login_required
@require_GET
def problems(request: HttpRequest) -> HttpResponse:
    """All problems, with what this person solved."""
    form = FilterForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    cards = queries.problem_cards(
        request.user,
        search=chosen.get("q", ""),
        difficulty=chosen.get("difficulty"),
        tag=chosen.get("tag", ""),
    )
    tags = sorted({tag for card in cards for tag in card.problem.tags})
    return render(
        request,
        "judge/problems.html",
        {
            "cards": cards,
            "form": form,
            "tags": tags,
            "chosen_tag": chosen.get("tag", ""),
            "is_filtered": any(chosen.values()),
            "solved": sum(card.is_solved for card in cards),
        },
    )


@login_required
@require_GET
def leaderboard(request: HttpRequest) -> HttpResponse:
    """Who solved most, over all time or in `?period=month`."""
    only_month = request.GET.get("period") == "month"
    places = leaderboards.leaderboard(only_month=only_month)
    mine = next((place for place in places if place.user.pk == request.user.pk), None)
    if mine is None:
        mine = leaderboards.place_of(request.user, only_month=only_month)  # type: ignore[arg-type]  # signed in
    context = {"places": places, "mine": mine, "only_month": only_month, "points": leaderboards.POINTS.values()}
    return render(request, "judge/leaderboard.html", context)


@login_required
@require_GET
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    """The statement, the samples, and the editor."""
    found = queries.problem_for(request.user, slug)
    return _page(request, found, SubmitForm(initial=_initial(request, found)))


@login_required
@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand in; a browser goes to the submission's page, a script gets its address."""
    found = queries.problem_for(request.user, slug)
    form = SubmitForm(request.POST)
    if form.is_valid():
        try:
            submission = services.submit(author=request.user, problem=found, **form.cleaned_data)  # type: ignore[arg-type]  # signed in
        except JudgeError as error:
            if _wants_json(request):
                raise
            form.add_error("source", str(error))
        else:
            request.session[LANGUAGE_SESSION_KEY] = submission.language
            if _wants_json(request):
                return JsonResponse({"id": submission.pk, "url": submission.get_absolute_url()}, status=201)
            return redirect(submission)
    if _wants_json(request):
        problem_ = {
            "code": "invalid",
            "message": " ".join(str(each) for errors in form.errors.values() for each in errors),
        }
        return JsonResponse({"error": problem_}, status=400)
    return _page(request, found, form, status=422)


@login_required
@require_http_methods(["GET"])
def editorial(request: HttpRequest, slug: str) -> HttpResponse:
    """How to solve it, for those who did."""
    found = queries.problem_for(request.user, slug)
    may_read = request.user.is_staff or queries.has_solved(request.user, found)
    html = render_markdown(found.editorial) if may_read and found.editorial else ""
    return render(
        request, "judge/editorial.html", {"problem": found, "html": html, "may_read": may_read, "tab": "editorial"}
    )


def _page(request: HttpRequest, found: Problem, form: SubmitForm, *, status: int = 200) -> HttpResponse:
    mine = queries.submissions_of(request.user, problem=found)
    return render(
        request,
        "judge/problem.html",
        {
            "problem": found,
            "html": render_markdown(found.statement),
            "samples": queries.samples_of(found),
            "form": form,
            "starters": {each.code: {"source": each.hello, "editor": each.editor} for each in languages.offered()},
            "submissions": mine[:10],
            "tab": "statement",
        },
        status=status,
    )


def _initial(request: HttpRequest, found: Problem) -> dict[str, str]:
    """One's own last code for this problem, or one of one's submissions by `?from=`; else one's last language."""
    mine = Submission.objects.filter(author_id=request.user.pk, problem=found)
    wanted = request.GET.get("from", "")
    last = mine.filter(pk=int(wanted)).first() if wanted.isdigit() and len(wanted) < 19 else mine.first()
    if last is not None:
        return {"language": last.language, "source": last.source}
    return {"language": request.session.get(LANGUAGE_SESSION_KEY, ""), "source": ""}


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
