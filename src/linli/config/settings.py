"""One page of settings. Everything a person in an office may change is an environment variable here."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


SOURCE = Path(__file__).resolve().parents[2]  # src/
ROOT = SOURCE.parent

# --- where things live -----------------------------------------------------------------------------
VAR = Path(os.environ.get("LINLI_VAR", ROOT / "var")).resolve()  # database, media, keys, seals, static
KEYS = Path(os.environ.get("LINLI_KEYS", VAR / "keys")).resolve()
SEALS = VAR / "seals"
MEDIA_ROOT = VAR / "media"
STATIC_ROOT = VAR / "static"
PACK = Path(os.environ.get("LINLI_PACK", ROOT / "packs" / "xicheng")).resolve()
LOCALE_PATHS = [SOURCE / "linli" / "locale"]
os.umask(0o077)  # database, photographs, exports and backups are nobody else's on this machine to read
for folder in (VAR, KEYS, SEALS, MEDIA_ROOT):
    folder.mkdir(parents=True, exist_ok=True)
KEYS.chmod(0o700)

# --- how it runs -----------------------------------------------------------------------------------
DEMONSTRATION = _flag("LINLI_DEMONSTRATION")  # accounts with printed passwords work only while this is on
HTTPS = _flag("LINLI_HTTPS")
DEBUG = False
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))
ALLOWED_HOSTS = [h for h in os.environ.get("LINLI_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("LINLI_ORIGINS", "").split(",") if o]
TRUSTED_PROXIES = int(os.environ.get("LINLI_TRUSTED_PROXIES", "0"))  # how many proxies of ours stand in front


def _secret() -> str:
    """The session secret: from the environment, else made once and kept beside the other keys."""
    if value := os.environ.get("LINLI_SECRET"):
        return value
    path = KEYS / "session.secret"
    if not path.exists():
        import secrets

        draft = KEYS / f".session.{secrets.token_hex(8)}"
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as f:
            f.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):  # of two processes that start at once both read the winner's, whole
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


SECRET_KEY = _secret()

# --- database --------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, object]:
    """`sqlite:///path` (or nothing) and `postgresql://user:password@host:port/name?options`."""
    if not url or url.startswith("sqlite:"):
        path = unquote(url.split("://", 1)[1]).removeprefix("/") if url else ""
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path or str(VAR / "linli.sqlite3"),
            "TEST": {"NAME": str(VAR / "test.sqlite3")},  # a file: threads of one test share it as processes would
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-65536;PRAGMA temp_store=MEMORY;PRAGMA mmap_size=268435456;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL: sqlite:/// or postgresql://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        # off for a pooler that gives each transaction another connection (ADR 0006)
        "OPTIONS": {"prepare_threshold": 5 if _flag("LINLI_PREPARED", True) else None},
        "TEST": {"NAME": os.environ.get("LINLI_TEST_DB") or None},
    }


DATABASES = {"default": _database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- rooms, low to high (the order of the ladder) ----------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "linli.site",
    "linli.vault",
    "linli.flow",
    "linli.files",
    "linli.jobs",
    "linli.territory",
    "linli.organisations",
    "linli.accounts",
    "linli.worktime",
    "linli.exchange",
    "linli.knowledge",
    "linli.response",
    "linli.circle",
    "linli.ground",
    "linli.evaluation",
    "linli.coordination",
    "linli.portal",
    "linli.workbench",
    "linli.command",
]
MIDDLEWARE = [
    "linli.site.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "linli.site.live.LivePoll",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "linli.site.middleware.Language",
    "linli.site.middleware.BodyLimit",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "linli.accounts.middleware.CurrentActor",
    "linli.accounts.middleware.TemporaryPassword",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "linli.site.middleware.Refusals",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "linli.config.urls"
WSGI_APPLICATION = "linli.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "linli.site.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "linli.site.templatetags.parts"],
        },
    }
]

# --- who may enter -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["linli.accounts.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},  # a telephone number is no password
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "workbench:inbox"
LOGOUT_REDIRECT_URL = "portal:home"
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the time that the lock-out page promised stands
AXES_LOCKOUT_CALLABLE = "linli.accounts.web.login.locked_out"
AXES_CLIENT_IP_CALLABLE = "linli.site.throttle.client_ip"
SESSION_ENGINE = "linli.accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "linli.site.web.csrf_failure"
METRICS_TOKEN = os.environ.get("LINLI_METRICS_TOKEN", "")  # lets another machine read /metrics
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and TRUSTED_PROXIES else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # a follow link is a secret: it never leaves as a referrer
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "worker-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # form text; photographs stream to disk
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 16_000  # a change of borders: 3,000 lines of five fields
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- words and time ----------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "linli_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
FORMAT_MODULE_PATH = ["linli.config.formats"]

# --- static files: the address carries a hash of all their bytes, so they may be kept for ever --------


def _static_revision() -> str:
    digest = hashlib.sha256()
    for path in sorted((SOURCE / "linli").glob("*/static/**/*")):
        if path.is_file():
            digest.update(str(path.relative_to(SOURCE)).encode() + path.read_bytes())
    return digest.hexdigest()[:10]


STATIC_REVISION = _static_revision()
STATIC_URL = f"/static/{STATIC_REVISION}/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/[0-9a-f]{10}/"
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
WHITENOISE_MIMETYPES = {".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}

# --- work in the background ---------------------------------------------------------------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- logs: JSON lines, a request id, no personal data -------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "linli.site.logs.JsonFormatter"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["out"], "level": os.environ.get("LINLI_LOG", "WARNING")},
    "loggers": {"linli": {"level": os.environ.get("LINLI_LOG", "INFO")}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
