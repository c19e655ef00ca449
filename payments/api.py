"""The wallet for programs. Amounts are whole paise; every refusal carries a stable code."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Schema, Status
from pydantic import BeforeValidator, Field, StrictInt

from notifications.api_auth import Scope
from payments import plans, queries, services
from payments.errors import InvalidAmount
from payments.ledger import Posted
from payments.lookups import look_up
from payments.models import Hold, MoneyRequest
from payments.people import display_name
from payments.statement import Line

router = Router(tags=["wallet"])
READ, TRANSFER = Scope("wallet:read"), Scope("wallet:transfer")

Key = Annotated[
    str,
    Header(alias="Idempotency-Key", description="Made by you, once per intent: a retry with it moves nothing twice."),
]


def _whole_paise(value: Any) -> Any:
    if type(value) is not int:
        raise InvalidAmount("amount_paise must be a whole number of paise: 10000 is ₹100.00.")
    return value


def _whole_paise_if_any(value: Any) -> Any:
    return None if value is None else _whole_paise(value)


Amount = Annotated[StrictInt, BeforeValidator(_whole_paise), Field(description="Paise, more than 0: 10000 is ₹100.00")]
Note = Annotated[str, Field(description="At most 140 characters, on one line")]


class WalletOut(Schema):
    balance_paise: int
    plan: str
    transfer_limit_paise: int
    day_limit_paise: int
    month_limit_paise: int


class TransferIn(Schema):
    recipient: str = Field(max_length=254, description="Phone number, user name or verified e-mail address")
    amount_paise: Amount
    note: Note = ""


class TransferOut(Schema):
    id: UUID
    status: str = "done"
    kind: str
    amount_paise: int = Field(description="Below zero where it left your wallet")
    balance_after_paise: int
    other: str
    note: str
    at: datetime


class CodeNeededOut(Schema):
    status: str = "code_required"
    draft_id: UUID
    detail: str = "A one-time code was sent. Confirm the draft with it."


class ConfirmIn(Schema):
    code: str = Field(default="", max_length=20)


class RequestOut(Schema):
    id: UUID
    asker: str
    payer: str
    amount_paise: int
    note: str
    state: str
    created_at: datetime


class HoldOut(Schema):
    id: UUID
    payer: str
    payee: str
    amount_paise: int
    captured_paise: int
    note: str
    state: str
    expires_at: datetime


class CaptureIn(Schema):
    amount_paise: Annotated[
        StrictInt | None, BeforeValidator(_whole_paise_if_any), Field(description="All of the hold, unless given")
    ] = None


class PageOut(Schema):
    transfers: list[TransferOut]
    next_before: int | None = Field(description="Pass it as `before` for older ones; null at the end")


@router.get("/wallet", auth=READ, response=WalletOut, summary="Balance, plan and limits")
def wallet(request: HttpRequest) -> Any:
    user = _user(request)
    plan = queries.plan_of(user)
    limits = plans.LIMITS[plan]
    return {
        "balance_paise": queries.balance_paise(user),
        "plan": plan,
        "transfer_limit_paise": limits.transfer_paise,
        "day_limit_paise": limits.day_paise,
        "month_limit_paise": limits.month_paise,
    }


@router.get("/transfers", auth=READ, response=PageOut, summary="Your transfers, newest first")
def transfers(
    request: HttpRequest,
    before: Annotated[int | None, Query(gt=0)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    lines = queries.lines_before(_user(request), before, limit)
    return {
        "transfers": [_out(line) for line in lines],
        "next_before": lines[-1].seq if len(lines) == limit else None,
    }


@router.post(
    "/transfers",
    auth=TRANSFER,
    response={201: TransferOut, 202: CodeNeededOut},
    summary="Send money",
    description="201 when it is done; 202 when a one-time code was sent, and the draft must be confirmed with it."
    " The same key and body answer the first result, with the header `Idempotent-Replayed: true`.",
)
def send(request: HttpRequest, response: HttpResponse, body: TransferIn, key: Key) -> Any:
    payee = look_up(_user(request), body.recipient)
    result = services.request_transfer(
        payer=_user(request), payee=payee, amount_paise=body.amount_paise, key=key, note=body.note
    )
    if not isinstance(result, Posted):
        return Status(202, {"draft_id": result.pk})
    if result.is_replay:
        response["Idempotent-Replayed"] = "true"
    return Status(201, _posted_out(result, payee))


@router.post("/drafts/{draft_id}/confirm", auth=TRANSFER, response={201: TransferOut}, summary="Confirm with the code")
def confirm(request: HttpRequest, draft_id: UUID, body: ConfirmIn) -> Any:
    draft = queries.draft_for(_user(request), draft_id)
    posted = services.confirm_draft(payer=_user(request), draft_id=draft_id, code=body.code)
    return Status(201, _posted_out(posted, draft.payee))


@router.post("/drafts/{draft_id}/code", auth=TRANSFER, response={202: CodeNeededOut}, summary="Send another code")
def resend(request: HttpRequest, draft_id: UUID) -> Any:
    services.send_code(draft=queries.draft_for(_user(request), draft_id))
    return Status(202, {"draft_id": draft_id})


@router.get("/transfers/{transfer_id}", auth=READ, response=TransferOut, summary="One transfer of yours")
def transfer(request: HttpRequest, transfer_id: UUID) -> Any:
    return _out(queries.receipt_for(_user(request), transfer_id).line)


@router.get("/requests", auth=READ, response=list[RequestOut], summary="Requests for money, of you and by you")
def requests(request: HttpRequest) -> Any:
    user = _user(request)
    both = [*queries.requests_of(user, role="payer"), *queries.requests_of(user, role="asker")]
    return [_request_out(one) for one in both]


@router.post("/requests", auth=TRANSFER, response={201: RequestOut}, summary="Ask someone for money")
def ask(request: HttpRequest, body: TransferIn, key: Key) -> Any:
    payer = look_up(_user(request), body.recipient)
    asked = services.ask_for_money(
        asker=_user(request), payer=payer, amount_paise=body.amount_paise, key=key, note=body.note
    )
    return Status(201, _request_out(asked))


@router.post(
    "/requests/{request_id}/accept",
    auth=TRANSFER,
    response={201: TransferOut, 202: CodeNeededOut},
    summary="Pay a request",
)
def accept(request: HttpRequest, request_id: UUID) -> Any:
    user = _user(request)
    draft = services.accept_request(payer=user, request_id=request_id)
    if draft.needs_code:
        return Status(202, {"draft_id": draft.pk})
    return Status(201, _posted_out(services.confirm_draft(payer=user, draft_id=draft.pk), draft.payee))


@router.post("/requests/{request_id}/decline", auth=TRANSFER, response=RequestOut, summary="Decline a request")
def decline(request: HttpRequest, request_id: UUID) -> Any:
    services.decline_request(payer=_user(request), request_id=request_id)
    return _request_out(queries.request_for(_user(request), request_id, role="payer"))


@router.post("/requests/{request_id}/cancel", auth=TRANSFER, response=RequestOut, summary="Take a request back")
def cancel(request: HttpRequest, request_id: UUID) -> Any:
    services.cancel_request(asker=_user(request), request_id=request_id)
    return _request_out(queries.request_for(_user(request), request_id, role="asker"))


@router.post("/holds", auth=TRANSFER, response={201: HoldOut}, summary="Set money aside for someone")
def authorise(request: HttpRequest, body: TransferIn, key: Key) -> Any:
    payee = look_up(_user(request), body.recipient)
    hold = services.authorise_hold(
        payer=_user(request), payee=payee, amount_paise=body.amount_paise, key=key, note=body.note
    )
    return Status(201, _hold_out(hold))


@router.get("/holds", auth=READ, response=list[HoldOut], summary="Holds, for you and by you")
def holds(request: HttpRequest) -> Any:
    user = _user(request)
    both = [*queries.holds_of(user, role="payee"), *queries.holds_of(user, role="payer")]
    return [_hold_out(one) for one in both]


@router.get("/holds/{hold_id}", auth=READ, response=HoldOut, summary="One hold of yours or for you")
def hold(request: HttpRequest, hold_id: UUID) -> Any:
    return _hold_out(queries.hold_for(_user(request), hold_id, role="either"))


@router.post("/holds/{hold_id}/capture", auth=TRANSFER, response=HoldOut, summary="Take a hold made for you")
def capture(request: HttpRequest, hold_id: UUID, body: CaptureIn) -> Any:
    return _hold_out(services.capture_hold(payee=_user(request), hold_id=hold_id, amount_paise=body.amount_paise))


@router.post("/holds/{hold_id}/void", auth=TRANSFER, response=HoldOut, summary="Give a hold made for you back")
def void(request: HttpRequest, hold_id: UUID) -> Any:
    return _hold_out(services.void_hold(user=_user(request), hold_id=hold_id))


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _posted_out(posted: Posted, payee: User) -> dict[str, Any]:
    """What the payer is told, without asking the database for what was just written."""
    return {
        "id": posted.transfer_id,
        "kind": posted.order.kind,
        "amount_paise": -posted.order.amount_paise,
        "balance_after_paise": posted.payer_balance_paise,
        "other": display_name(payee),
        "note": posted.order.note,
        "at": posted.at,
    }


def _out(line: Line) -> dict[str, Any]:
    return {
        "id": line.transfer_id,
        "kind": line.kind,
        "amount_paise": line.amount_paise,
        "balance_after_paise": line.balance_after_paise,
        "other": line.other,
        "note": line.note,
        "at": line.at,
    }


def _request_out(one: MoneyRequest) -> dict[str, Any]:
    return {
        "id": one.pk,
        "asker": one.asker.username,
        "payer": one.payer.username,
        "amount_paise": one.amount_paise,
        "note": one.note,
        "state": one.state,
        "created_at": one.created_at,
    }


def _hold_out(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.pk,
        "payer": hold.payer.username,
        "payee": hold.payee.username,
        "amount_paise": hold.amount_paise,
        "captured_paise": hold.captured_paise,
        "note": hold.note,
        "state": hold.state,
        "expires_at": hold.expires_at,
    }
