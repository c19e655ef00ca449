"""The demo world's money: everyone has some, and some of it has moved."""

from django.contrib.auth.models import User

from payments.ledger import Order, system_id, wallet_id
from payments.models import Subscription
from payments.money import PAISE_PER_RUPEE
from payments.services import settle, subscribe

GIFTS_RUPEES = {"asha": 25_000, "ravi": 40_000, "meera": 12_500, "kabir": 8_000, "zoya": 1_00_000, "admin": 5_000}
PRIZE_FUND_RUPEES = 5_00_000
MOVES = [
    ("meera", "asha", 1_200, "Train tickets to Pune"),
    ("asha", "kabir", 350, "Lunch at Vaishali"),
    ("zoya", "asha", 4_500, "Your half of the hosting"),
    ("ravi", "meera", 80, "Chai"),
]


def load_demo(people: dict[str, User]) -> None:
    """Give everyone a wallet with money, and Ravi Premium; doing it again changes nothing."""
    bank = system_id("bank")
    wallets = {name: wallet_id(user) for name, user in people.items()}
    orders = [
        Order(bank, wallets[name], rupees * PAISE_PER_RUPEE, "grant", f"demo:gift:{name}")
        for name, rupees in GIFTS_RUPEES.items()
    ]
    orders.append(Order(bank, system_id("prizes"), PRIZE_FUND_RUPEES * PAISE_PER_RUPEE, "grant", "demo:prizes"))
    orders += [
        Order(wallets[payer], wallets[payee], rupees * PAISE_PER_RUPEE, "transfer", f"demo:{number}", note)
        for number, (payer, payee, rupees, note) in enumerate(MOVES)
    ]
    settle(orders)
    if not Subscription.objects.filter(user=people["ravi"]).exists():
        subscribe(user=people["ravi"])
