"""Child processes on loopback: start, wait until ready, stop, leave nothing behind.

Used by the demo, the end-to-end tests and the benchmark. Python's standard library only.
"""

import ctypes
import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """Something that the user should read as one line, without a traceback."""


def die_with_parent():
    """In the child: end when the starter is gone, however it went."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until(what, condition, seconds=20.0, process=None):
    """Polls until condition() is true and returns its value; fails late, or if process ends."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if process is not None and process.popen.poll() is not None:
            raise Failure(
                f"{process.name} ended with {process.popen.returncode}:\n{process.log_tail()}"
            )
        if time.monotonic() > deadline:
            tail = f"\n{process.log_tail()}" if process is not None else ""
            raise Failure(f"waited {seconds:g} s in vain: {what}{tail}")
        time.sleep(0.02)


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port(wanted=0):
    """The wanted port when nobody has it, else any."""
    if wanted and is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """A response: status, fields with lower-case names, body."""

    def __init__(self, response, body):
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def cache(self):
        return self.fields.get("x-cache")


def ask(port, path, method="GET", fields=None, body=None, timeout=30):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=fields or {})
        response = connection.getresponse()
        return Answer(response, response.read())
    finally:
        connection.close()


def answers(port, path="/", status=200):
    """True when something there answers so; for wait_until."""
    try:
        return ask(port, path, timeout=5).status == status
    except (OSError, http.client.HTTPException):
        return False


class Process:
    def __init__(self, name, popen, log):
        self.name = name
        self.popen = popen
        self.log = log

    def log_tail(self, lines=20):
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {self.name}: {line}" for line in text[-lines:])

    def is_running(self):
        return self.popen.poll() is None

    def signal_group(self, number):
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            pass

    def stop(self, seconds=5.0):
        """Asks, then insists; also ends what the process itself has started."""
        if self.is_running():
            self.signal_group(signal.SIGTERM)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        self.signal_group(signal.SIGKILL)
        self.popen.wait()

    def family(self):
        """The ids of the process and all that descend from it."""
        found = [self.popen.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    found += [int(child) for child in children.read_text().split()]
                except OSError:
                    pass
        return found


def leave(number, _):
    raise SystemExit(128 + number)


class Processes:
    """A set of processes with a temporary directory; a `with` block ends both."""

    def __init__(self, prefix="isrd-", base=None):
        self.directory = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
        self.directory.chmod(0o755)
        self.running = []

    def __enter__(self):
        # A SIGTERM is an exit like any other, so that the block's end is reached.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, leave)
        # A shell starts its background jobs with Ctrl-C ignored; this one is to be stopped by it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return self

    def __exit__(self, *_):
        # Nothing may interrupt the cleaning up.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self.stop_all()
        shutil.rmtree(self.directory, ignore_errors=True)

    def stop_all(self):
        for process in reversed(self.running):
            process.stop()
        self.running.clear()

    def start(self, name, command, cpu=None, env=None, cwd=None, unprivileged=False):
        """Starts a command in a process group of its own, its output in a log file."""
        log = self.directory / f"{name}.log"
        command = [str(word) for word in command]
        if cpu is not None:
            command = ["taskset", "-c", str(cpu), *command]
        who = {}
        if unprivileged and os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        with log.open("ab") as out:
            try:
                popen = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    cwd=cwd or self.directory,
                    env={**os.environ, **(env or {})},
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                    **who,
                )
            except FileNotFoundError as error:
                raise Failure(f"cannot start {name}: {error.filename} is not there") from error
        process = Process(name, popen, log)
        self.running.append(process)
        return process

    def stop(self, process):
        process.stop()
        if process in self.running:
            self.running.remove(process)

    def private_directory(self, name):
        """A directory that an unprivileged process may write."""
        path = self.directory / name
        path.mkdir()
        hand_over(path)
        return path


def hand_over(path):
    """Gives a file, or a directory with all that is in it, to the unprivileged user."""
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody")
    for each in [path, *path.rglob("*")]:
        os.chown(each, nobody.pw_uid, nobody.pw_gid)


def debian_python():
    """Debian's own interpreter, which sees Debian's Django."""
    return "/usr/bin/python3"
