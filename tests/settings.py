"""The settings under test: config.settings with folders, a Redis and a database of their own.

A folder per run is made here and handed on by the environment, so that the servers and workers which the tests start
use the same secret key, Redis and test database.
"""

import os
import tempfile
from pathlib import Path

TEST_DIR_VARIABLE = "CHOWK_TEST_DIR"
SERVER_VARIABLE = "CHOWK_TEST_SERVER"
"""Set in the processes that tests start: they connect to the test database right away."""

# A pytest process makes its own folder even where another pytest started it; what a test starts is handed one.
if SERVER_VARIABLE not in os.environ:
    os.environ[TEST_DIR_VARIABLE] = tempfile.mkdtemp(prefix="chowk-test-")
TEST_DIR = Path(os.environ[TEST_DIR_VARIABLE])

POSTGRES_SOCKET_DIR = TEST_DIR / "postgres"
TEST_DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
if TEST_DATABASE not in ("sqlite", "postgresql"):
    raise ValueError(f"TEST_DATABASE is sqlite or postgresql, not {TEST_DATABASE!r}")

SECOND_DATABASE = os.environ.get("SECOND_DATABASE") == "1"
"""Whether another run does all the tests on another database, so that this one does those that depend on it."""

OWN_POSTGRES = TEST_DATABASE == "postgresql" and not os.environ.get("TEST_DATABASE_URL")
"""Whether the suite starts a private cluster, rather than using the server of TEST_DATABASE_URL."""

os.environ["ENV_FILE"] = os.devnull
os.environ["VAR_DIR"] = str(TEST_DIR)
os.environ["REDIS_URL"] = f"unix://{TEST_DIR}/redis/redis.sock?db=0"
os.environ.pop("REDIS_SUBSCRIBE_URL", None)
if OWN_POSTGRES:
    os.environ["DATABASE_URL"] = f"postgresql://chowk@/postgres?host={POSTGRES_SOCKET_DIR}"
elif TEST_DATABASE == "postgresql":
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
else:
    os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("LOG_LEVEL", "WARNING")

from config.settings import *  # noqa: E402, F403  (the environment above decides what it reads)
from config.settings import DATABASES  # noqa: E402

if TEST_DATABASE == "postgresql":
    DATABASES["default"]["TEST"] = {"NAME": "test_chowk"}
else:
    # As with the cluster of tests/servers/postgres.py: right answers, not surviving a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
if SERVER_VARIABLE in os.environ:
    DATABASES["default"]["NAME"] = DATABASES["default"]["TEST"]["NAME"]

# Hashing is slow on purpose, and no test is about its strength.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
