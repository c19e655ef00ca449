"""Runs a whole fleet on one machine: `python -m config.fleet`, the last part of `make fleet`.

Three regions, each with a web server and a Redis replica of its own, one primary Redis, one database, the workers and
the clock, and nginx: PORT is the address for people, spread over all servers; PORT+1, +2 and +3 are the regions' own.
"""

import os
import secrets
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

REGIONS = ("in", "us", "uk")


@dataclass(frozen=True)
class Ports:
    """All ports of the fleet, counted from the one for people."""

    home: int

    def front(self, region: str) -> int:
        """nginx's port for one region."""
        return self.home + 1 + REGIONS.index(region)

    def server(self, region: str) -> int:
        return self.home + 4 + REGIONS.index(region)

    @property
    def redis_primary(self) -> int:
        return self.home + 7

    def redis_replica(self, region: str) -> int:
        return self.home + 8 + REGIONS.index(region)

    def all(self) -> list[int]:
        kinds = (self.front, self.server, self.redis_replica)
        return [self.home, self.redis_primary, *(port(region) for port in kinds for region in REGIONS)]


def main() -> int:
    """Write the configurations, run everything until it is stopped, and return the exit code."""
    ports = Ports(int(os.environ.get("PORT", "") or 8000))
    password = secrets.token_urlsafe(24)
    os.environ.update(common_environment(ports, password))
    # Only now, as the settings read the environment.
    from config import embedded_redis, run, settings
    from config.prepare import fail

    taken = [port for port in ports.all() if is_taken(port)]
    if taken:
        fail(
            f"Port {taken[0]} is taken. Fix: stop what listens there, or use others: PORT={ports.home + 20} make fleet"
        )
    nginx = find_nginx()
    if not nginx:
        fail("nginx is missing. Fix: sudo apt-get install nginx")
    try:
        redis_server = embedded_redis.find_server()
        directory = settings.VAR_DIR / "redis"
        embedded_redis.make_private_directory(directory)
        lock = embedded_redis.take_lock(directory)
    except embedded_redis.EmbeddedRedisError as error:
        fail(str(error))
    os.set_inheritable(lock, False)
    folder = settings.VAR_DIR / "fleet"
    embedded_redis.make_private_directory(folder)
    environment = run.program_environment()
    programs: dict[str, tuple[str, dict[str, str]]] = {}
    for name, text in redis_configurations(ports, password, primary_directory=directory, folder=folder).items():
        programs[name] = (f"{redis_server} {write(folder / f'{name}.conf', text)}", environment)
    for region in REGIONS:
        programs[f"web-{region}"] = (
            "python -m config.server",
            {**environment, **server_environment(ports, password, region)},
        )
    programs["nginx"] = (
        f"{nginx} -p {folder} -c {write(folder / 'nginx.conf', nginx_configuration(ports, folder))}",
        environment,
    )
    for name, command in run.procfile().items():
        if name not in ("redis", "web"):
            programs[name] = (command, environment)
    return run.run(programs)


def common_environment(ports: Ports, password: str) -> dict[str, str]:
    """What all of the fleet's programs have in common."""
    return {
        "PORT": str(ports.home),
        "PUBLIC_URL": f"http://localhost:{ports.home}",
        # Ports of one host share its cookies, so one login holds in every region.
        "REGIONS": ",".join(f"{region}=http://localhost:{ports.front(region)}" for region in REGIONS),
        "REGION": REGIONS[0],
        "BEHIND_PROXY": "1",
        "REDIS_URL": redis_url(ports.redis_primary, password),
    }


def server_environment(ports: Ports, password: str, region: str) -> dict[str, str]:
    """What makes a web server one of its region: it publishes to the primary and listens to the region's replica."""
    return {
        "REGION": region,
        "SERVER_NAME": f"{region}-1",
        "PORT": str(ports.server(region)),
        "REDIS_SUBSCRIBE_URL": redis_url(ports.redis_replica(region), password),
    }


def redis_url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def redis_configurations(ports: Ports, password: str, *, primary_directory: Path, folder: Path) -> dict[str, str]:
    """redis.conf of the primary, which is the embedded Redis with a port, and of each region's replica.

    In files, because others of the machine can read a command line.
    """
    common = f'bind 127.0.0.1\nrequirepass {password}\ndaemonize no\nlogfile ""\nloglevel warning\nsave ""\n'
    primary = f"port {ports.redis_primary}\ndir {primary_directory}\nappendonly yes\nappendfsync everysec\n"
    files = {"redis": common + primary}
    for region in REGIONS:
        files[f"redis-{region}"] = common + (
            f"port {ports.redis_replica(region)}\ndir {folder}\nappendonly no\ndbfilename redis-{region}.rdb\n"
            f"replicaof 127.0.0.1 {ports.redis_primary}\nmasterauth {password}\n"
        )
    return files


def nginx_configuration(ports: Ports, folder: Path) -> str:
    """nginx.conf: docs/deploy/nginx.conf without certificates, and one address more for each region."""
    every = "".join(
        f"        server 127.0.0.1:{ports.server(region)} max_fails=2 fail_timeout=5s;\n" for region in REGIONS
    )
    sites = site(ports.home, f"least_conn;\n{every}", "home")
    for region in REGIONS:
        sites += site(ports.front(region), f"server 127.0.0.1:{ports.server(region)} max_fails=0;\n", region)
    temporary = "".join(
        f"    {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit;\n"
        "events { worker_connections 4096; }\n"
        "http {\n    access_log off;\n    client_max_body_size 10m;\n" + temporary + _PROXY + sites + "}\n"
    )


_PROXY = """\
    map $http_upgrade $chowk_connection { default upgrade; "" ""; }
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $chowk_connection;
    proxy_next_upstream error timeout;
"""


def site(port: int, servers: str, name: str) -> str:
    return (
        f"    upstream {name} {{\n        {servers}    }}\n"
        f"    server {{\n        listen 127.0.0.1:{port};\n"
        f"        location / {{ proxy_pass http://{name}; }}\n"
        f"        location /ws/ {{ proxy_pass http://{name}; proxy_read_timeout 60s; proxy_buffering off; }}\n"
        f"        location /streams/ {{ proxy_pass http://{name}; proxy_read_timeout 60s; proxy_buffering off; }}\n"
        "    }\n"
    )


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/sbin")


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def write(path: Path, text: str) -> Path:
    """Write a file that its owner alone can read."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
    return path


if __name__ == "__main__":
    sys.exit(main())
