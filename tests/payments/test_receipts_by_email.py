"""The receipt as a PDF goes with its e-mail, to each party their own."""

from typing import Any

import pytest
from django.core import mail

from notifications.models import Delivery
from notifications.outbox.delivering import deliver
from payments import services
from tests.payments.factories import make_person
from tests.payments.test_statement import words_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_both_parties_get_their_receipt(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    asha, ravi = make_person("asha", paise=10_000), make_person("ravi")
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=1_050, key="k", note="चाय")
    ids = list(Delivery.objects.filter(channel="email").values_list("pk", flat=True))
    assert deliver("email", ids) == 2
    found = {message.to[0]: message.attachments for message in mail.outbox}
    assert set(found) == {"asha@chowk.example", "ravi@chowk.example"}
    for address, balance in (("asha@chowk.example", "₹89.50"), ("ravi@chowk.example", "₹10.50")):
        [(name, content, kind)] = found[address]
        assert (name, kind) == (f"chowk-receipt-{posted.transfer_id}.pdf", "application/pdf")
        assert {"₹10.50", "चाय", balance} <= set(words_of(content))
