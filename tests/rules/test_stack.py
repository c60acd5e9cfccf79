"""What is checked about one stack as a whole: its files, its settings, and what its texts would grow to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.alerts.api_limits import MAX_LOG_FILTER_CHARACTERS, MAX_QUERY_CHARACTERS
from readiness.finding import RefusedError, Severity, text_line
from readiness.plan.offline_plan import Plan, plan_stack
from readiness.resource_types import ALERT_POLICY
from readiness.rules.stack import check_config, check_stack, require_settings
from readiness.settings.stack_files import StackConfig, read_stack
from tests.edits import edit
from tests.pinned_clock import TODAY
from tests.projects import FIRST_CUSTOMER
from tests.settings.broken import STAGING, in_staging, place, write


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small one: what is counted here is what these tests put in."""
    return small_project


def with_services(project: Path, count: int, characters: int) -> Path:
    """The staging stack with so many services, each with a name of so many characters."""
    text = (project / STAGING).read_text(encoding="utf-8")
    before, rest = text.split("  readiness:services:\n")
    after = rest[rest.index("  readiness:database:") :]
    names = [f"service-{number:03d}".ljust(characters, "x") for number in range(count)]
    services = "".join(f"    - {{name: {name}, role: backend, url: 'https://{name}.run.app'}}\n" for name in names)
    return write(project, f"{before}  readiness:services:\n{services}{after}")


def plan_in(project: Path) -> Plan:
    """The offline plan of the project's staging stack."""
    return plan_stack(project, read_stack(project, "staging"))


def test_two_hundred_services_still_plan_with_not_one_policy_more(project: Path) -> None:
    """One policy covers all services of a stack, so that what it costs does not grow with them."""
    before = len(list(plan_in(project).of_type(ALERT_POLICY)))
    with_services(project, 200, 45)
    plan = plan_in(project)
    policies = list(plan.of_type(ALERT_POLICY))
    assert len(policies) == before
    assert any("service-199" in str(policy["inputs"]) for policy in policies)
    assert all(len(query) <= MAX_QUERY_CHARACTERS for query in queries(plan))


def queries(plan: Plan) -> list[str]:
    """The text of every PromQL condition."""
    conditions = [item for policy in plan.of_type(ALERT_POLICY) for item in policy["inputs"]["conditions"]]
    return [condition["conditionPrometheusQueryLanguage"]["query"] for condition in conditions]


@pytest.mark.parametrize(
    ("count", "characters", "said"),
    [
        (
            250,
            45,
            rf"the query of HighErrorRate would have \d+ characters, and at most {MAX_QUERY_CHARACTERS} are allowed",
        ),
        (
            450,
            49,
            rf"the log filter of \w+ would have \d+ characters, .* accepts at most {MAX_LOG_FILTER_CHARACTERS}",
        ),
    ],
)
def test_a_text_beyond_its_limit_is_refused_with_the_figure_and_the_limit(
    project: Path, count: int, characters: int, said: str
) -> None:
    """Past it an update would fail half-way through. One line, though each service is in many texts."""
    with_services(project, count, characters)
    found = check_stack(project, "staging")
    (line,) = [text_line(problem) for problem in found.problems if problem.severity is Severity.ERROR]
    where = f"{place(project, 'readiness:services:')}readiness:services: are too many: "
    assert re.fullmatch(f"{re.escape(where)}{said}. Give some of the services a stack of their own.", line)
    with pytest.raises(RefusedError):
        require_settings(found)


@pytest.mark.parametrize(
    ("old", "new", "checked"),
    [("cpu_ratio: 0.8", "cpu_ratio: 8", True), ("name: service-007", "name: Service-007", False)],
)
def test_a_text_is_checked_wherever_the_values_that_it_is_made_of_are_valid(
    project: Path, old: str, new: str, checked: bool
) -> None:
    """Another threshold that is refused does not hide it; a service's name that is refused does."""
    with_services(project, 250, 45)
    edit(project, old, new, "Pulumi.yaml" if checked else STAGING)
    found = check_stack(project, "staging")
    assert found.settings is None
    assert ("settings-text-too-long" in {problem.rule_id for problem in found.problems}) is checked


def test_warnings_alone_do_not_stop_a_stack() -> None:
    """The settings are handed out beside them."""
    found = check_stack(FIRST_CUSTOMER, "staging")
    assert {problem.severity for problem in found.problems} == {Severity.WARNING}
    assert require_settings(found) is found.settings


def test_settings_beside_an_error_are_not_handed_out(project: Path) -> None:
    """The model is satisfied, a rule between settings is not."""
    in_staging(project, "- name: ai-resume-review-v2-backend-staging", "- name: ai-resume-review-v2-frontend-staging")
    found = check_stack(project, "staging")
    assert found.settings is not None
    with pytest.raises(RefusedError) as refusal:
        require_settings(found)
    assert [problem.severity for problem in refusal.value.problems] == [Severity.ERROR]


def test_a_configuration_without_any_file_is_checked_alike() -> None:
    """Every setting is missing, each once; nothing else is said."""
    found = check_config(StackConfig(stack="x", file="nowhere"), today=TODAY)
    assert found.settings is None
    assert {problem.message for problem in found.problems} == {"is missing"}
    assert len({problem.key for problem in found.problems}) == len(found.problems)
