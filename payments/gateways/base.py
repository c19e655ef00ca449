"""What the wallet needs of a payment gateway."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from payments.models import BankMove


@dataclass(frozen=True, slots=True)
class News:
    """What a webhook says, once its signature is known to be good."""

    event_id: str
    type: str
    reference: str
    meaning: Literal["paid", "failed", "waiting", "unknown"]
    amount_paise: int | None
    payload: dict[str, Any]


class Gateway(Protocol):
    """One provider. Its webhook, not the person's return to our page, says that money has moved."""

    name: str
    label: str
    can_withdraw: bool

    def start(self, move: BankMove, *, return_url: str) -> tuple[str, str]:
        """Its reference for the move, and the address where the person goes on. The same move answers the same.

        Raises:
            GatewayUnavailable
        """
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> News:
        """Raises ForgedWebhook where the signature does not fit, or is too old."""
        ...
