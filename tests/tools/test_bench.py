"""The bench: that it compares like with like, and that it fails beyond its limit."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from readiness.review.offline_plan import Plan
from tests.projects import EVERY_OPTION, STACKS
from tools import bench
from tools.bare_program import bare_program
from tools.bench import Times, Verdict, timed_by_turns, what_differs, write_bare_program


def fail_when_timed(command: list[str], _folder: Path, home: Path | None = None) -> None:
    """Stands for a run that must not happen."""
    pytest.fail(f"{command} was timed, {home}")


def verdict(plan: float, bare: float) -> Verdict:
    """A verdict on two times."""
    return Verdict(plan=Times(seconds=(plan,)), bare=Times(seconds=(bare,)))


@pytest.mark.parametrize("stack", STACKS)
def test_the_bare_program_registers_every_resource_of_the_plan_with_the_same_inputs(
    plans: dict[str, Plan], tmp_path: Path, stack: str
) -> None:
    """A ratio against a program that does less, or something else, would say nothing."""
    assert what_differs(plans[stack], write_bare_program(plans[stack], tmp_path)) == ""


def test_the_bare_program_uses_the_typed_classes_of_the_sdk(plans: dict[str, Plan]) -> None:
    """No dictionary where the SDK has a class of inputs; only maps of free keys stay maps."""
    text = bare_program(plans["prod"])
    assert "pulumi_gcp.monitoring.AlertPolicy(" in text
    assert "pulumi_gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(" in text
    assert set(_given_as_maps(text)) <= {"labels", "label_extractors", "user_labels"}


def _given_as_maps(program: str) -> Iterator[str]:
    """Names of the arguments that a program gives as a dictionary, or as a list of them. What texts hold is none."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.keyword) and node.arg:
            values = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            if any(isinstance(each, ast.Dict) for each in values):
                yield node.arg


def test_the_bare_program_is_bare() -> None:
    """No settings, no checks, no components of ours: the recorder is all that it shares with the product."""
    empty = Plan(stack="dev", project="demo", resources=(), outputs={})
    imports = re.findall(r"^(?:import|from) (\S+)", bare_program(empty), flags=re.MULTILINE)
    assert imports == ["pulumi", "readiness.review.recorder"]


def test_a_bare_program_that_registers_something_else_is_found_out(plans: dict[str, Plan], tmp_path: Path) -> None:
    """An input that differs, and a resource that is missing."""
    plan = plans[EVERY_OPTION]
    program = write_bare_program(plan, tmp_path)
    last = plan.resources[-1]
    changed: dict[str, Any] = {**last, "inputs": {**last["inputs"], "project": "another"}}
    assert what_differs(dataclasses.replace(plan, resources=(*plan.resources[:-1], changed)), program) == last["urn"]
    assert what_differs(dataclasses.replace(plan, resources=plan.resources[:-1]), program) == last["urn"]
    assert what_differs(dataclasses.replace(plan, outputs={}), program) == "the stack's outputs"


def test_a_type_that_the_sdk_does_not_have_is_named(plans: dict[str, Plan]) -> None:
    """A new component with an SDK of its own needs the bench to know it."""
    resource = {**plans["prod"].resources[1], "type": "gcp:monitoring/none:None"}
    with pytest.raises(LookupError, match=r"pulumi_gcp\.monitoring has no class None"):
        bare_program(dataclasses.replace(plans["prod"], resources=(resource,)))


@pytest.mark.parametrize(
    ("plan", "bare", "status", "word"),
    [(0.9, 1.0, 0, "within"), (1.3, 1.0, 0, "within"), (1.31, 1.0, 1, "ABOVE"), (5.0, 1.0, 1, "ABOVE")],
)
def test_beyond_the_limit_the_bench_fails_and_shows_the_ratio(plan: float, bare: float, status: int, word: str) -> None:
    """1.3 is the limit of the issue; the limit itself passes."""
    assert verdict(plan, bare).exit_status == status
    assert str(verdict(plan, bare)) == f"ratio of the medians {plan / bare:.2f}, {word} the limit of 1.3"


def test_the_two_run_by_turns_after_a_warm_up_and_the_median_counts() -> None:
    """A busy moment of the machine slows both, and one outlier decides nothing."""
    order: list[str] = []
    times = timed_by_turns({"plan": lambda: order.append("plan"), "bare": lambda: order.append("bare")}, 3)
    assert order == ["plan", "bare"] * 4
    assert {name: len(taken.seconds) for name, taken in times.items()} == {"plan": 3, "bare": 3}
    assert Times(seconds=(0.1, 9.0, 0.2)).median == 0.2
    assert str(Times(seconds=(0.1, 9.0, 0.2))) == "0.200 s (0.100 to 9.000, 3 runs)"


@pytest.mark.parametrize(("taken", "status"), [(1.0, 0), (2.0, 1)])
def test_one_run_prints_both_times_the_ratio_and_the_two_figures_for_the_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], taken: float, status: int
) -> None:
    """All of it from one run, also where it fails."""
    commands: list[list[str]] = []

    def note(command: list[str], _folder: Path, home: Path | None = None) -> None:
        commands.append(command)
        assert (home is not None) is (command[0] == "make"), "only the preview is kept from the user's credentials"

    monkeypatch.setattr(bench, "_run", note)
    real = bench.timed_by_turns

    def timed(named: Any, repetitions: int) -> dict[str, Times]:
        real(named, 1)
        return {name: Times(seconds=(taken if name == "plan" else 1.0,) * repetitions) for name in named}

    monkeypatch.setattr(bench, "timed_by_turns", timed)
    assert bench.main(["staging"]) == status
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0].split(" of the")[0] for line in lines[1:]] == [
        "readiness plan", "bare SDK program", "ratio", "readiness --help", "make preview",
    ]  # fmt: skip
    assert re.fullmatch(r"staging: \d+ resources, the same ones in both", lines[0])
    assert ["-m", "readiness", "plan", "staging"] in [command[1:] for command in commands]
    assert ["make", "preview", "STACK=staging"] in commands


def test_a_stack_that_cannot_be_planned_is_refused_before_anything_is_timed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message, exit status 1."""
    monkeypatch.setattr(bench, "_run", fail_when_timed)
    assert bench.main(["stagin"]) == 1
    assert "Pulumi.stagin.yaml: does not exist" in capsys.readouterr().err


def test_a_bare_program_that_differs_stops_the_bench(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times of two different things are not printed."""
    monkeypatch.setattr(bench, "_run", fail_when_timed)

    def differs(_plan: Plan, _program: Path) -> str:
        return "urn:x"

    monkeypatch.setattr(bench, "what_differs", differs)
    assert bench.main(["staging"]) == 1
    assert "does not register what the plan holds: urn:x" in capsys.readouterr().err
