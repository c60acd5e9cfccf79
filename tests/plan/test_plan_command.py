"""`readiness plan` as a process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from readiness.plan.cost import cost_line
from readiness.plan.offline_plan import Plan, plan_json
from readiness.plan.render_plan import plan_markdown, plan_text
from tests.projects import readiness, settings_of


def without_places(text: str) -> str:
    """A plan without files and lines: the command imports components by the project's link, and the tests do not."""
    in_json = re.sub(r'("file": )"[^"]+",\n( +"line": )[0-9]+', r"\1<file>,\n\2<line>", text)
    return re.sub(r"\b[\w/]+\.py:[0-9]+", "<file>:<line>", in_json)


def test_the_bytes_do_not_depend_on_the_hash_seed_of_the_process(plans: dict[str, Plan]) -> None:
    """Python orders sets of texts anew in every process."""
    printed = {readiness("plan", "prod", "--format", "json", PYTHONHASHSEED=seed).out for seed in ("1", "4242")}
    assert len(printed) == 1
    assert without_places(printed.pop()) == without_places(plan_json(plans["prod"]))


@pytest.mark.parametrize(("form", "render"), [("text", plan_text), ("markdown", plan_markdown)])
def test_each_form_is_printed_alone_and_only_warnings_about_the_settings_go_to_stderr(
    plans: dict[str, Plan], form: str, render: Callable[[Plan, str], str]
) -> None:
    """No warning of the SDK, no noise of an event loop at exit."""
    done = readiness("plan", "staging", "--format", form)
    assert done.status == 0
    assert [line for line in done.err.splitlines() if not line.startswith("warning: Pulumi.")] == []
    expected = render(plans["staging"], cost_line(plans["staging"], settings_of("staging").prices))
    assert without_places(done.out) == without_places(expected)


def test_a_misspelt_stack_is_refused_with_the_nearest_one() -> None:
    """One line, exit status 1."""
    done = readiness("plan", "stagin")
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert "Pulumi.stagin.yaml: does not exist" in line
    assert "staging" in line


def test_the_json_form_can_be_read_back(plans: dict[str, Plan]) -> None:
    """Text beyond ASCII included."""
    for plan in plans.values():
        assert json.loads(plan_json(plan)) == plan.as_dict() | {"resources": list(plan.resources)}


def test_a_stack_that_declares_nothing_on_github_does_not_import_its_sdk() -> None:
    """The import takes longer than the whole plan of such a stack (`make bench`)."""
    done = readiness("plan", "staging", PYTHONPROFILEIMPORTTIME="1")
    assert done.status == 0
    imported = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "pulumi_gcp" in imported
    assert "pulumi_github" not in imported
