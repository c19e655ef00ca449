"""What the tests of deliveries and webhooks share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.notifications.gateway import Gateway


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    settings.WEBHOOK_ALLOW_HTTP = settings.WEBHOOK_ALLOW_PRIVATE = True
    with Gateway() as server:
        yield server
