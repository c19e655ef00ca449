"""`make test`: the whole suite in one run, on SQLite and on PostgreSQL side by side.

Tests that do not depend on the database run on SQLite alone. Arguments are pytest's.
"""

import os
import sys

import pytest

FIRST = "--tx=popen//env:TEST_DATABASE=sqlite"
SECOND = "--tx=popen//env:TEST_DATABASE=postgresql//env:SECOND_DATABASE=1"


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    return int(pytest.main(["--dist=each", FIRST, SECOND, "-rs", "--durations=15", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
