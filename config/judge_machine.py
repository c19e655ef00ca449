"""Runs this machine as one that only judges: `python -m config.judge_machine big`, the last part of `make judge-big`.

Big machines serve premium submissions first and run a submission's tests side by side; small ones serve free ones.
They share the database and the Redis of the web servers.
"""

import sys

from honcho.environ import parse_procfile

from config import run, settings
from config.env import env_str
from config.prepare import fail

CLASSES = ("big", "small")


def main(arguments: list[str]) -> int:
    """Run the class's Procfile until it is stopped, and return the exit code."""
    if len(arguments) != 1 or arguments[0] not in CLASSES:
        fail("A judge machine is big or small. Fix: make judge-big, or make judge-small")
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not env_str(name):
            fail(f"A judge machine needs the web servers' {name}. Fix: set {name}, as docs/configuration.md says")
    text = (settings.BASE_DIR / "deploy" / f"judge-{arguments[0]}.Procfile").read_text()
    environment = run.program_environment()
    return run.run({name: (command, environment) for name, command in parse_procfile(text).processes.items()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
