"""Makes the database and its posts, once."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from blog.models import Post  # noqa: E402
from django.core.management import call_command  # noqa: E402

POSTS = [
    ("Why pages wait", "A page that takes 300 ms to make takes 300 ms every time, for everyone."),
    (
        "Serve first, regenerate behind",
        "The visitor gets the last good page; one request makes the next.",
    ),
    (
        "One flight for each page",
        "Two hundred visitors at once are still one request to the origin.",
    ),
    ("When the origin is down", "The last good page is better than an error page."),
    ("Purging by hand", "Edit this post, then purge it and look again."),
]

call_command("migrate", run_syncdb=True, verbosity=0)
if not Post.objects.exists():
    Post.objects.bulk_create(Post(title=title, text=text) for title, text in POSTS)
