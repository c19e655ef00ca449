"""One's submissions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from judge import comparisons, languages, queries, services
from judge.errors import NotCancellable
from judge.rendering import highlight_source
from notifications import streams

PER_PAGE = 30


@login_required
@require_GET
def submissions(request: HttpRequest) -> HttpResponse:
    """All of one's submissions, the newest first."""
    page = Paginator(queries.submissions_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "judge/submissions.html", {"page": page})


@login_required
@require_GET
def submission(request: HttpRequest, submission_id: int) -> HttpResponse:
    """One submission, live; with `?part=1` only what changes, for the page's script."""
    found = queries.submission_for(request.user, submission_id)
    # The number is read before the row: an event in between comes twice, which changes nothing.
    last_seq = streams.read(found.stream, after=0, limit=0).last_seq
    found.refresh_from_db()
    language = languages.find(found.language)
    context = {
        "submission": found,
        "problem": found.problem,
        "report": queries.report_of(found),
        "last_seq": last_seq,
        "language": language,
        "may_rejudge": found.is_done and request.user.has_perm("judge.change_submission"),
    }
    if request.GET.get("part"):
        return render(request, "judge/_report.html", context)
    context["source_html"] = highlight_source(found.source, language.pygments if language else "text")
    return render(request, "judge/submission.html", context)


@login_required
@require_GET
def compare(request: HttpRequest, submission_id: int) -> HttpResponse:
    """A submission's code beside that of an earlier one of the same person, or of the one in `?with=`."""
    found = queries.submission_for(request.user, submission_id)
    others, other = comparisons.earlier_of(found, request.GET.get("with", ""))
    lines = comparisons.diff(other.source, found.source) if other is not None else []
    context = {"submission": found, "problem": found.problem, "others": others, "other": other, "lines": lines}
    return render(request, "judge/compare.html", context)


@login_required
@require_POST
def rejudge(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Have a submission judged again, for staff; the old verdict is kept."""
    found = queries.submission_for(request.user, submission_id)
    if not request.user.has_perm("judge.change_submission"):
        raise PermissionDenied
    if not services.rejudge(found):
        messages.error(request, "That submission is being judged already.")
    return redirect(found)


@login_required
@require_POST
def cancel(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Take a submission back."""
    found = queries.submission_for(request.user, submission_id)
    try:
        services.cancel_submission(submission=found)
    except NotCancellable as error:
        messages.error(request, str(error))
    return redirect(found)
