"""What others may ask the wallet. Reads only; permission is in the loader."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from notifications.streams.log import last_seq
from payments.errors import UnknownHold, UnknownRequest, UnknownTransfer
from payments.models import Account, BankMove, Draft, Entry, Hold, MoneyRequest, Subscription, Transfer
from payments.people import display_name
from payments.statement import TITLES, Line, line_of

Plan = Literal["free", "premium"]

DRAFT_LIFETIME = timedelta(hours=1)
"""How long a yes may come after the question."""


def plan_of(user: Any) -> Plan:
    """The plan the person is on now; an anonymous visitor is on Free."""
    if not user.is_authenticated:
        return "free"
    subscription = Subscription.objects.filter(user_id=user.pk, ended_at=None).first()
    return "premium" if subscription and subscription.is_running(timezone.now()) else "free"


def wallet_stream(user_id: int) -> str:
    """The stream of a person's wallet: what moved, and what the bank answered."""
    return f"wallet:{user_id}"


def wallet_cursor(user: Any) -> dict[str, Any]:
    """What a page needs to follow the wallet, `stream` and `after`.

    To be asked before all that the page shows: what comes between the two is then told twice, never missed.
    """
    stream = wallet_stream(user.pk)
    return {"stream": stream, "after": last_seq(stream)}


# Each transfer asks this: as queries of the ORM's it cost ten times as much.
_STANDING = """
    SELECT account.user_id, account.id, subscription.id,
        EXISTS (SELECT 1 FROM payments_draft AS draft WHERE draft.payer_id = %s AND draft.key = %s)
    FROM payments_account AS account LEFT JOIN payments_subscription AS subscription
        ON subscription.user_id = account.user_id AND subscription.ended_at IS NULL
    WHERE account.kind = 'wallet' AND account.user_id IN (%s, %s)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How two people stand before one pays the other."""

    wallets: dict[int, int]
    """The ids of both people's wallets by the people's, where they are open."""
    plan: Plan
    """The payer's."""
    may_have_draft: bool
    """False where the payer certainly has no draft with the key."""


def standing_of(payer: User, payee: User, key: str) -> Standing:
    """What a transfer with that key needs to know, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [payer.pk, key, payer.pk, payee.pk])
        rows = cursor.fetchall()
    wallets = {user_id: wallet_id for user_id, wallet_id, _, _ in rows}
    may_be_premium = any(user_id == payer.pk and subscription for user_id, _, subscription, _ in rows)
    plan = plan_of(payer) if may_be_premium or payer.pk not in wallets else "free"
    return Standing(wallets, plan, bool(rows[0][3]) if rows else True)


def balance_paise(user: Any) -> int:
    """What is in the person's wallet, in paise; 0 before its first use."""
    if not user.is_authenticated:
        return 0
    balances = Account.objects.filter(user_id=user.pk, kind=Account.Kind.WALLET).values_list(
        "balance_paise", flat=True
    )
    return balances.first() or 0


def may_read_wallet_stream(user: Any, key: str) -> bool:
    """Whether the user may read the stream `wallet:<key>`: it is their own."""
    return user.is_authenticated and key == str(user.pk)


def draft_for(user: User, draft_id: UUID) -> Draft:
    """The person's own draft. Raises UnknownTransfer."""
    draft = Draft.objects.select_related("payee").filter(pk=draft_id, payer=user).first()
    if draft is None:
        raise UnknownTransfer
    return draft


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transfer as one of its two parties sees it."""

    user: User
    transfer: Transfer
    line: Line
    reversal: Transfer | None

    @property
    def is_payer(self) -> bool:
        return not self.line.is_in

    @property
    def title(self) -> str:
        title_out, title_in = TITLES[self.transfer.kind]
        return title_out if self.is_payer else title_in

    @property
    def names(self) -> tuple[str, str]:
        """The payer's and the payee's."""
        mine, other = display_name(self.user), self.line.other
        return (mine, other) if self.is_payer else (other, mine)


def receipt_for(user: User, transfer_id: UUID) -> Receipt:
    """A transfer to or from the person's own wallet. Raises UnknownTransfer, also for one between others."""
    entries = Entry.objects.filter(transfer_id=transfer_id, account__user=user, account__kind=Account.Kind.WALLET)
    entry = entries.select_related("transfer__payer__user", "transfer__payee__user", "transfer__reverses").first()
    if entry is None:
        raise UnknownTransfer
    return Receipt(user, entry.transfer, line_of(entry), entry.transfer.reversals.first())


