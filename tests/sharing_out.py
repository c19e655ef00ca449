"""Which worker runs which test: those that share servers stay together."""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling


class BySharedServers(LoadFileScheduling):
    """A file's tests stay together; so do those of tests/e2e/, whose square takes long to build, of each parameter."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if not file.startswith("tests/e2e/"):
            return file
        return "tests/e2e on real servers" if "real servers" in nodeid else "tests/e2e"


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySharedServers:
    return BySharedServers(config, log)
