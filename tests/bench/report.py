"""Results as tables for terminal and docs/benchmarks.md, and what the goals say of them."""

import re

SIZE_NAMES = {1024: "1 KiB", 16384: "16 KiB", 131072: "128 KiB"}
# (goal, not done above) as multiples of the floor, by size.
FLOOR_GOALS = {1024: (1.25, 1.45), 16384: (1.25, 1.45), 131072: (1.10, 1.45)}
NGINX_LIMIT = 0.75
STATIC_OVER_FLOOR = 2.1

INTRO = """\
# Benchmarks

How isrd compares with nginx `proxy_cache`, Varnish and HAProxy's cache, measured in one run on one
machine. `./dev bench` makes the tables again; `./dev bench hit --quick` takes half a minute.

- Each server has one worker on CPU 0; load generator and origin are on CPU 1. Access logs are off,
  connections to the origin are kept alive, nginx's cache is on tmpfs. `tests/bench/servers.py`
  holds every configuration.
- The primary figure is the CPU time of the server's processes for each request (user and kernel,
  the scheduler's own account), because one load generator cannot saturate a fast server. It is the
  least of several short runs in random order; the median stands beside it. Requests/s, p50 and p99
  are medians and also depend on the load generator.
- 64 keep-alive connections ask for 1000 pages in turn, with 15 request fields as a browser sends
  them. Each page is asked for and compared byte by byte before; while hits are measured, the
  origin's own count must not move.
- *floor* is a bare epoll loop that parses nothing and sends prepared answers: nearly all of it is
  the kernel. Differences below 3 % are noise. Compare ratios, and only within one table.
"""


def lay_out(head, rows):
    """A Markdown table with aligned columns."""
    table = [head, *rows]
    widths = [max(len(str(row[i])) for row in table) for i in range(len(head))]

    def line(row):
        cells = [
            str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ]
        return "| " + " | ".join(cells) + " |"

    rule = (
        "|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|"
    )
    return "\n".join([line(head), rule, *(line(row) for row in rows)])


def size_name(size):
    return SIZE_NAMES.get(size, f"{size} B")


def ratio(rows, over, under):
    return rows[over]["cpu_us"] / rows[under]["cpu_us"] if over in rows and under in rows else None


def two(value):
    return "" if value is None else f"{value:.2f}"


def hit_table(result):
    rows = result["rows"]
    order = sorted(rows, key=lambda key: (key[1], rows[key]["cpu_us"]))
    lines = []
    for name, size in order:
        row = rows[name, size]
        lines.append(
            [
                f"{size_name(size)}, {name}",
                two(row["cpu_us"]),
                two(row["cpu_us_median"]),
                two(ratio(rows, (name, size), ("floor", size))),
                two(ratio(rows, (name, size), ("nginx", size))),
                f"{row['rps']:.0f}",
                f"{row['p50_us']:.0f}",
                f"{row['p99_us']:.0f}",
            ]
        )
    head = [
        "hit",
        "CPU us/request",
        "median",
        "x floor",
        "x nginx",
        "requests/s",
        "p50 us",
        "p99 us",
    ]
    return "\n".join([lay_out(head, lines), "", *hit_verdicts(rows, result["notes"])])


def hit_verdicts(rows, notes):
    said = []
    for size, (goal, limit) in FLOOR_GOALS.items():
        got = ratio(rows, ("isrd", size), ("floor", size))
        if got is not None:
            word = "goal met" if got <= goal else "above the goal" if got <= limit else "NOT DONE"
            said.append(
                f"- isrd at {size_name(size)}: {got:.2f} x floor "
                f"(goal {goal}, limit {limit}): {word}"
            )
    got = ratio(rows, ("isrd", 1024), ("nginx", 1024))
    if got is not None:
        word = "held" if got <= NGINX_LIMIT else "NOT DONE"
        said.append(f"- isrd at 1 KiB: {got:.2f} x nginx (limit {NGINX_LIMIT}): {word}")
    got = ratio(rows, ("nginx file", 1024), ("floor", 1024))
    if got is not None:
        said.append(
            f"- The floor's own check: nginx with a file is {got:.2f} x floor "
            f"(about {STATIC_OVER_FLOOR} expected)"
        )
    calls = notes.get("system calls")
    if calls:
        each = ", ".join(
            f"{name} {count:.2f}" for name, count in sorted(calls.items(), key=lambda c: -c[1])
        )
        said.append(
            f"- System calls for each hit, under strace: {sum(calls.values()):.2f} ({each})"
        )
    if "allocations" in notes:
        said.append(f"- Allocations for each hit: {notes['allocations']:.4f}")
    said.append("- The origin heard nothing while hits were measured.")
    return said


def miss_table(result):
    rows = result["rows"]
    lines = []
    for name, kind in sorted(rows, key=lambda key: (key[1], rows[key]["cpu_us"])):
        row = rows[name, kind]
        lines.append(
            [
                f"{kind}, {name}",
                two(row["cpu_us"]),
                two(row["cpu_us_median"]),
                two(ratio(rows, (name, kind), ("haproxy", kind))),
                f"{row['rps']:.0f}",
                f"{row['p50_us']:.0f}",
                f"{row['p99_us']:.0f}",
            ]
        )
    head = [
        "miss, 16 KiB",
        "CPU us/request",
        "median",
        "x HAProxy",
        "requests/s",
        "p50 us",
        "p99 us",
    ]
    return lay_out(head, lines)


def stampede_table(result):
    lines = []
    for (name, kind), row in sorted(
        result["rows"].items(), key=lambda item: (item[0][1], item[1]["slowest_ms"])
    ):
        lines.append(
            [
                f"{kind}, {name}",
                row["origin"],
                f"{row['slowest_ms']:.1f}",
                f"{row['slowest_ms_max']:.1f}",
                row["errors"],
            ]
        )
    head = ["200 clients", "origin requests", "slowest ms", "worst round", "errors"]
    return lay_out(head, lines)


TABLES = {"hit": hit_table, "miss": miss_table, "stampede": stampede_table}


def table(scenario, result):
    return TABLES[scenario](result)


def plain(value):
    """The same with keys that JSON can write."""
    if isinstance(value, dict):
        return {
            " ".join(map(str, k)) if isinstance(k, tuple) else k: plain(v) for k, v in value.items()
        }
    return value


def write_docs(path, scenario, result, about):
    """Replaces the part between the scenario's two marks, or adds it at the end."""
    begin, end = f"<!-- bench {scenario} -->", f"<!-- end bench {scenario} -->"
    made = (
        f"Made by `./dev bench {scenario} --write-docs` on {about['date']}: {about['machine']}; "
        + (
            f"{about['runs']} runs of {about['seconds']:g} s for each row."
            if scenario != "stampede"
            else "clients at one instant."
        )
    )
    part = f"{begin}\n{made}\n\n{table(scenario, result)}\n{end}"
    text = path.read_text() if path.exists() else INTRO
    if begin in text:
        text = re.sub(
            re.escape(begin) + ".*?" + re.escape(end), lambda _: part, text, flags=re.DOTALL
        )
    else:
        text += f"\n## {scenario}\n\n{part}\n"
    path.write_text(text)
