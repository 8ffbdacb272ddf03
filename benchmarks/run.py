"""Measure peep, the one-file edition, uv and pip on the same hashed files from one local index, in turn.

    python3 benchmarks/run.py [--workload web] [--rounds 5] [--only peep] [--growth] [--output docs/benchmarks]

The archives are fetched once into the cache folder (`--cache`, by default `.cache/benchmarks` in the checkout).
Results go to standard output as tables, and to `--output FOLDER` as `results.json`, `results.md` and `results.svg`.
nginx has to be installed. See README.md beside this file for what is measured and how.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import local_index
import report
import synthetic
from cases import CASES, GROWTH_CASES, Case, cold, upgraded_file
from measure import Run, run
from programs import BUILD_CONSTRAINTS, Program, one_file_edition, programs, tools_environment

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
GROWTH = (10, 100, 1000)

Results = dict[str, dict[str, list[Run]]]


def main() -> None:
    options = arguments()
    cache: Path = options.cache
    scripts = tools_environment(cache, CHECKOUT)
    one_file = one_file_edition(scripts, cache) if options.one_file else None
    results: dict[str, Results] = {}
    try:
        for workload in options.workload or ["web", "data"]:
            requirements = HERE / "workloads" / f"{workload}.txt"
            archives = fetched(requirements, cache)
            results[workload] = on_index(options, archives, scripts, one_file, requirements)
            finished(results, options)
        for count in GROWTH if options.growth else ():
            archives = cache / "archives" / f"growth-{count}"
            archives.mkdir(parents=True, exist_ok=True)
            requirements = synthetic.write_wheels(archives, count)
            results[requirements.stem] = on_index(options, archives, scripts, one_file, requirements)
            finished(results, options)
    finally:
        shutil.rmtree(cache / "work", ignore_errors=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", action="append", choices=["web", "data", "sdists"])
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=2, help="rounds for pip, which takes minutes")
    parser.add_argument("--only", action="append", help="measure only this program; may be given again")
    parser.add_argument("--one-file", action="store_true", help="also the edition that `peep embed` writes")
    parser.add_argument("--growth", action="store_true", help="also 10, 100 and 1,000 small projects")
    parser.add_argument("--cache", type=Path, default=CHECKOUT / ".cache" / "benchmarks")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def fetched(requirements: Path, cache: Path) -> Path:
    """The folder with all archives of a workload, fetched if they are not there yet."""
    archives = cache / "archives" / requirements.stem
    local_index.download(requirements, archives)
    if requirements.stem == "sdists":
        local_index.download(BUILD_CONSTRAINTS, archives)
        return archives
    for number in range(len((HERE / "workloads" / "upgrades.txt").read_text().splitlines())):
        local_index.download(upgrade_alone(requirements, cache, number), archives)
    return archives


def upgrade_alone(requirements: Path, cache: Path, number: int) -> Path:
    """A requirements file of nothing but upgrade `number`, so that its archive is fetched too."""
    whole = upgraded_file(requirements, cache, number).read_text()
    pin = requirements.with_name("upgrades.txt").read_text().splitlines()[number]
    alone = cache / f"upgrade-{number}.txt"
    alone.write_text(next(line for line in whole.splitlines() if line == pin) + "\n")
    return alone


def on_index(
    options: argparse.Namespace, archives: Path, scripts: Path, one_file: Path | None, requirements: Path
) -> Results:
    """Serve `archives` and measure every case of every program, round by round."""
    name = requirements.stem
    root = options.cache / f"served-{name}"
    local_index.build_tree(archives, root)
    with local_index.served(root, options.cache / "nginx") as index:
        found = programs(scripts, options.cache / "work" / name, index, one_file)
        chosen = [program for program in found if not options.only or program.name in options.only]
        if not options.slow_rounds or name.startswith("growth"):
            chosen = [program for program in chosen if not program.is_slow]
        return measured(chosen_cases(options, name), chosen, requirements, options)


def chosen_cases(options: argparse.Namespace, workload: str) -> list[Case]:
    if workload.startswith("growth"):
        return [case for case in CASES if case.name in GROWTH_CASES]
    suitable = [case for case in CASES if not case.workloads or workload in case.workloads]
    return [case for case in suitable if not options.case or case.name in options.case]


def measured(cases: list[Case], chosen: list[Program], requirements: Path, options: argparse.Namespace) -> Results:
    """Case -> program -> one run per round; programs alternate within a round, after one uncounted round each."""
    results: Results = {}
    for program in chosen:
        timed(program, cold(program, requirements, 0))
    for case in cases:
        able = [program for program in chosen if case.suits(program)]
        runs: dict[str, list[Run]] = {program.name: [] for program in able}
        for number in range(options.rounds + 1):
            for program in able if number % 2 else reversed(able):
                if program.is_slow and not 0 < number <= options.slow_rounds:
                    continue
                one = timed(program, case.prepare(program, requirements, number))
                if number:
                    runs[program.name].append(one)
        results[case.name] = {name: counted for name, counted in runs.items() if counted}
    return results


def timed(program: Program, command: list[str]) -> Run:
    os.sync()  # what the one before has left to write is not this one's work
    return run(command, program.variables, program.work / "log.txt")


def finished(results: dict[str, Results], options: argparse.Namespace) -> None:
    """Show the last workload, and keep all so far."""
    workload = list(results)[-1]
    print(report.table(workload, results[workload]), flush=True)
    if options.output is not None:
        report.write(options.output, results)


if __name__ == "__main__":
    main()
