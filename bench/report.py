"""The results as a page of Markdown and as a bar chart."""

from __future__ import annotations

from html import escape
from typing import Any

WORKS = ("hello", "parameters", "form", "json", "static 100 kB")
BESIDE = ("beside sleepers", "beside a hog")


def markdown(facts: dict[str, Any], results: dict[str, dict[str, Any]]) -> str:
    """Return the tables."""
    parts = [
        "# Benchmark",
        "",
        f"`{facts['command']}` on {facts['date']}, CPython {facts['python']}, "
        f"{facts['machine']}: the server on one core, the load generator (wrk, 32 "
        f"connections) on another; {facts['rounds']} interleaved rounds of "
        f"{facts['seconds']} s, medians. Threads: 10 where a server has threads.",
        "",
        "![Requests per second, hello](results.svg)",
        "",
        "Versions: "
        + ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        + ".",
    ]
    works = [work for work in WORKS if _has(results, work)]
    if works:
        parts += ["", "## Requests per second (99th percentile in ms)", ""]
        parts += _table(results, works, _rate)
        parts += ["", "## How many times the peer's rate Morello reaches", ""]
        parts += _ratios(results, works)
    beside = [work for work in BESIDE if _has(results, work)]
    if beside:
        parts += ["", "## Hello beside others", ""]
        parts += [
            "Requests per second, the share of hello alone, 99th percentile in ms. "
            "Sleepers: four clients whose page sleeps 10 ms. Hog: a client whose page "
            "burns 50 ms of processor time.",
            "",
        ]
        parts += _table(results, beside, _share)
    if _has(results, "idle"):
        parts += ["", "## 10,000 idle keep-alive connections", ""]
        parts += _table(results, ["idle"], _idle)
    if _has(results, "in process"):
        parts += ["", "## In process, µs per request without a server", ""]
        rows = {k: v["in process"] for k, v in results.items() if "in process" in v}
        parts += _grid(
            ["", "hello", "parameters", "form"],
            [
                [name, *(f"{row[w]:.1f}" for w in ("hello", "parameters", "form"))]
                for name, row in rows.items()
            ],
        )
    costs = ("import s", "start s", "memory at start MB", "memory under load MB")
    if _has(results, "import s"):
        parts += ["", "## Costs", ""]
        parts += _table(results, list(costs), lambda row, work: f"{row[work]:.2f}")
    return "\n".join(parts) + "\n"


def _has(results: dict[str, dict[str, Any]], work: str) -> bool:
    return any(work in row for row in results.values())


def _table(results: Any, works: list[str], cell: Any) -> list[str]:
    rows = [
        [name, *(cell(row, work) if work in row else "" for work in works)]
        for name, row in results.items()
        if any(work in row for work in works)
    ]
    return _grid(["", *works], rows)


def _grid(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _rate(row: dict[str, Any], work: str) -> str:
    errors = f", {row[work]['errors']} errors" if row[work]["errors"] else ""
    return f"{row[work]['rate']:,.0f} ({row[work]['p99']:.1f}{errors})"


def _share(row: dict[str, Any], work: str) -> str:
    share = ""
    if "hello" in row and row["hello"]["rate"]:
        share = f"{row[work]['rate'] / row['hello']['rate']:.2f}, "
    errors = f", {row[work]['errors']} errors" if row[work]["errors"] else ""
    return f"{row[work]['rate']:,.0f} ({share}{row[work]['p99']:.1f} ms{errors})"


def _idle(row: dict[str, Any], work: str) -> str:
    idle = row[work]
    return (
        f"{idle['kept']:,.0f} kept, {idle['memory MB']:.0f} MB, "
        f"{idle['rate']:,.0f}/s ({idle['p99']:.1f} ms)"
    )


def _ratios(results: dict[str, dict[str, Any]], works: list[str]) -> list[str]:
    ours = results.get("Morello", {})
    rows = []
    for name, row in results.items():
        if name == "Morello" or not any(work in row for work in works):
            continue
        cells = [
            f"{ours[work]['rate'] / row[work]['rate']:.2f}"
            if work in row and work in ours and row[work]["rate"]
            else ""
            for work in works
        ]
        rows.append([name, *cells])
    return _grid(["", *works], rows)


def chart(results: dict[str, dict[str, Any]], work: str, ours: str) -> str:
    """Return a bar chart as SVG: requests per second, the quickest first."""
    bars = sorted(
        ((row[work]["rate"], name) for name, row in results.items() if work in row),
        reverse=True,
    )
    top = max([1.0, *(rate for rate, _ in bars)])
    height = 28 * len(bars) + 50
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="720" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="600">{escape(work)}: '
        "requests per second</text>",
    ]
    for number, (rate, name) in enumerate(bars):
        y = 40 + 28 * number
        width = max(1, round(420 * rate / top))
        color = "#8c1c2f" if name == ours else "#9aa5b1"
        lines += [
            f'<text x="190" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="200" y="{y}" width="{width}" height="20" rx="3" '
            f'fill="{color}"/>',
            f'<text x="{206 + width}" y="{y + 15}">{rate:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
