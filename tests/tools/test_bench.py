"""The bench: that its yardstick does the same work as the plan, and that it fails when something is over budget."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from readiness.plan.offline_plan import Plan
from readiness.plan.recorder import Recording
from tests.projects import EVERY_OPTION, FIRST_CUSTOMER, STACKS
from tools import bare_program, bench
from tools.bare_program import registered
from tools.bench import Budget, budgets, measured, report, what_differs


def budget(name: str, most_ratio: float = 1.0) -> Budget:
    """A budget of nothing."""
    return Budget(name=name, most_ratio=most_ratio, run=lambda: None)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that the bench starts; none of them runs. What it measures is a fixture project."""
    commands: list[list[str]] = []

    def note(command: Sequence[str | Path], *_: Any, **__: Any) -> None:
        commands.append([str(part) for part in command])

    monkeypatch.setattr(bench, "run", note)
    monkeypatch.setattr(bench, "ROOT", FIRST_CUSTOMER)
    return commands


@pytest.mark.parametrize("stack", STACKS)
def test_the_bare_program_registers_every_resource_of_the_plan_with_the_same_inputs(
    plans: dict[str, Plan], stack: str
) -> None:
    """A ratio against a program that does less, or something else, would say nothing."""
    assert what_differs(plans[stack], registered(plans[stack].as_dict())) == ""


def test_the_bare_program_is_bare() -> None:
    """No settings, checks or components: it shares the recorder and the names of types with the product, no more."""
    nodes = [node for node in ast.walk(ast.parse(inspect.getsource(bare_program))) if isinstance(node, ast.ImportFrom)]
    ours = [node.module for node in nodes if str(node.module).startswith(("readiness", "components", "tests", "tools"))]
    assert ours == ["readiness.plan.recorder", "readiness.resource_types"]


def test_a_bare_program_that_registers_something_else_is_found_out(plans: dict[str, Plan]) -> None:
    """An input that differs, a resource that is missing, and other outputs."""
    plan = plans[EVERY_OPTION]
    recording = registered(plan.as_dict())
    last = plan.resources[-1]
    changed: dict[str, Any] = {**last, "inputs": {**last["inputs"], "project": "another"}}
    replaced = dataclasses.replace(plan, resources=(*plan.resources[:-1], changed))
    assert what_differs(replaced, recording) == last["urn"]
    assert what_differs(dataclasses.replace(plan, resources=plan.resources[:-1]), recording) == last["urn"]
    assert what_differs(dataclasses.replace(plan, outputs={}), recording) == "the stack's outputs"


def test_a_type_that_the_sdk_does_not_have_is_named(plans: dict[str, Plan]) -> None:
    """A component with an SDK of its own needs the bench to know it."""
    resource = {**plans["prod"].resources[1], "type": "gcp:monitoring/none:None"}
    with pytest.raises(LookupError, match=r"pulumi_gcp\.monitoring has no class None"):
        registered(dataclasses.replace(plans["prod"], resources=(resource,), outputs={}).as_dict())


def test_everything_runs_by_turns_after_a_warm_up() -> None:
    """A busy moment of the machine slows all."""
    order: list[str] = []
    things = [
        Budget(name="plan", most_ratio=1, run=lambda: order.append("plan")),
        Budget(name="bare", most_ratio=1, run=lambda: order.append("bare")),
    ]
    seconds = measured(things, 3)
    assert order == ["plan", "bare"] * 4
    assert list(seconds) == things


def test_within_every_budget_it_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """The limit itself passes."""
    yardstick, plan = budget("bare"), budget("plan", 1.3)
    assert report(yardstick, {yardstick: 2.0, plan: 2.6}) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["bare", "2.000", "s", "the", "yardstick"]
    assert lines[1] == ["plan", "2.600", "s", "1.30", "of", "at", "most", "1.3"]
    assert lines[2] == ["nothing", "is", "over", "budget"]


