"""Every setting of Chowk, with what the environment may change. docs/configuration.md lists the variables."""

import contextlib
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from config import embedded_redis
from config.env import SettingError, env_bool, env_int, env_json, env_list, env_map, env_str, load_env_file

BASE_DIR = Path(__file__).resolve().parent.parent
load_env_file(Path(env_str("ENV_FILE", str(BASE_DIR / ".env"))))
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    """A key made once for this installation, readable by its owner alone."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        draft = VAR_DIR / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        # Of several programs that start at once the first one's key stands, and none reads half of it.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


# A DEBUG run answers on loopback only: it shows the demo world's passwords.
DEBUG = env_bool("DEBUG", default=True)
SECRET_KEY = env_str("SECRET_KEY") or _secret_key()
HOST = env_str("HOST", "127.0.0.1")
PORT = env_int("PORT", 8000)
BEHIND_PROXY = env_bool("BEHIND_PROXY", default=False)
PUBLIC_URL = env_str("PUBLIC_URL", f"http://localhost:{PORT}")

# --- The fleet ---------------------------------------------------------------------------------------------

REGION = env_str("REGION", "local")
SERVER_NAME = env_str("SERVER_NAME", f"{socket.gethostname()}:{PORT}")
# Every region's name and its own address: a page of any of them opens its socket to the nearest.
REGIONS = env_map("REGIONS")
_addresses = ",".join([PUBLIC_URL, *REGIONS.values()])

ALLOWED_HOSTS = env_list(
    "ALLOWED_HOSTS",
    ",".join(["localhost,127.0.0.1,[::1]", *(urlsplit(url).hostname or "" for url in _addresses.split(","))]),
)
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", _addresses)

INSTALLED_APPS = [
    # Its runserver is all it adds, and it loads Twisted: a fifth of the start of every other program.
    *(["daphne"] if "runserver" in sys.argv[1:2] else []),
    "config.apps.ChowkConfig",
    "chat",
    "payments",
    "judge",
    "notifications",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "anymail",
    "allauth.mfa",
    "channels",
    "csp",
    "django_rq",
    "oauth2_provider",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.dashboard.DashboardPolicyMiddleware",
    "config.unavailable.UnavailableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.TimeZoneMiddleware",
    "config.middleware.AppErrorMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.frame",
            ],
        },
    },
]

# --- Database: SQLite beside the code, or PostgreSQL by DATABASE_URL ---------------------------------------

DATABASE_URL = env_str("DATABASE_URL")
SQLITE_PATH = VAR_DIR / "chowk.sqlite3"


def _database() -> dict[str, Any]:
    if DATABASE_URL and not DATABASE_URL.startswith("sqlite"):
        if not DATABASE_URL.startswith(("postgres://", "postgresql://")):
            raise SettingError("DATABASE_URL must begin with postgresql:// or sqlite:///")
        database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL, engine="config.postgresql"))
        database["OPTIONS"] = {
            **database.get("OPTIONS", {}),
            # A web server's streams, chat writers, ledger and readiness take 15 at most, which leaves 10 to requests:
            # more than one process can keep busy. A request that finds none free waits its turn.
            "pool": {"min_size": 0, "max_size": env_int("DATABASE_POOL_SIZE", 25), "timeout": 10},
        }
        if env_bool("DATABASE_PREPARE", default=True):
            # What is sent together is prepared once per connection, which some poolers cannot have. Its arrays look
            # shorter to the planner than it guesses, so that left alone it would plan them anew each time.
            options = database["OPTIONS"]
            options["prepare_threshold"] = 3
            options["options"] = f"{options.get('options', '')} -c plan_cache_mode=force_generic_plan".strip()
        return database
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(dj_database_url.parse(DATABASE_URL)["NAME"]) if DATABASE_URL else str(SQLITE_PATH),
        "OPTIONS": {
            # One writer at a time: take the write lock at BEGIN, so that no transaction fails half-way.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
        },
        # A file, because the tests' servers and workers are processes of their own.
        "TEST": {"NAME": str(VAR_DIR / "test.sqlite3")},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: a private one under var/, or a real one by REDIS_URL -------------------------------------------

REDIS_SOCKET = embedded_redis.socket_path(VAR_DIR / "redis")
EMBEDDED_REDIS = not env_str("REDIS_URL")
REDIS_URL = env_str("REDIS_URL", f"unix://{quote(str(REDIS_SOCKET))}?db=0")
# In a fleet a region subscribes on its own replica and publishes to the primary.
REDIS_SUBSCRIBE_URL = env_str("REDIS_SUBSCRIBE_URL", REDIS_URL)

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    alias: {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": url, "socket_connect_timeout": 2}]},
    }
    for alias, url in (("default", REDIS_URL), ("subscribe", REDIS_SUBSCRIBE_URL))
}

# Events of live streams are kept so long and so many; whoever was away longer starts afresh.
STREAM_KEEP_DAYS = env_int("STREAM_KEEP_DAYS", 30)
STREAM_KEEP_EVENTS = env_int("STREAM_KEEP_EVENTS", 100_000)

# --- Queues ------------------------------------------------------------------------------------------------

DELIVERY_QUEUES = ["email", "sms", "push"]
# `events` numbers domain events and wakes their subscribers, each of which has a queue of its own.
EVENT_QUEUES = ["events", "audit", "metrics", "webhooks"]
JUDGE_QUEUES = ["judge-premium", "judge-free"]
RQ_QUEUES = {
    name: {
        "URL": REDIS_URL,
        "DEFAULT_TIMEOUT": 600,
        "DEFAULT_RESULT_TTL": 0,
        "SERIALIZER": "rq.serializers.JSONSerializer",
    }
    for name in [*DELIVERY_QUEUES, *EVENT_QUEUES, *JUDGE_QUEUES]
}
RQ = {"COMMIT_MODE": "on_db_commit"}

# How long a worker may hold a delivery without a word before another takes it over. Longer than any one send.
DELIVERY_LEASE_SECONDS = env_int("DELIVERY_LEASE_SECONDS", 90)

# Messages a second that a provider allows, over all workers; 0 is no limit.
DELIVERY_RATES = {
    "email": env_int("EMAIL_PER_SECOND", 0),
    "sms": env_int("SMS_PER_SECOND", 0),
    "push": env_int("PUSH_PER_SECOND", 0),
}
# SMS: a gateway that takes JSON, else any provider of Apprise by its URL with {to} in it, else the simulator's phones.
SMS_GATEWAY_URL = env_str("SMS_GATEWAY_URL")
SMS_GATEWAY_TOKEN = env_str("SMS_GATEWAY_TOKEN")
SMS_URL = env_str("SMS_URL")
# Web Push: a key made once under var/, unless a fleet shares one. The subject is whom a push service may write to.
VAPID_PRIVATE_KEY = env_str("VAPID_PRIVATE_KEY")
VAPID_SUBJECT = env_str("VAPID_SUBJECT")
# /metrics answers whoever shows this as a bearer token; without it there is no such page.
METRICS_TOKEN = env_str("METRICS_TOKEN")
# Webhooks go to public https addresses alone; a DEBUG run may also post to plain http.
WEBHOOK_ALLOW_HTTP = env_bool("WEBHOOK_ALLOW_HTTP", default=DEBUG)
WEBHOOK_ALLOW_PRIVATE = env_bool("WEBHOOK_ALLOW_PRIVATE", default=False)

# --- People ------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a change of password or second step is told to its owner
ACCOUNT_FORMS = {
    "login": "config.account_forms.LoginForm",
    "signup": "config.account_forms.SignupForm",
    "add_email": "config.account_forms.AddEmailForm",
    "change_password": "config.account_forms.ChangePasswordForm",
    "set_password": "config.account_forms.SetPasswordForm",
    "reset_password": "config.account_forms.ResetPasswordForm",
    "reset_password_from_key": "config.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "config.account_forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Chowk"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- E-mail: SMTP where configured, else a file mailbox under var/ ------------------------------------------

EMAIL_HOST = env_str("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env_bool("EMAIL_USE_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 20
EMAIL_FILE_PATH = str(VAR_DIR / "mailbox")
EMAIL_BACKEND = env_str(
    "EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "django.core.mail.backends.filebased.EmailBackend",
)
# A provider's API instead of SMTP: https://anymail.dev. Its secret also guards the bounces that it posts to us.
ANYMAIL = env_json("ANYMAIL")
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "Chowk <chowk@localhost>")

# --- The API -----------------------------------------------------------------------------------------------

OAUTH2_PROVIDER = {
    "SCOPES": {
        "wallet:read": "Read your wallet and statement",
        "wallet:transfer": "Send and ask for money in your name",
        "judge:read": "Read problems and your submissions",
        "judge:submit": "Submit and run code in your name",
    },
}

# What one person may call in a second (s), minute (m) or hour (h), over all servers.
API_RATE = env_str("API_RATE", "20/s")

# --- Payment gateways ---------------------------------------------------------------------------------------

# The embedded bank gives away money that is worth nothing: never in production, unless it is a playground.
TEST_BANK = env_bool("TEST_BANK", default=DEBUG)
STRIPE_API_KEY = env_str("STRIPE_API_KEY")
STRIPE_WEBHOOK_SECRET = env_str("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = env_str("STRIPE_API_BASE")

# --- Pages -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = env_str("TIME_ZONE", "Asia/Kolkata")
USE_TZ = True
FORM_RENDERER = "config.forms.FormRenderer"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES: dict[str, dict[str, Any]] = {
    # Not below any address of the web: chat serves them to those who may read the room.
    "attachments": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env_str("ATTACHMENTS_DIR", str(VAR_DIR / "attachments"))},
    },
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static.HashedStaticFiles"
    },
}
SERVESTATIC_KEEP_ONLY_HASHED_FILES = True


def _never_sniffed(headers: Any, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


SERVESTATIC_ADD_HEADERS_FUNCTION = _never_sniffed
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

CONTENT_SECURITY_POLICY = {
    # Answers to programs, as JSON: a policy for pages says nothing there, and was a twelfth of a transfer's call.
    "EXCLUDE_URL_PREFIXES": ["/api/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF, *REGIONS.values(), *(url.replace("http", "ws", 1) for url in REGIONS.values())],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
# Where regions are sub-domains of one site: a session opened at one address holds at all of them.
SESSION_COOKIE_DOMAIN = env_str("SESSION_COOKIE_DOMAIN") or None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PUBLIC_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Chat --------------------------------------------------------------------------------------------------

# What one person may write in one room: so many at once, so many a minute in the long run.
CHAT_MESSAGES_PER_MINUTE = env_int("CHAT_MESSAGES_PER_MINUTE", 60)
CHAT_MESSAGES_AT_ONCE = env_int("CHAT_MESSAGES_AT_ONCE", 20)
CHAT_MAX_FILE_BYTES = env_int("CHAT_MAX_FILE_MIB", 10) * 1024 * 1024

# --- Judge -------------------------------------------------------------------------------------------------

# Where the judge keeps what it makes for itself: the compiled runner of its sandbox.
JUDGE_DIR = Path(env_str("JUDGE_DIR", str(VAR_DIR / "judge")))
# Run as root, the judge gives submissions this user, who owns nothing on the machine.
JUDGE_SANDBOX_UID = env_int("JUDGE_SANDBOX_UID", 60000)
# small: one test at a time; big: as many as there are processors.
JUDGE_MACHINE_CLASS = env_str("JUDGE_MACHINE_CLASS", "small")
# C++ compiles in a third of the time with headers precompiled: 250 MiB of disk and some seconds, once per machine.
JUDGE_PRECOMPILED_HEADERS = env_bool("JUDGE_PRECOMPILED_HEADERS", default=True)

# --- Live connections --------------------------------------------------------------------------------------

# A half-open connection is gone within the sum of the two and a check every 2 s.
LIVE_PING_SECONDS = env_int("LIVE_PING_SECONDS", 15)
LIVE_PONG_SECONDS = env_int("LIVE_PONG_SECONDS", 20)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Django's own console handler would print each line a second time.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # It prints a traceback each second while Redis is away, which the hub survives and /readyz tells.
        "channels_redis": {"level": "CRITICAL"},
    },
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
}
