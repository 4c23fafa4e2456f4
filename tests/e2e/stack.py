"""isrd in front of a real origin, as the tests use it."""

import re
import subprocess
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from processes import Processes, answers, ask, free_port, wait_until

CONFIG = """\
listen: ["127.0.0.1:{port}"]
workers: 2
admin: {{ listen: "127.0.0.1:{admin}", token_file: "{directory}/admin.token" }}
store: {{ memory: 64MiB }}
log: {{ level: info, access: on }}
origins:
  site: {{ url: "http://127.0.0.1:{origin}" }}
sites:
  - name: site
    hosts: ["*"]
    origin: site
    wait_max: 20s                # a slow machine must not look like a second fetch
    routes:
      - {{ name: edit, match: {{ path: "/edit/**" }}, cache: off }}
      - {{ name: pages, match: {{ path: "/**" }}, fresh: 2s, stale: 1h, error: 1d }}
"""


class Isrd:
    def __init__(self, processes, binary, origin_port):
        self.processes = processes
        self.binary = binary
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.admin = free_port()
        self.token = processes.directory / "admin.token"
        config = processes.directory / "isrd.yaml"
        config.write_text(
            CONFIG.format(
                port=self.port,
                admin=self.admin,
                origin=origin_port,
                directory=processes.directory,
            )
        )
        self.process = processes.start("isrd", [binary, "serve", "--config", config])
        wait_until("isrd is ready", lambda: answers(self.admin, "/readyz"), 30, self.process)

    def ask(self, path, method="GET", fields=None, body=None):
        return ask(self.port, path, method, fields, body)

    def ask_at_once(self, path, clients):
        """The same request from many clients that start together."""
        barrier = threading.Barrier(clients)

        def one(_):
            barrier.wait()
            return self.ask(path)

        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(one, range(clients)))

    def url(self, path):
        return f"http://{self.host}{path}"

    def command(self, *words):
        """isrd as its own client."""
        where = ["--admin", f"127.0.0.1:{self.admin}", "--token-file", self.token]
        command = [str(word) for word in (self.binary, *words, *where)]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def log(self):
        return self.process.log_tail(40)


class OriginTest(unittest.TestCase):
    """One origin and one isrd for a class of tests; each test uses pages of its own."""

    binary = None  # set by main.py
    origin_class = None
    origin_settings = ()

    @classmethod
    def setUpClass(cls):
        cls.processes = Processes("isrd-e2e-")
        cls.addClassCleanup(cls.processes.__exit__)
        cls.origin = cls.origin_class(cls.processes, free_port(), *cls.origin_settings).start()
        cls.isrd = Isrd(cls.processes, cls.binary, cls.origin.port)

    def tearDown(self):
        self.assertTrue(self.isrd.process.is_running(), f"isrd is gone:\n{self.isrd.log()}")

    def poll(self, what, path, wanted, seconds=30, **how):
        """Asks until wanted(answer) holds; the answers seen until then, the last one included."""
        seen = []

        def once():
            seen.append(self.isrd.ask(path, **how))
            return wanted(seen[-1])

        wait_until(what, once, seconds, self.isrd.process)
        return seen

    def poll_cache(self, path, word, **how):
        return self.poll(f"{path} is {word}", path, lambda answer: answer.cache == word, **how)

    def assert_cache(self, answer, *words):
        said = f"{answer.status} {answer.fields}\n{self.isrd.log()}"
        self.assertIn(answer.cache, words, said)


def made(answer):
    """When the origin made a page, as the page itself says."""
    found = re.search(r"(?:Rendered at <b>|made )([0-9:.]+)", answer.text)
    return found.group(1) if found else None
