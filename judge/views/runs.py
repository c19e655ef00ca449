"""Custom runs: code on one's own input."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from judge import queries, services
from judge.services.runs import state_of


@login_required
@require_POST
def run(request: HttpRequest, slug: str) -> JsonResponse:
    """Start a run with the problem's limits; its state comes on `stream`, or from `url`."""
    problem = queries.problem_for(request.user, slug)
    started = services.run_custom(
        author=request.user,  # type: ignore[arg-type]  # signed in
        language=request.POST.get("language", ""),
        source=request.POST.get("source", ""),
        stdin=request.POST.get("stdin", ""),
        problem=problem,
    )
    return JsonResponse({**state_of(started), "stream": started.stream}, status=201)


@login_required
@require_GET
def state(request: HttpRequest, run_id: int) -> JsonResponse:
    """Where a run stands."""
    return JsonResponse(state_of(queries.run_for(request.user, run_id)))
