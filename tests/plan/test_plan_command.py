"""`readiness plan` as a process."""

from __future__ import annotations

import json
import re

import pytest

from readiness.finding import Finding
from readiness.plan.cost import Basis, Cost, cost_of, others_in
from readiness.plan.offline_plan import Plan, plan_json
from readiness.plan.render_cost import cost_data, cost_line, cost_markdown, cost_text
from readiness.plan.render_plan import plan_markdown, plan_text
from readiness.resource_types import ALERT_POLICY
from readiness.rules.stack import check_stack
from tests.pinned_clock import TODAY
from tests.projects import CUSTOMER_STACKS, Command, Result, folder_of, readiness, settings_of

pytestmark = pytest.mark.processes


def without_places(text: str) -> str:
    """A plan without files and lines: the command imports components by the project's link, and the tests do not."""
    in_json = re.sub(r'("file": )"[^"]+",\n( +"line": )[0-9]+', r"\1<file>,\n\2<line>", text)
    return re.sub(r"\b[\w/]+\.py:[0-9]+", "<file>:<line>", in_json)


def _findings() -> tuple[Finding, ...]:
    """What `check` finds in the settings of staging, which the plan begins with."""
    return check_stack(folder_of("staging"), "staging").problems


def cost_in_customers_project(plans: dict[str, Plan], stack: str) -> Cost:
    """The costs of a stack of the first customer, whose stacks are in one Google project."""
    settings = settings_of(stack)
    others = others_in(settings.project, {name: settings_of(name) for name in CUSTOMER_STACKS if name != stack})
    return cost_of(stack, plans[stack].resources, Basis(prices=settings.prices, others=others))


def without_dates(text: str) -> str:
    """A process of its own has the real clock, by which the prices may be old, and a date in the settings past."""
    without_findings = re.sub(r"\n(?:Refused by|Warning: )[^\n]+(?:\n    [^\n]+)*", "", text)
    return re.sub(r"\n    The prices are of [^\n]+", "", without_findings)


IMPORT = "import time:"  # begins each line that Python prints about an import


@pytest.fixture(scope="module")
def process() -> Result:
    """`readiness plan staging` in a process that prints its imports too."""
    return readiness("plan", "staging", PYTHONPROFILEIMPORTTIME="1", PYTHONHASHSEED="4242")


def test_the_bytes_do_not_depend_on_the_hash_seed_of_the_process(plans: dict[str, Plan]) -> None:
    """Python orders sets of texts differently in every process: this one has another seed than the tests."""
    printed = readiness("plan", "prod", "--format", "json", PYTHONHASHSEED="1").out
    cost = cost_data(cost_in_customers_project(plans, "prod"))
    assert without_places(printed) == without_places(plan_json(plans["prod"], cost=cost))


def test_the_text_is_printed_alone_and_only_warnings_about_the_settings_go_to_stderr(
    plans: dict[str, Plan], process: Result
) -> None:
    """No warning of the SDK, no noise of an event loop at exit."""
    assert process.status == 0
    assert [line for line in process.err.splitlines() if not line.startswith((IMPORT, "warning: Pulumi."))] == []
    cost = cost_in_customers_project(plans, "staging")
    expected = plan_text(plans["staging"], cost_line(cost), (), _findings()) + cost_text(cost, TODAY)
    assert without_dates(without_places(process.out)) == without_dates(without_places(expected))


def test_markdown_is_printed_alone(plans: dict[str, Plan], command: Command) -> None:
    """A workflow posts what is printed."""
    done = command("plan", "staging", "--format", "markdown")
    assert done.status == 0
    cost = cost_in_customers_project(plans, "staging")
    expected = plan_markdown(plans["staging"], cost_line(cost), (), _findings()) + cost_markdown(cost, TODAY)
    assert without_places(done.out) == without_places(expected)


def test_the_summary_is_what_the_text_begins_with_and_fits_a_screen(plans: dict[str, Plan], command: Command) -> None:
    """Of thousands of lines; in Markdown it is a list, and the JSON form has no summary."""
    summary, whole = command("plan", "prod", "--summary"), command("plan", "prod")
    assert (summary.status, whole.status) == (0, 0)
    assert whole.out.startswith(f"{summary.out}\n")
    assert len(summary.out.splitlines()) < 60 < 2_000 < len(whole.out.splitlines())
    assert f"\nKinds: {len(list(plans['prod'].of_type(ALERT_POLICY)))} alert policies, " in summary.out
    markdown = command("plan", "prod", "--summary", "--format", "markdown").out
    assert "\n- `Kinds: " in markdown
    assert command("plan", "prod", "--format", "markdown").out.startswith(markdown)
    refused = command("plan", "prod", "--summary", "--format", "json")
    assert (refused.status, refused.out) == (1, "")
    assert "--summary has no JSON form" in refused.err


def test_a_misspelt_stack_is_refused_with_the_nearest_one(command: Command) -> None:
    """One line, exit status 1."""
    done = command("plan", "stagin")
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert "Pulumi.stagin.yaml: does not exist" in line
    assert "staging" in line


def test_the_json_form_can_be_read_back(plans: dict[str, Plan]) -> None:
    """Text beyond ASCII included."""
    for plan in plans.values():
        assert json.loads(plan_json(plan)) == plan.as_dict() | {"resources": list(plan.resources)}


def test_a_stack_that_declares_nothing_on_github_does_not_import_its_sdk(process: Result) -> None:
    """The import takes longer than the whole plan of such a stack (`make bench`)."""
    imported = {line.rpartition("|")[2].strip() for line in process.err.splitlines()}
    assert "pulumi_gcp" in imported
    assert "pulumi_github" not in imported
