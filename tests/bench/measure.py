"""Runs of the load generator, and what is learned from several of them."""

import json
import mmap
import os
import random
import signal
import statistics
import struct
import subprocess
from collections import defaultdict

from processes import Failure, ask, wait_until
from servers import LOAD_CPU


class Bench:
    """How to measure: the programs, the origin, and the length of things."""

    def __init__(self, build, origin, runs, seconds, pages, connections):
        self.build = build
        self.origin = origin
        self.runs = runs
        self.seconds = seconds
        self.pages = pages
        self.connections = connections

    def load(self, mode, *options):
        command = ["taskset", "-c", str(LOAD_CPU), str(self.build / "tests/bench/bench_load"), mode]
        command += [str(option) for option in options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if not done.stdout:
            raise Failure(f"bench_load failed: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def origin_requests(self, path=""):
        return json.loads(ask(self.origin.port, f"/__count{path}").body)["total"]

    def warm(self, server, kind, size):
        """Asks for every page twice, slowly, and compares every byte."""
        for _ in range(2):
            got = self.load(
                "load",
                "--port",
                server.port,
                "--prefix",
                server.prefix(kind, size),
                "--check",
                "--pages",
                self.pages,
                "--count",
                self.pages,
                "--connections",
                4,
                "--seconds",
                120,
            )
            if got["errors"]:
                raise Failure(f"{server.name}: {got['errors']} wrong answers at {size} bytes")

    def run_once(self, server, prefix, *options):
        before = self.origin_requests()
        got = self.load(
            "load",
            "--port",
            server.port,
            "--prefix",
            prefix,
            "--seconds",
            self.seconds,
            "--warm",
            0.05,
            "--connections",
            self.connections,
            "--pids",
            ",".join(map(str, server.pids())),
            *options,
        )
        got["origin"] = self.origin_requests() - before
        if got["errors"]:
            raise Failure(f"{server.name}: {got['errors']} errors in {got['requests']} requests")
        return got

    def interleaved(self, cases):
        """{key: function of one run} to {key: [result]}: each several times, in random order."""
        order = [key for key in cases for _ in range(self.runs)]
        random.shuffle(order)
        results = defaultdict(list)
        for key in order:
            results[key].append(cases[key]())
        return results


def summary(runs):
    """The least CPU time converges; everything else is the median of the runs."""
    return {
        "cpu_us": min(run["cpu_us"] for run in runs),
        "cpu_us_median": statistics.median(run["cpu_us"] for run in runs),
        "rps": statistics.median(run["rps"] for run in runs),
        "p50_us": statistics.median(run["p50_us"] for run in runs),
        "p99_us": statistics.median(run["p99_us"] for run in runs),
        "requests": sum(run["requests"] for run in runs),
        "asked": sum(run["requests"] + run["warmed"] for run in runs),
        "origin": sum(run["origin"] for run in runs),
        "runs": len(runs),
    }


def system_calls(bench, server, size, hits=20_000):
    """System calls for each hit, counted by strace; None where it may not attach."""
    report = server.processes.directory / "strace.txt"
    (pid,) = [pid for pid in server.pids() if is_program(pid)]
    tracer = server.processes.start("strace", ["strace", "-f", "-c", "-o", report, "-p", pid])
    try:
        wait_until("strace attaches", lambda: "attached" in tracer.log.read_text(), 10, tracer)
    except Failure:
        return None
    bench.load(
        "load",
        "--port",
        server.port,
        "--prefix",
        server.prefix("keep", size),
        "--count",
        hits,
        "--connections",
        bench.connections,
        "--seconds",
        60,
    )
    tracer.signal_group(signal.SIGINT)
    tracer.popen.wait(30)
    server.processes.stop(tracer)
    calls = {}
    for line in report.read_text().splitlines():
        words = line.split()
        if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
            calls[words[-1]] = int(words[3]) / hits
    return {name: count for name, count in calls.items() if count >= 0.005}


def is_program(pid):
    """True for the server itself, not for the taskset that became it or a shell."""
    return os.path.basename(os.readlink(f"/proc/{pid}/exe")) not in ("taskset", "sh", "bash")


def allocations(bench, make_server, size, hits=20_000):
    """Calls of malloc and kin for each hit: the difference of two runs, without connections."""
    counter = bench.origin.processes.directory / "malloc.count"
    counter.write_bytes(b"\0" * 8)
    server = make_server(
        env={
            "LD_PRELOAD": str(bench.build / "tests/bench/malloc_count.so"),
            "MALLOC_COUNT_FILE": str(counter),
        }
    )
    bench.warm(server, "keep", size)
    with counter.open("r+b") as file, mmap.mmap(file.fileno(), 8) as view:

        def count(requests):
            before = struct.unpack("Q", view[:8])[0]
            bench.load(
                "load",
                "--port",
                server.port,
                "--prefix",
                server.prefix("keep", size),
                "--count",
                requests,
                "--connections",
                bench.connections,
                "--seconds",
                60,
            )
            return struct.unpack("Q", view[:8])[0] - before

        count(hits)
        few = count(hits)
        many = count(3 * hits)
    server.stop()
    return max(0.0, (many - few) / (2 * hits))