def test_what_is_over_its_budget_is_printed_and_it_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """All of it, by name, in the last line."""
    yardstick, plan, help_, fine = budget("bare"), budget("plan", 1.3), budget("help", 0.5), budget("fine")
    assert report(yardstick, {yardstick: 1.0, plan: 1.31, help_: 0.6, fine: 0.1}) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("OVER") for line in lines] == [False, True, True, False, False]
    assert lines[-1] == "over budget: plan; help"


def test_every_budget_runs(plans: dict[str, Plan], tmp_path: Path, started: list[list[str]]) -> None:
    """What is measured inside the process runs; commands are only named."""
    for thing in budgets("staging", plans["staging"], tmp_path):
        thing.run()
    words = [command[3:] if command[1:3] == ["-m", "readiness"] else command for command in started]
    assert words == [
        ["git", "clone", "--quiet", str(bench.ROOT), str(tmp_path / "clone")],
        ["plan", "staging"],
        ["--help"],
        ["make", "preview", "STACK=staging"],
        ["verify", "staging"],
        ["diff", "--base", "HEAD"],
    ]


def test_verify_is_measured_on_a_copy_that_names_no_host_of_the_customer(
    plans: dict[str, Plan], tmp_path: Path, started: list[list[str]]
) -> None:
    """The benchmark sends no request to a live service."""
    budgets("staging", plans["staging"], tmp_path)
    assert (tmp_path / "offline" / "__main__.py").is_symlink()
    texts = [file.read_text(encoding="utf-8") for file in (tmp_path / "offline").glob("Pulumi*.yaml")]
    assert any("https://127.0.0.1:9" in text for text in texts)
    assert not any(".run.app" in text for text in texts)


def test_a_stack_that_cannot_be_planned_is_refused_before_anything_is_timed(
    capsys: pytest.CaptureFixture[str], started: list[list[str]]
) -> None:
    """One message, exit status 1."""
    assert bench.main(["stagin"]) == 1
    assert "Pulumi.stagin.yaml: does not exist" in capsys.readouterr().err
    assert started == []


def _differs(_plan: Plan, _recording: Recording) -> str:
    return "urn:x"


def test_a_bare_program_that_differs_stops_the_bench(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, started: list[list[str]]
) -> None:
    """Times of two different things are not printed."""
    monkeypatch.setattr(bench, "what_differs", _differs)
    assert bench.main(["staging"]) == 1
    assert "does not register what the plan holds: urn:x" in capsys.readouterr().err
    assert started == []


def returning(value: object) -> Callable[..., object]:
    """A function that returns the value, whatever it is given."""

    def function(*_arguments: object) -> object:
        return value

    return function


def test_the_suite_is_measured_once_and_only_when_asked_for(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    started: list[list[str]],
    plans: dict[str, Plan],
) -> None:
    """Its budget counts: it is the last line but one, and the status."""
    taken = {"bare SDK program": 2.0, "make test": 2.0 * bench.SUITE.most_ratio + 1}

    def nothing_else(things: Sequence[Budget], _repetitions: int) -> dict[Budget, float]:
        return {things[0]: 1.0}

    def cpu_seconds(run: Callable[[], object]) -> float:
        run()
        return taken["make test" if started[-1] == ["make", "test"] else "bare SDK program"]

    monkeypatch.setattr(bench, "plan_stack", returning(plans["staging"]))
    monkeypatch.setattr(bench, "registered", returning(None))
    monkeypatch.setattr(bench, "what_differs", returning(""))
    monkeypatch.setattr(bench, "measured", nothing_else)
    monkeypatch.setattr(bench, "cpu_seconds", cpu_seconds)
    assert bench.main(["staging"]) == 0
    assert ["make", "test"] not in started
    assert bench.main(["staging", bench.SUITE_OPTION]) == 1
    assert started.count(["make", "test"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("make test ")
    assert lines[-1] == "over budget: make test"


def test_the_cpu_time_is_that_of_the_processes_that_were_started() -> None:
    """Of those that have ended."""
    assert bench.cpu_seconds(lambda: subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)) > 0
