"""Measures everything with a time budget, as a ratio to a bare program in the same run, and prints what is over.

Usage: python -m tools.bench [STACK] [--suite]. The yardstick is a bare SDK program that registers what the plan holds.
All run by turns, so that a busy machine slows all. `--suite` also runs the whole test suite, once, and compares the CPU
time of the two. Ends with 1 when something is over its budget, when a test fails, or when the bare program does not
register the same as the plan. No test asserts on elapsed time: a busy machine would turn it red.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from readiness.ci.migrations.sql_statements import statements
from readiness.finding import RefusedError
from readiness.images.images import read_images
from readiness.images.report import simulation_json
from readiness.images.simulate import decide
from readiness.plan.offline_plan import Plan, plan_of, plan_stack
from readiness.plan.recorder import Recording
from readiness.rules.plan_rules import plan_findings
from readiness.rules.stack import check_stack, require_settings
from readiness.settings.stack_files import read_stack
from tests.images.listings import INDEX, NOW, item, prod_policies, version, write_json
from tools.bare_program import registered

ROOT = Path(__file__).resolve().parent.parent
REPETITIONS = 5
_READINESS = (sys.executable, "-m", "readiness")


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """`run` may take at most `most_ratio` times as long as the yardstick."""

    name: str
    most_ratio: float
    run: Callable[[], object]


def main(arguments: Sequence[str]) -> int:
    """Measures everything for one stack; returns the exit status."""
    stack = next((argument for argument in arguments if argument != SUITE_OPTION), "prod")
    try:
        require_settings(check_stack(ROOT, stack))
        plan = plan_stack(ROOT, read_stack(ROOT, stack))
    except RefusedError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    if difference := what_differs(plan, registered(plan.as_dict())):
        print(f"the bare program does not register what the plan holds: {difference}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        file = write_json(Path(folder), plan.as_dict(), "plan.json")
        yardstick = Budget(
            name="bare SDK program", most_ratio=1, run=lambda: run([sys.executable, "-m", "tools.bare_program", file])
        )
        print(f"{stack}: {len(plan.resources) - 1} resources; medians of {REPETITIONS} runs by turns")
        status = report(yardstick, measured([yardstick, *budgets(stack, plan, Path(folder))], REPETITIONS))
        if SUITE_OPTION not in arguments:
            return status
        print(f"the test suite, run once; CPU time of all processes, the yardstick's a median of {REPETITIONS}")
        cpu = {yardstick: statistics.median(cpu_seconds(yardstick.run) for _ in range(REPETITIONS))}
        return report(yardstick, {**cpu, SUITE: cpu_seconds(SUITE.run)}) or status


def cpu_seconds(run: Callable[[], object]) -> float:
    """The CPU time, user and system, of the processes that `run` starts and waits for, theirs included."""
    before = getrusage(RUSAGE_CHILDREN)
    run()
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def what_differs(plan: Plan, recording: Recording) -> str:
    """The first resource that differs between the bare program and the plan; empty if there is none."""
    bare = plan_of(recording, root=ROOT, project=plan.project, stack=plan.stack)
    ours, theirs = _registered(plan), _registered(bare)
    if plan.outputs != bare.outputs:
        return "the stack's outputs"
    return next((urn for urn in sorted(ours.keys() | theirs.keys()) if ours.get(urn) != theirs.get(urn)), "")


def _registered(plan: Plan) -> dict[str, Any]:
    return {
        resource["urn"]: (resource["parent"], resource["inputs"], resource["options"].get("dependencies"))
        for resource in plan.resources
    }


def budgets(stack: str, plan: Plan, folder: Path) -> list[Budget]:
    """Everything that has a budget. `folder` is for its files.

    The ratios are what people are promised (seconds in docs/), on a machine on which the yardstick takes
    a second; that of the plan is the one limit that was a ratio from the start.
    """
    clone, offline = folder / "clone", folder / "offline"
    run(["git", "clone", "--quiet", ROOT, clone])
    _copy_without_network(offline)
    images = write_json(
        folder, [item(number, age_days=number / 70, tags=(f"sha{number}",)) for number in range(10_000)]
    )
    hour = [
        version(number, age_days=40, tags=("latest",), media_type=INDEX) if number % 2 else version(number, age_days=40)
        for number in range(10_000)
    ]
    policies = prod_policies()
    diff = [*_READINESS, "diff", "--base", "HEAD"]

    def verify() -> None:
        # Nothing answers, so that it ends with 1.
        run([*_READINESS, "verify", stack], offline, home=folder, expected_status=1)

    return [
        Budget(name="readiness plan", most_ratio=1.3, run=lambda: run([*_READINESS, "plan", stack])),
        Budget(name="readiness --help", most_ratio=0.5, run=lambda: run([*_READINESS, "--help"])),
        Budget(name="make preview", most_ratio=3, run=lambda: run(["make", "preview", f"STACK={stack}"], home=folder)),
        Budget(name="readiness verify, no network", most_ratio=8, run=verify),
        Budget(name="readiness diff", most_ratio=8, run=lambda: run(diff, clone)),
        Budget(name="rules on a plan", most_ratio=0.4, run=lambda: plan_findings(plan.resources)),
        Budget(
            name="cleanup, 10,000 versions",
            most_ratio=1,
            run=lambda: simulation_json(decide(read_images(images), policies, NOW)),
        ),
        Budget(name="cleanup, 10,000 of one hour", most_ratio=2, run=lambda: decide(hour, policies, NOW)),
        Budget(name="20,000 SQL statements", most_ratio=5, run=lambda: list(statements(_SQL))),
    ]


SUITE_OPTION = "--suite"
# Measured on 2026-12-01 on a busy machine: 219 and 278 times. With the suite of commit fc3bab34 it was 340 times.
SUITE = Budget(name="make test", most_ratio=330, run=lambda: run(["make", "test"]))

_SQL = "INSERT INTO t VALUES (1);\n" * 20_000


def _copy_without_network(folder: Path) -> None:
    """The project, with services at an address where no server listens."""
    folder.mkdir()
    for file in ROOT.glob("Pulumi*.yaml"):
        text = re.sub(r"https://[\w.-]+\.run\.app", "https://127.0.0.1:9", file.read_text(encoding="utf-8"))
        (folder / file.name).write_text(text, encoding="utf-8")
    for name in ("__main__.py", "components"):
        (folder / name).symlink_to(ROOT / name)


def measured(things: Sequence[Budget], repetitions: int) -> dict[Budget, float]:
    """The median in seconds. Everything runs once to warm up, and then `repetitions` times, in turn."""
    seconds: dict[Budget, list[float]] = {thing: [] for thing in things}
    for turn in range(repetitions + 1):
        for thing in things:
            start = time.perf_counter()
            thing.run()
            if turn:
                seconds[thing].append(time.perf_counter() - start)
    return {thing: statistics.median(taken) for thing, taken in seconds.items()}


def report(yardstick: Budget, seconds: dict[Budget, float]) -> int:
    """Prints every ratio beside its budget, then what is over; returns the exit status."""
    over: list[str] = []
    for thing, taken in seconds.items():
        ratio = taken / seconds[yardstick]
        if thing is yardstick:
            print(f"{thing.name:36}{taken:8.3f} s   the yardstick")
            continue
        is_over = ratio > thing.most_ratio
        print(f"{thing.name:36}{taken:8.3f} s  {ratio:6.2f} of at most {thing.most_ratio:g}{'  OVER' * is_over}")
        over += [thing.name] * is_over
    print(f"over budget: {'; '.join(over)}" if over else "nothing is over budget")
    return 1 if over else 0


def run(
    command: Sequence[str | Path], folder: Path = ROOT, *, home: Path | None = None, expected_status: int = 0
) -> None:
    """Runs a command; with another `home` without the user's credentials too, so that it stays offline."""
    # A build machine may forbid byte code, which would time the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if home is not None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != expected_status:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
