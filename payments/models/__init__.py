from payments.models.codes import TransferCode
from payments.models.drafts import Draft
from payments.models.gateways import BankMove, GatewayEvent
from payments.models.holds import Hold
from payments.models.ledger import Account, Entry, Transfer
from payments.models.plans import Subscription
from payments.models.requests import BillSplit, MoneyRequest

__all__ = [
    "Account",
    "BankMove",
    "BillSplit",
    "Draft",
    "Entry",
    "GatewayEvent",
    "Hold",
    "MoneyRequest",
    "Subscription",
    "Transfer",
    "TransferCode",
]
