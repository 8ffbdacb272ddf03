"""Measured runs as tables for people and as a plot.

    python3 benchmarks/report.py OUTPUT RESULTS.json [RESULTS.json...]

puts the results of several calls of run.py together.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from html import escape
from pathlib import Path

from measure import Run, median, paired_ratio

YARDSTICK = "uv"
COLOURS = {"peep": "#2a6f4e", "peep.pyz": "#7fb69a", "uv": "#7a4fa3", "pip": "#b0752c"}

COLUMNS = (*("wall s", "user s", "system s", "peak MiB", "MiB written"), *("wall to uv", "user to uv", "wall to pip"))

Results = dict[str, dict[str, list[Run]]]


def table(workload: str, results: Results) -> str:
    """One table in Markdown: medians, and ratios to uv and pip taken round by round."""
    lines = ["", f"## {workload}", "", f"| case | program | {' | '.join(COLUMNS)} |"]
    lines.append(f"|---|---|{'--:|' * len(COLUMNS)}")
    for case, by_program in results.items():
        for name, runs in by_program.items():
            cells = [f"{median(runs, 'wall'):.3f}", f"{median(runs, 'user'):.3f}", f"{median(runs, 'system'):.3f}"]
            cells += [f"{median(runs, 'memory') / 2**20:.0f}", f"{median(runs, 'written') / 2**20:.0f}"]
            cells += [_ratio(runs, by_program.get(YARDSTICK), "wall"), _ratio(runs, by_program.get(YARDSTICK), "user")]
            cells += [_ratio(runs, by_program.get("pip"), "wall")]
            lines.append(f"| {case} | {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _ratio(runs: list[Run], others: list[Run] | None, what: str) -> str:
    return f"{paired_ratio(runs, others, what):.2f}" if others and others is not runs else "-"


def svg(results: dict[str, Results]) -> str:
    """Horizontal bars of median wall times relative to uv (pip is left out: its bars would dwarf the rest)."""
    rows: list[str] = []
    y = 30
    for workload, cases in results.items():
        for case, by_program in cases.items():
            if YARDSTICK not in by_program:
                continue
            rows.append(f'<text x="10" y="{y + 11}" font-weight="bold">{escape(workload)}: {escape(case)}</text>')
            y += 18
            for name, runs in by_program.items():
                if name != "pip":
                    rows.append(_bar(name, runs, by_program[YARDSTICK], y))
                    y += 16
            y += 10
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{y}" font-family="sans-serif" font-size="11">'
    title = '<text x="10" y="16" font-size="13">wall time relative to uv (shorter is faster; medians)</text>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', title, *rows, "</svg>\n"])


def _bar(name: str, runs: list[Run], yardstick: list[Run], y: int) -> str:
    ratio = 1.0 if name == YARDSTICK else paired_ratio(runs, yardstick, "wall")
    width = min(ratio, 3.0) * 160
    label = f"{ratio:.2f} ({median(runs, 'wall') * 1000:.0f} ms)"
    return (
        f'<text x="80" y="{y + 10}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="90" y="{y}" width="{width:.0f}" height="12" fill="{COLOURS.get(name, "#888")}"/>'
        f'<text x="{96 + width:.0f}" y="{y + 10}">{label}</text>'
    )


def write(output: Path, results: dict[str, Results]) -> None:
    """`results.json`, `results.md` and `results.svg` in the folder `output`."""
    output.mkdir(parents=True, exist_ok=True)
    plain = {
        workload: {
            case: {name: [asdict(one) for one in runs] for name, runs in by.items()} for case, by in cases.items()
        }
        for workload, cases in results.items()
    }
    (output / "results.json").write_text(json.dumps(plain, indent=1) + "\n")
    (output / "results.md").write_text("".join(table(*one) for one in results.items()).lstrip())
    (output / "results.svg").write_text(svg(results))


def read(path: Path) -> dict[str, Results]:
    """What `write` wrote."""
    return {
        workload: {
            case: {name: [Run(**one) for one in runs] for name, runs in by.items()} for case, by in cases.items()
        }
        for workload, cases in json.loads(path.read_text()).items()
    }


if __name__ == "__main__":
    found: dict[str, Results] = {}
    for name in sys.argv[2:]:
        found |= read(Path(name))
    write(Path(sys.argv[1]), found)
