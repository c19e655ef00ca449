"""Payment gateways: how money comes in from outside and goes out again.

available()          those that this installation has set up
named("testbank")    one of them, by the name in its webhook's address
"""

from django.conf import settings

from payments import errors
from payments.gateways.base import Gateway, News
from payments.gateways.testbank import TestBank

__all__ = ["Gateway", "News", "available", "named"]


def available() -> dict[str, Gateway]:
    """By name, the preferred first."""
    gateways: list[Gateway] = []
    if settings.STRIPE_API_KEY:
        # Only here: Stripe's library is a tenth of what a program loads when it starts.
        from payments.gateways.stripe_checkout import StripeCheckout

        gateways.append(
            StripeCheckout(settings.STRIPE_API_KEY, settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_API_BASE)
        )
    if settings.TEST_BANK:
        gateways.append(TestBank())
    return {gateway.name: gateway for gateway in gateways}


def named(name: str) -> Gateway:
    """Raises UnknownGateway, also for one that is not set up."""
    gateway = available().get(name)
    if gateway is None:
        raise errors.UnknownGateway
    return gateway
