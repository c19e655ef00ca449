"""The nginx configuration of docs/deploy, on a free port and without a certificate."""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.servers.parts import find_program
from tests.servers.processes import PROJECT_DIR, ServerProcess
from tests.servers.web import WebServer, free_port, is_well


class Nginx(ServerProcess):
    """nginx before two servers; `blocked` are lines inside `location` blocks that come first, by their pattern."""

    def __init__(self, folder: Path, servers: Sequence[WebServer], *, blocked: dict[str, str] | None = None) -> None:
        program = find_program("nginx", package="nginx")
        folder.mkdir(exist_ok=True)
        self.servers = servers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        path = folder / "nginx.conf"
        path.write_text(_configuration(folder, self.port, servers, blocked or {}))
        super().__init__("nginx", [program, "-p", folder, "-c", path])

    def wait_ready(self) -> None:
        """Wait until a server answers through it."""
        self.wait_until(lambda: is_well(self.url))


def _configuration(folder: Path, port: int, servers: Sequence[WebServer], blocked: dict[str, str]) -> str:
    site = (PROJECT_DIR / "docs" / "deploy" / "nginx.conf").read_text()
    site = re.sub(r"server \{\n    listen 80;.*?\n\}\n", "", site, flags=re.S)
    site = site.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    site = re.sub(r"    (listen \[::\]|ssl_certificate).*\n", "", site)
    for documented, server in zip((8001, 8002), servers, strict=True):
        site = site.replace(f"127.0.0.1:{documented} ", f"127.0.0.1:{server.port} ")
    first = "".join(f"    location {pattern} {{ {lines} }}\n" for pattern, lines in blocked.items())
    site = site.replace("    location / {", f"{first}\n    location / {{", 1)
    temporary = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}\n{site}\n}}\n"
    )
