"""`make test`: the whole suite, on SQLite and on PostgreSQL side by side.

Tests that do not depend on the database run on SQLite alone. Arguments are pytest's.
"""

import os
import subprocess
import sys
import tempfile

import pytest

# The tests spend half of their time waiting for servers, so a few more run than there are processors. A file's tests
# stay together: they share its servers.
SQLITE_WORKERS, POSTGRESQL_WORKERS = 2, 2


def _start(workers: int, *, output: int | None = None, **environment: str) -> subprocess.Popen[bytes]:
    options = [f"-n{workers}", "--dist=loadfile", "--reruns=1", "-rsR", "--durations=15", *sys.argv[1:]]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *options], env={**os.environ, **environment}, stdout=output, stderr=output
    )


def main() -> int:
    with tempfile.TemporaryFile() as later:
        runs = [
            _start(SQLITE_WORKERS, TEST_DATABASE="sqlite"),
            _start(POSTGRESQL_WORKERS, TEST_DATABASE="postgresql", SECOND_DATABASE="1", output=later.fileno()),
        ]
        try:
            codes = [run.wait() for run in runs]
        except KeyboardInterrupt:  # which they have got too
            codes = [run.wait() for run in runs]
        later.seek(0)
        sys.stdout.buffer.write(later.read())
    # Chosen tests may all be of the kind that runs once.
    return codes[0] or (0 if codes[1] == pytest.ExitCode.NO_TESTS_COLLECTED else codes[1])


if __name__ == "__main__":
    sys.exit(main())
