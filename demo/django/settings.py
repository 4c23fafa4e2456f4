"""A small Django site for the demo and the end-to-end tests: one app, SQLite, no sessions."""

import os
from pathlib import Path

BASE = Path(__file__).resolve().parent

SECRET_KEY = "only for a demo on loopback"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
INSTALLED_APPS = ["blog"]
MIDDLEWARE = [
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
if os.environ.get("DEMO_GZIP"):
    MIDDLEWARE.insert(0, "django.middleware.gzip.GZipMiddleware")
# The form's cookie goes to the form only: with a cookie every page would go past the cache.
CSRF_COOKIE_PATH = "/edit/"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DEMO_DATABASE", str(BASE / "blog.sqlite3")),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
USE_TZ = True
TIME_ZONE = "UTC"

# How long a page pretends to work, in seconds.
PAGE_SECONDS = float(os.environ.get("DEMO_PAGE_SECONDS", "0.3"))
# Where isrd's admin port listens ("127.0.0.1:9090") and the file with its token.
# Empty: the form offers no purge.
ISRD_ADMIN = os.environ.get("DEMO_ISRD_ADMIN", "")
ISRD_TOKEN_FILE = os.environ.get("DEMO_ISRD_TOKEN_FILE", "")

# The token's cookie stays with the forms: on a page it would be a cookie that isrd does not know, and bypass the cache.
CSRF_COOKIE_PATH = "/edit/"
