from datetime import date

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from payments import exports, queries, statement_queries
from payments.pdf import papers
from payments.people import display_name
from payments.requests import SignedInRequest
from payments.statement import KIND_LABELS, line_of
from payments.statement_queries import Filter

LINES_PER_PAGE = 30
CHART_LINES = 60


@login_required
@require_GET
def statement(request: SignedInRequest) -> HttpResponse:
    """Everything that moved, filtered and searched, with what each month adds up to."""
    cursor = queries.wallet_cursor(request.user)
    wanted = _filter(request)
    page = Paginator(statement_queries.entries_of(request.user, wanted), LINES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page_obj": page,
        "lines": [line_of(entry) for entry in page],
        "wanted": wanted,
        "is_filtered": wanted != Filter() or page.number > 1,
        "kinds": KIND_LABELS,
        "months": statement_queries.month_totals(request.user),
        "chart": queries.latest_lines(request.user, CHART_LINES),
        "balance_paise": queries.balance_paise(request.user),
        "query": query.urlencode(),
        **cursor,
    }
    return render(request, "payments/statement.html", context)


@login_required
@require_GET
def statement_csv(request: SignedInRequest) -> StreamingHttpResponse:
    """The filtered statement for a spreadsheet."""
    pieces = exports.csv_of(statement_queries.all_lines(request.user, _filter(request)))
    return exports.download(request, pieces, name="chowk-statement.csv", content_type="text/csv; charset=utf-8")


@login_required
@require_GET
def statement_pdf(request: SignedInRequest) -> StreamingHttpResponse:
    """The filtered statement for paper."""
    lines = statement_queries.all_lines(request.user, _filter(request))
    pieces = papers.statement_pdf(display_name(request.user), lines)
    return exports.download(request, pieces, name="chowk-statement.pdf", content_type="application/pdf")


def _filter(request: SignedInRequest) -> Filter:
    """From the address; what makes no sense there is left out."""
    direction, kind = request.GET.get("direction", ""), request.GET.get("kind", "")
    try:
        month = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        month = None
    return Filter(
        text=request.GET.get("q", "").strip().replace("\x00", "")[:100],
        direction=direction if direction in ("in", "out") else "",
        kind=kind if kind in KIND_LABELS else "",
        month=month,
    )
