"""What each plan allows and costs."""

from payments.ledger.orders import Limits
from payments.money import PAISE_PER_RUPEE

PREMIUM_PRICE_PAISE = 199 * PAISE_PER_RUPEE

LIMITS = {
    "free": Limits(
        transfer_paise=25_000 * PAISE_PER_RUPEE,
        day_paise=50_000 * PAISE_PER_RUPEE,
        month_paise=2_00_000 * PAISE_PER_RUPEE,
    ),
    "premium": Limits(
        transfer_paise=1_00_000 * PAISE_PER_RUPEE,
        day_paise=2_00_000 * PAISE_PER_RUPEE,
        month_paise=10_00_000 * PAISE_PER_RUPEE,
    ),
}
"""What a person may send to others. Paying for a plan, topping up and withdrawing do not count."""
