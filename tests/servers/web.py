"""Real daphne processes on the test database, as `make run` starts them."""

import socket
import sys
import urllib.request

from tests.servers.processes import ServerProcess, child_environment


def free_port() -> int:
    """A TCP port of the loopback that no one listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class WebServer(ServerProcess):
    """One daphne process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/"
        super().__init__(
            f"daphne-{self.port}",
            [sys.executable, "-m", "config.server"],
            environment={**environment, "HOST": "127.0.0.1", "PORT": str(self.port), "PUBLIC_URL": self.url},
        )

    def wait_ready(self) -> None:
        """Wait until it answers."""
        self.wait_until(self._answers)

    def _answers(self) -> bool:
        return is_well(self.url)


def is_well(url: str) -> bool:
    """Whether a server answers at the address."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def start_servers(count: int = 1, **environment: str) -> list[WebServer]:
    """Start so many daphne processes at once and wait until all of them answer."""
    servers = [WebServer(child_environment(**environment)) for _ in range(count)]
    for server in servers:
        server.wait_ready()
    return servers
