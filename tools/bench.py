"""Times `readiness plan` against a bare SDK program that registers the same resources through the same recorder.

Usage: python -m tools.bench [STACK]. Ends with 1 when the plan takes more than 1.3 times as long as the bare program,
or when the two do not register the same. Both run in processes of their own, by turns, so that a busy machine slows
both. The bare program is as a person writes it; it leaves Python's garbage collector on, which `readiness` puts off.
"""

from __future__ import annotations

import os
import py_compile
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness.checks import check_stack, require_settings
from readiness.problems import RefusedError
from readiness.review.offline_plan import Plan, plan_of, plan_stack
from readiness.settings.stack_files import read_stack
from tools.bare_program import bare_program

ROOT = Path(__file__).resolve().parent.parent
MOST_RATIO = 1.3
REPETITIONS = 11
RECORD_REPETITIONS = 5
_PROGRAM_NAME = "bare_program_of_the_bench"


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """Wall times of one command in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        """`0.312 s (0.282 to 0.401, 11 runs)`."""
        return f"{self.median:.3f} s ({min(self.seconds):.3f} to {max(self.seconds):.3f}, {len(self.seconds)} runs)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The ratio of the two medians, and whether it is within the limit."""

    plan: Times
    bare: Times

    @property
    def ratio(self) -> float:
        """How many times as long as the bare program the plan takes."""
        return self.plan.median / self.bare.median

    @property
    def exit_status(self) -> int:
        """1 beyond the limit."""
        return 0 if self.ratio <= MOST_RATIO else 1

    def __str__(self) -> str:
        """The ratio beside its limit."""
        word = "within" if self.exit_status == 0 else "ABOVE"
        return f"ratio of the medians {self.ratio:.2f}, {word} the limit of {MOST_RATIO}"


def main(arguments: list[str]) -> int:
    """Runs the bench for one stack; returns the exit status."""
    stack = arguments[0] if arguments else "prod"
    try:
        require_settings(check_stack(ROOT, stack))
        plan = plan_stack(ROOT, read_stack(ROOT, stack))
    except RefusedError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = write_bare_program(plan, folder)
        if difference := what_differs(plan, program):
            print(f"the bare program does not register what the plan holds: {difference}", file=sys.stderr)
            return 1
        print(f"{stack}: {len(plan.resources) - 1} resources, the same ones in both")
        verdict = _compare(stack, folder)
        print(f"readiness plan      {verdict.plan}")
        print(f"bare SDK program    {verdict.bare}")
        print(verdict)
        _print_for_the_record(stack, folder)
    return verdict.exit_status


def write_bare_program(plan: Plan, folder: Path) -> Path:
    """Writes the bare program of the plan into `folder`, byte-compiled as the product's own modules are."""
    path = folder / f"{_PROGRAM_NAME}.py"
    path.write_text(bare_program(plan), encoding="utf-8")
    py_compile.compile(str(path), doraise=True)
    return path


def what_differs(plan: Plan, program: Path) -> str:
    """The first resource that the bare program registers otherwise than the plan, empty when there is none."""
    recording = runpy.run_path(str(program))["registered"]()
    bare = plan_of(recording, root=program.parent, project=plan.project, stack=plan.stack)
    ours, theirs = _registered(plan), _registered(bare)
    if plan.outputs != bare.outputs:
        return "the stack's outputs"
    return next((urn for urn in sorted(ours.keys() | theirs.keys()) if ours.get(urn) != theirs.get(urn)), "")


def _registered(plan: Plan) -> dict[str, Any]:
    return {
        each["urn"]: (each["parent"], each["inputs"], each["options"].get("dependencies")) for each in plan.resources
    }


def timed_by_turns(commands: Mapping[str, Callable[[], None]], repetitions: int) -> dict[str, Times]:
    """Runs every command once to warm up, then each in turn, `repetitions` times over."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for run in commands.values():
        run()
    for _ in range(repetitions):
        for name, run in commands.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: Times(seconds=tuple(taken)) for name, taken in seconds.items()}


def _compare(stack: str, folder: Path) -> Verdict:
    times = timed_by_turns(
        {
            "plan": lambda: _run([sys.executable, "-m", "readiness", "plan", stack], ROOT),
            "bare": lambda: _run([sys.executable, "-m", _PROGRAM_NAME], folder),
        },
        REPETITIONS,
    )
    return Verdict(plan=times["plan"], bare=times["bare"])


def _print_for_the_record(stack: str, home: Path) -> None:
    """Two figures that have limits of their own in the tests; here they are only shown."""
    times = timed_by_turns(
        {
            "readiness --help": lambda: _run([sys.executable, "-m", "readiness", "--help"], ROOT),
            "make preview": lambda: _run(["make", "preview", f"STACK={stack}"], ROOT, home=home),
        },
        RECORD_REPETITIONS,
    )
    for name, taken in times.items():
        print(f"{name:20}{taken}")


def _run(command: list[str], folder: Path, home: Path | None = None) -> None:
    """Runs a command; with another `home` without the user's credentials too, so that a preview stays offline."""
    # Both sides may keep their byte code: a build machine that forbids it would time the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if home is not None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
