#!/usr/bin/env python3
"""Side-by-side benchmark: isrd, nginx, Varnish, HAProxy and a floor, on loopback.

    ./dev bench [hit|stampede|miss|all] [--quick] [--json FILE] [--write-docs] ...

The server runs on CPU 0, load and origin on CPU 1. The primary figure is the CPU time of the
server's processes for each request, the least of several short runs in random order. See
docs/benchmarks.md.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "demo"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import report  # noqa: E402
from measure import Bench, allocations, summary, system_calls  # noqa: E402
from processes import Failure, Processes, ask  # noqa: E402
from servers import Floor, Isrd, Nginx, NginxStatic, Origin, start_all  # noqa: E402

PAGES = 1000
STAMPEDE_CLIENTS = 200
# Small, so that the clients' own reading does not hide how long the server let them wait.
STAMPEDE_BYTES = 1024
STALE_AFTER_SECONDS = 2.5  # a TTL of one second, where a server counts whole seconds


def bench_hit(bench, options, processes):
    """Pages from RAM, three sizes; the origin must not hear of it."""
    servers = start_all(processes, options.build, bench.origin.port, options.isrd, options.only)
    floors = {size: Floor(processes, options.build, 0).start(size) for size in options.sizes}
    rows = list(servers)
    for server in servers:
        if isinstance(server, Nginx):
            rows.append(NginxStatic(server, options.sizes, PAGES))
    cases = {}
    for size in options.sizes:
        floor = floors[size]
        cases["floor", size] = lambda s=floor, p=floor.prefix("keep", size): bench.run_once(s, p)
        for server in rows:
            bench.warm(server, "keep", size)
            prefix = server.prefix("keep", size)
            cases[server.name, size] = lambda s=server, p=prefix: bench.run_once(s, p)
    results = {key: summary(runs) for key, runs in bench.interleaved(cases).items()}
    notes = hit_notes(bench, options, processes, servers)
    for (name, size), row in results.items():
        if row["origin"]:
            raise Failure(f"{name}, {size} bytes: {row['origin']} of {row['asked']} were no hits")
    return {"rows": results, "notes": notes}


def hit_notes(bench, options, processes, servers):
    notes = {}
    size = options.sizes[0]
    for server in servers:
        if not isinstance(server, Isrd):
            continue
        notes["system calls"] = system_calls(bench, server, size)

        def counted(env):
            return Isrd(processes, options.build, bench.origin.port, options.isrd).start(env=env)

        notes["allocations"] = allocations(bench, counted, size)
    return notes


def bench_miss(bench, options, processes):
    """All requests go to the origin: pages that may not be stored, and pages not seen before."""
    servers = start_all(processes, options.build, bench.origin.port, options.isrd, options.only)
    first = iter(range(10_000_000, 2**62, 10_000_000))
    cases = {}
    for server in servers:
        passed, stored = server.prefix("pass", 16384), server.prefix("keep", 16384)
        cases[server.name, "pass"] = lambda s=server, p=passed: bench.run_once(s, p)
        cases[server.name, "stored"] = lambda s=server, p=stored: bench.run_once(
            s, p, "--unique", "--first", next(first)
        )
    results = {key: summary(runs) for key, runs in bench.interleaved(cases).items()}
    for (name, kind), row in results.items():
        if row["origin"] != row["asked"]:
            print(f"note: {name}, {kind}: {row['asked']} requests, {row['origin']} at the origin")
    return {"rows": results}


def bench_stampede(bench, options, processes):
    """200 clients at one instant on a page that takes 300 ms: never seen before, and gone stale."""
    servers = start_all(processes, options.build, bench.origin.port, options.isrd, options.only)
    numbers = iter(range(1, 10_000))
    rounds = 2 if options.quick else 5
    kinds = [(bench.origin, "cold", cold_burst)]
    kinds += [(server, "cold", cold_burst) for server in servers]
    # What the clients themselves need when nobody waits for anything.
    kinds += [
        (Floor(processes, options.build, 0).start(STAMPEDE_BYTES, pages=1), "stale", floor_burst)
    ]
    kinds += [(server, "stale", stale_burst) for server in servers]
    rows = {}
    for server, kind, measure_one in kinds:
        runs = [measure_one(bench, server, next(numbers)) for _ in range(rounds)]
        rows[server.name, kind] = {
            "origin": max(run["origin"] for run in runs),
            "slowest_ms": statistics.median(run["slowest_ms"] for run in runs),
            "slowest_ms_max": max(run["slowest_ms"] for run in runs),
            "errors": sum(run["errors"] for run in runs),
            "rounds": len(runs),
        }
    return {"rows": rows}


def burst(bench, server, path):
    before = bench.origin_requests(path)
    got = bench.load("burst", "--port", server.port, "--path", path, "--clients", STAMPEDE_CLIENTS)
    time.sleep(0.7)  # a background fetch of 300 ms ends, and a second one would be seen
    got["origin"] = bench.origin_requests(path) - before
    return got


def cold_burst(bench, server, number):
    return burst(bench, server, f"/keep/{STAMPEDE_BYTES}/300/{number}")


def floor_burst(bench, server, _):
    return burst(bench, server, "/keep/0")


def stale_burst(bench, server, number):
    path = f"/brief/{STAMPEDE_BYTES}/300/{number}"
    ask(server.port, path, fields={"Host": "www.example.org"})
    time.sleep(STALE_AFTER_SECONDS)
    return burst(bench, server, path)


SCENARIOS = {"hit": bench_hit, "stampede": bench_stampede, "miss": bench_miss}


def machine():
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} CPUs, Linux {platform.release().split('-')[0]}"


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n", 1)[0])
    parser.add_argument("scenario", nargs="?", default="all", choices=[*SCENARIOS, "all"])
    parser.add_argument(
        "--build", type=Path, default=ROOT / "build/release", help="build directory"
    )
    parser.add_argument("--isrd", type=Path, help="another isrd than the build directory's")
    parser.add_argument("--runs", type=int, help="runs of each row (12; 3 with --quick)")
    parser.add_argument("--seconds", type=float, help="length of a run (0.7; 0.3 with --quick)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 16384, 131072])
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", nargs="+", metavar="SERVER", help="isrd, nginx, varnish, haproxy")
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter runs, rougher figures"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the tables into docs/benchmarks.md"
    )
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.runs = options.runs or (3 if options.quick else 12)
    options.seconds = options.seconds or (0.3 if options.quick else 0.7)
    return options


def fast_directory():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def run_scenario(name, options):
    with Processes("isrd-bench-", fast_directory()) as processes:
        origin = Origin(processes, options.build, 0).start()
        bench = Bench(
            options.build, origin, options.runs, options.seconds, PAGES, options.connections
        )
        try:
            return SCENARIOS[name](bench, options, processes)
        except (Failure, OSError) as error:
            ended = [process for process in processes.running if not process.is_running()]
            causes = [f"{p.name} ended with {p.popen.returncode}\n{p.log_tail()}" for p in ended]
            raise Failure("\n".join([str(error), *causes])) from error


def main():
    options = parse()
    if (os.cpu_count() or 1) < 2:
        raise Failure("needs two CPUs: one for the server, one for the load")
    names = list(SCENARIOS) if options.scenario == "all" else [options.scenario]
    about = {
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d"),
        "runs": options.runs,
        "seconds": options.seconds,
    }
    print(f"{about['machine']}; {options.runs} runs of {options.seconds:g} s for each row")
    results = {}
    for name in names:
        results[name] = run_scenario(name, options)
        print(f"\n{name}\n" + report.table(name, results[name]))
        if options.write_docs:
            report.write_docs(ROOT / "docs/benchmarks.md", name, results[name], about)
    if options.json:
        options.json.write_text(
            json.dumps(report.plain({**about, "results": results}), indent=1) + "\n"
        )


if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")
