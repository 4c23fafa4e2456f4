"""Real origins on loopback, unprivileged: Django on gunicorn."""

import shutil
import subprocess
from pathlib import Path

from processes import Failure, accepts, answers, debian_python, hand_over, wait_until

HERE = Path(__file__).resolve().parent


class DjangoOrigin:
    """The blog of demo/django; a copy of it and its database are in the temporary directory."""

    def __init__(self, processes, port, settings=None):
        self.processes = processes
        self.port = port
        # An unprivileged process may not be able to read the work tree.
        self.directory = processes.private_directory("django")
        self.code = self.directory / "site"
        shutil.copytree(HERE / "django", self.code, ignore=shutil.ignore_patterns("__pycache__"))
        hand_over(self.code)
        self.settings = {
            "DEMO_DATABASE": str(self.directory / "blog.sqlite3"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.directory),
            **(settings or {}),
        }
        self.process = None
        self.run_to_end("prepare", [debian_python(), "prepare.py"])

    def run_to_end(self, name, command):
        process = self.processes.start(
            name, command, env=self.settings, cwd=self.code, unprivileged=True
        )
        try:
            status = process.popen.wait(60)
        except subprocess.TimeoutExpired:
            status = "a timeout"
        if status != 0:
            raise Failure(f"{name} ended with {status}:\n{process.log_tail()}")

    def start(self):
        self.process = self.processes.start(
            "django",
            [
                debian_python(),
                "/usr/bin/gunicorn",
                "wsgi:application",
                "--bind",
                f"127.0.0.1:{self.port}",
                "--workers",
                "2",
                "--threads",
                "8",
                "--worker-tmp-dir",
                "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",
                "--access-logfile",
                "-",
                "--access-logformat",
                "%(m)s %({raw_uri}e)s %(s)s regenerate=%({x-isr-regenerate}i)s",
            ],
            env=self.settings,
            cwd=self.code,
            unprivileged=True,
        )
        wait_until("Django answers", lambda: accepts(self.port), 30, self.process)
        wait_until("Django renders", lambda: answers(self.port, "/edit/1/"), 30, self.process)
        return self

    def stop(self):
        self.processes.stop(self.process)

    def requests(self, path, method="GET"):
        """How often the origin was asked for a path; regenerations included."""
        lines = self.process.log.read_text().splitlines()
        return sum(line.startswith(f"{method} {path} ") for line in lines)