def latest_lines(user: User, limit: int) -> list[Line]:
    """The newest lines of the person's statement, newest first."""
    return lines_before(user, None, limit)


def lines_before(user: User, before_seq: int | None, limit: int) -> list[Line]:
    """The newest lines that are older than that number, newest first."""
    entries = Entry.objects.filter(account__user=user, account__kind=Account.Kind.WALLET).order_by("-seq")
    if before_seq is not None:
        entries = entries.filter(seq__lt=before_seq)
    return [
        line_of(entry) for entry in entries.select_related("transfer__payer__user", "transfer__payee__user")[:limit]
    ]


def draft_with_key(user: User, key: str) -> Draft | None:
    """What the person asked for with that key before, done or not."""
    return Draft.objects.filter(payer=user, key=key).first()


def posted_before(payer_id: int, key: str) -> Transfer | None:
    """What this payer's key has moved already."""
    return Transfer.objects.filter(payer_id=payer_id, key=key).first()


def is_fresh(draft: Draft) -> bool:
    """Whether the draft can still be confirmed."""
    return draft.created_at > timezone.now() - DRAFT_LIFETIME


def request_for(user: User, request_id: UUID, *, role: Literal["asker", "payer"]) -> MoneyRequest:
    """A request in which the person has that role. Raises UnknownRequest."""
    requests = MoneyRequest.objects.select_related("asker", "payer")
    found = requests.filter(pk=request_id, **{role: user}).first()
    if found is None:
        raise UnknownRequest
    return found


def requests_of(user: User, *, role: Literal["asker", "payer"], limit: int = 50) -> list[MoneyRequest]:
    """The newest requests in which the person has that role, open ones first."""
    requests = MoneyRequest.objects.select_related("asker", "payer").filter(**{role: user})
    newest = list(requests.order_by("-created_at")[:limit])
    return sorted(newest, key=lambda request: not request.is_open)


def hold_for(user: User, hold_id: UUID, *, role: Literal["payer", "payee", "either"]) -> Hold:
    """A hold in which the person has that role. Raises UnknownHold."""
    has_role = Q(payer=user) | Q(payee=user) if role == "either" else Q(**{role: user})
    found = Hold.objects.select_related("payer", "payee").filter(has_role, pk=hold_id).first()
    if found is None:
        raise UnknownHold
    return found


def holds_of(user: User, *, role: Literal["payer", "payee"], limit: int = 50) -> list[Hold]:
    """The newest holds in which the person has that role, live ones first."""
    holds = Hold.objects.select_related("payer", "payee").filter(**{role: user})
    newest = list(holds.order_by("-created_at")[:limit])
    return sorted(newest, key=lambda hold: not hold.is_live)


def held_paise(user: User) -> int:
    """What the person has set aside for others, in paise."""
    balances = Account.objects.filter(user=user, kind=Account.Kind.HOLD).values_list("balance_paise", flat=True)
    return balances.first() or 0


def subscription_of(user: User) -> Subscription | None:
    """The person's Premium, where it has not ended."""
    return Subscription.objects.filter(user=user, ended_at=None).first()


def bank_moves_of(user: User, limit: int = 20) -> list[BankMove]:
    """The newest top-ups and withdrawals."""
    return list(BankMove.objects.filter(user=user).order_by("-created_at")[:limit])


def bank_move_for(user: User, move_id: UUID) -> BankMove:
    """The person's own. Raises UnknownTransfer."""
    move = BankMove.objects.filter(pk=move_id, user=user).first()
    if move is None:
        raise UnknownTransfer
    return move
