"""Slow pages that say when they were made, and a form that changes them."""

import json
import time
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

from blog.forms import PostForm
from blog.models import Post
from django.conf import settings
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect, render


def slow_page(request, template, values):
    """Renders after the time that a real page's queries would take; the page carries its making."""
    started = time.monotonic()
    time.sleep(settings.PAGE_SECONDS)
    made = datetime.now(timezone.utc).strftime("%H:%M:%S.%f")[:-3]
    took = f"{(time.monotonic() - started) * 1000:.0f}"
    return render(request, template, {**values, "made": made, "took": took})


def index(request):
    return slow_page(request, "blog/index.html", {"posts": Post.objects.all()})


def post(request, number):
    return slow_page(request, "blog/post.html", {"post": get_object_or_404(Post, id=number)})


def edit(request, number):
    """The form passes by the cache (route "edit"), and so does the page that it leads back to."""
    found = get_object_or_404(Post, id=number)
    form = PostForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        saved = form.save(commit=False)
        saved.version = F("version") + 1
        saved.save()
        word = "saved"
        if form.cleaned_data["purge"]:
            word = purge(
                [request.build_absolute_uri(f"/post/{number}/"), request.build_absolute_uri("/")]
            )
        return redirect(f"/edit/{number}/?{word}")
    said = next((word for word in ("saved", "purged", "unpurged") if word in request.GET), "")
    values = {"post": found, "form": form, "said": said, "can_purge": bool(settings.ISRD_ADMIN)}
    return render(request, "blog/edit.html", values)


def purge(urls):
    """Tells isrd's admin port that these pages are gone."""
    try:
        call = urllib.request.Request(
            f"http://{settings.ISRD_ADMIN}/v1/invalidate",
            data=json.dumps({"mode": "purge", "urls": urls}).encode(),
            headers={
                "Authorization": "Bearer " + Path(settings.ISRD_TOKEN_FILE).read_text().strip(),
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(call, timeout=5):
            return "purged"
    except OSError:
        return "unpurged"
