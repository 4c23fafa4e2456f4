#!/usr/bin/env python3
"""isrd in front of a small Django blog, or of any origin: `./dev run [ORIGIN_URL]`."""

import argparse
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))
from origins import DjangoOrigin  # noqa: E402
from processes import Failure, Processes, answers, free_port, hand_over, wait_until  # noqa: E402

CONFIG = """\
listen: ["127.0.0.1:{port}"]
admin: {{ listen: "127.0.0.1:{admin}", token_file: "{directory}/admin.token" }}
store: {{ memory: 256MiB }}
log: {{ access: on }}
origins:
  blog: {{ url: "{origin}" }}
sites:
  - name: blog
    hosts: ["*"]
    origin: blog
    routes:
      - {{ name: edit, match: {{ path: "/edit/**" }}, cache: off }}
      - {{ name: pages, match: {{ path: "/**" }}, fresh: 10s, stale: 1h, error: 1d }}
"""

WALK = """
Open   {site}/          the site through isrd (Ctrl-C here ends it)
       {origin}/          the origin itself: every page takes 300 ms

Type, in another terminal in this directory, one after the other:

  curl -si {page} | grep -iE '^(x-cache|age|cache-status)|version|rendered'
        MISS: the page was made while you waited. Again: HIT, at once. More than 10 s later:
        STALE, still at once, while one request to the origin regenerates it. Again: HIT, and
        it was rendered at another time.

  Edit the post in the browser, at {site}/edit/1/ (never cached), and type the
  curl line again: the old version is served. To see the new one at once:

  {isrd} purge {page} --admin {admin} --token-file {token}
        and the curl line again: MISS, with the new version. With the form's check box the blog
        purges by itself.

  {isrd} stats --admin {admin} --token-file {token}

isrd's log:
"""

WALK_OTHER = """
Open   {site}/          {origin} through isrd (Ctrl-C here ends it)

Type, in another terminal in this directory, one after the other:

  curl -si {site}/ | grep -iE '^(x-cache|age|cache-status)'
        MISS, then HIT; more than 10 s later STALE, while one request regenerates it.

  {isrd} purge {site}/ --admin {admin} --token-file {token}
  {isrd} stats --admin {admin} --token-file {token}

isrd's log:
"""


def parse():
    parser = argparse.ArgumentParser(prog="./dev run", description=__doc__)
    parser.add_argument("origin", nargs="?", metavar="ORIGIN_URL", help="instead of the demo site")
    parser.add_argument("--isrd", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=8080, help="of the site")
    parser.add_argument("--admin-port", type=int, default=9090)
    parser.add_argument("--origin-port", type=int, default=8000, help="of the demo site's Django")
    return parser.parse_args()


def pick_port(what, wanted):
    port = free_port(wanted)
    if port != wanted:
        print(f"Port {wanted} is taken; the {what} gets {port}.")
    return port


def start_isrd(processes, options, ports, origin):
    command = [options.isrd.resolve(), "serve"]
    if options.origin:
        command += ["--listen", f"127.0.0.1:{ports['site']}", "--origin", origin]
        command += ["--admin", f"127.0.0.1:{ports['admin']}"]
        command += ["--token-file", processes.directory / "admin.token"]
        command += ["--fresh", "10s", "--stale", "1h"]
    else:
        config = processes.directory / "isrd.yaml"
        text = CONFIG.format(
            port=ports["site"], admin=ports["admin"], directory=processes.directory, origin=origin
        )
        config.write_text(text)
        command += ["--config", config]
    isrd = processes.start("isrd", command)
    wait_until("isrd is ready", lambda: answers(ports["admin"], "/healthz"), 20, isrd)
    return isrd


def follow(processes, isrd):
    """Shows isrd's log until somebody stops us or a process ends by itself."""
    with isrd.log.open(errors="replace") as log:
        while True:
            text = log.read()
            if text:
                print(text, end="", flush=True)
            for process in processes.running:
                if not process.is_running() and process.name != "prepare":
                    raise Failure(f"{process.name} ended by itself:\n{process.log_tail()}")
            time.sleep(0.2)


def run(options):
    ports = {
        "site": pick_port("site", options.port),
        "admin": pick_port("admin port", options.admin_port),
    }
    with Processes("isrd-demo-") as processes:
        admin = f"127.0.0.1:{ports['admin']}"
        token = processes.directory / "admin.token"
        if options.origin:
            origin = options.origin.rstrip("/")
            if urlsplit(origin).scheme not in ("http", "https", "unix"):
                raise Failure(f"{origin}: a URL like http://127.0.0.1:8000 is needed")
        else:
            port = pick_port("origin", options.origin_port)
            origin = f"http://127.0.0.1:{port}"
            blog_token = processes.private_directory("blog") / "admin.token"
            settings = {"DEMO_ISRD_ADMIN": admin, "DEMO_ISRD_TOKEN_FILE": str(blog_token)}
            DjangoOrigin(processes, port, settings).start()
        isrd = start_isrd(processes, options, ports, origin)
        if not options.origin:
            # isrd's own file is for its user alone, and the blog may run as another.
            blog_token.touch(0o600)
            blog_token.write_text(token.read_text())
            hand_over(blog_token)
        site = f"http://127.0.0.1:{ports['site']}"
        walk = WALK_OTHER if options.origin else WALK
        print(
            walk.format(
                site=site,
                origin=origin,
                page=f"{site}/post/1/",
                admin=admin,
                token=token,
                isrd=os.path.relpath(options.isrd),
            ),
            end="",
            flush=True,
        )
        follow(processes, isrd)


if __name__ == "__main__":
    try:
        run(parse())
    except KeyboardInterrupt:
        print("\nStopped.")
    except Failure as failure:
        sys.exit(f"./dev run: {failure}")
