"""Reading a person's statement: what to show, in pages and in one go, and what it adds up to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from payments.models import Account, Entry
from payments.statement import KINDS_OF_LABEL, Line, line_of

ROWS_PER_FETCH = 500
MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the statement is wanted; empty fields want everything."""

    text: str = ""
    direction: str = ""
    kind: str = ""
    month: date | None = None


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What came and went in a month, in paise, both above zero."""

    month: date
    in_paise: int
    out_paise: int


def entries_of(user: User, wanted: Filter) -> QuerySet[Entry]:
    """The entries of the person's own wallet that the filter wants, newest first."""
    entries = Entry.objects.filter(account__user=user, account__kind=Account.Kind.WALLET).order_by("-seq")
    if wanted.direction:
        entries = (
            entries.filter(amount_paise__gt=0) if wanted.direction == "in" else entries.filter(amount_paise__lt=0)
        )
    if wanted.kind:
        entries = entries.filter(transfer__kind__in=KINDS_OF_LABEL.get(wanted.kind, (wanted.kind,)))
    if wanted.month:
        entries = entries.filter(created_at__gte=_start(wanted.month), created_at__lt=_start(_next(wanted.month)))
    if wanted.text:
        entries = entries.filter(
            Q(transfer__note__icontains=wanted.text)
            | Q(amount_paise__lt=0) & _named("transfer__payee__user", wanted.text)
            | Q(amount_paise__gt=0) & _named("transfer__payer__user", wanted.text)
        )
    return entries.select_related("transfer__payer__user", "transfer__payee__user")


def all_lines(user: User, wanted: Filter) -> Iterator[list[Line]]:
    """Every wanted line, newest first, some hundred at a time: memory does not grow with the statement."""
    before: int | None = None
    while True:
        entries = entries_of(user, wanted)
        if before is not None:
            entries = entries.filter(seq__lt=before)
        lines = [line_of(entry) for entry in entries[:ROWS_PER_FETCH]]
        if not lines:
            return
        before = lines[-1].seq
        yield lines


def month_totals(user: User) -> list[MonthTotal]:
    """The latest twelve months in which something moved, newest first."""
    entries = Entry.objects.filter(account__user=user, account__kind=Account.Kind.WALLET)
    rows = (
        entries.order_by()
        .annotate(month=TruncMonth("created_at"))
        .values("month")
        .annotate(
            in_paise=Sum("amount_paise", filter=Q(amount_paise__gt=0)),
            out_paise=Sum("amount_paise", filter=Q(amount_paise__lt=0)),
        )
        .order_by("-month")[:MONTHS_SHOWN]
    )
    return [MonthTotal(row["month"].date(), row["in_paise"] or 0, -(row["out_paise"] or 0)) for row in rows]


def _named(path: str, text: str) -> Q:
    named = Q()
    for word in text.split():
        named &= (
            Q(**{f"{path}__username__icontains": word})
            | Q(**{f"{path}__first_name__icontains": word})
            | Q(**{f"{path}__last_name__icontains": word})
        )
    return named


def _start(month: date) -> datetime:
    return timezone.make_aware(datetime.combine(month, time()))


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
