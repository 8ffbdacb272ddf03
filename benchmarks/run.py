"""Measure peep, the one-file edition, uv and pip on the same hashed files from one local index, in turn.

    python3 benchmarks/run.py [--workload web] [--rounds 5] [--only peep --only uv] [--one-file peep.pyz] [--growth]

The archives are fetched once into the cache folder (`--cache`, by default `.cache/benchmarks` in the checkout).
Results go to standard output as tables, and to `--output FOLDER` as `results.json` and `results.svg`. nginx has
to be installed.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import local_index
import report
import synthetic
from cases import CASES, Case, cold, nothing_to_do, upgraded_file, warm
from measure import Run, run
from programs import Program, programs, tools_environment

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
GROWTH = (10, 100, 1000)


def main() -> None:
    options = arguments()
    cache: Path = options.cache
    scripts = tools_environment(cache, CHECKOUT)
    one_file = options.one_file.resolve() if options.one_file else None
    results: dict[str, dict[str, dict[str, list[Run]]]] = {}
    for workload in options.workload or ["web", "data"]:
        requirements = HERE / "workloads" / f"{workload}.txt"
        archives = cache / "archives" / workload
        local_index.download(requirements, archives)
        for pin in range(len((HERE / "workloads" / "upgrades.txt").read_text().splitlines())):
            local_index.download(upgrade_alone(requirements, cache, pin), archives)
        results[workload] = on_index(options, archives, scripts, one_file, requirements)
        report.show(workload, results[workload])
    if options.growth:
        growth(options, scripts, one_file, results)
    write(options.output, results)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", action="append", choices=["web", "data"])
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", help="measure only this program; may be given again")
    parser.add_argument("--one-file", type=Path)
    parser.add_argument("--growth", action="store_true", help="also 10, 100 and 1,000 small projects")
    parser.add_argument("--cache", type=Path, default=CHECKOUT / ".cache" / "benchmarks")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def upgrade_alone(requirements: Path, cache: Path, number: int) -> Path:
    """A requirements file of nothing but upgrade `number`, so that its archive is fetched too."""
    whole = upgraded_file(requirements, cache, number).read_text()
    pin = requirements.with_name("upgrades.txt").read_text().splitlines()[number]
    alone = cache / f"upgrade-{number}.txt"
    alone.write_text(next(line for line in whole.splitlines() if line == pin) + "\n")
    return alone


def on_index(
    options: argparse.Namespace, archives: Path, scripts: Path, one_file: Path | None, requirements: Path
) -> dict[str, dict[str, list[Run]]]:
    """Serve `archives` and measure every case of every program, round by round."""
    root = options.cache / "served"
    local_index.build_tree(archives, root)
    cases = [case for case in CASES if not options.case or case.name in options.case]
    with local_index.served(root, options.cache / "nginx") as index:
        found = programs(scripts, options.cache / "work", index, one_file)
        chosen = [program for program in found if not options.only or program.name in options.only]
        return measured(cases, chosen, requirements, options.rounds)


def measured(
    cases: list[Case], chosen: list[Program], requirements: Path, rounds: int
) -> dict[str, dict[str, list[Run]]]:
    """Case -> program -> one run per round; programs alternate within a round, after one uncounted round each."""
    results: dict[str, dict[str, list[Run]]] = {}
    for program in chosen:
        timed(program, cold(program, requirements, 0))
    for case in cases:
        able = [program for program in chosen if program.other or not case.only_peep]
        runs: dict[str, list[Run]] = {program.name: [] for program in able}
        for number in range(rounds + 1):
            for program in able if number % 2 else reversed(able):
                one = timed(program, case.prepare(program, requirements, number))
                if number:
                    runs[program.name].append(one)
        results[case.name] = runs
    return results


def timed(program: Program, command: list[str]) -> Run:
    program.work.mkdir(parents=True, exist_ok=True)
    return run(command, program.variables, program.work / "log.txt")


def growth(
    options: argparse.Namespace,
    scripts: Path,
    one_file: Path | None,
    results: dict[str, dict[str, dict[str, list[Run]]]],
) -> None:
    """The same cases on 10, 100 and 1,000 small made-up projects."""
    for count in GROWTH:
        archives = options.cache / "archives" / f"growth-{count}"
        archives.mkdir(parents=True, exist_ok=True)
        requirements = synthetic.write_wheels(archives, count)
        options.case = [case.name for case in CASES if case.prepare in (cold, warm, nothing_to_do)]
        results[f"growth {count}"] = on_index(options, archives, scripts, one_file, requirements)
        report.show(f"growth {count}", results[f"growth {count}"])


def write(output: Path | None, results: dict[str, dict[str, dict[str, list[Run]]]]) -> None:
    if output is None:
        return
    output.mkdir(parents=True, exist_ok=True)
    plain = {
        workload: {
            case: {name: [asdict(one) for one in runs] for name, runs in by.items()} for case, by in cases.items()
        }
        for workload, cases in results.items()
    }
    (output / "results.json").write_text(json.dumps(plain, indent=1) + "\n")
    (output / "results.svg").write_text(report.svg(results))


if __name__ == "__main__":
    main()
