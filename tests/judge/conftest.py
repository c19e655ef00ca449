from typing import Any

import pytest

from judge.sandbox import SandboxUnavailable, health
from tests.servers.parts import missing


@pytest.fixture(autouse=True)
def _no_precompiled_headers(settings: Any) -> None:
    """They take seconds to make, and the tests compile little."""
    settings.JUDGE_PRECOMPILED_HEADERS = False


@pytest.fixture(scope="session")
def sandbox() -> health.Health:
    """A working sandbox, or a skipped test (a failed one under CI)."""
    try:
        return health.check()
    except SandboxUnavailable as error:
        missing("the sandbox", str(error))
