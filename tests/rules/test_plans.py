"""The plans of the repository against the contracts, and what a plan as a whole must satisfy."""

from __future__ import annotations

import re
from typing import Any

import pytest

from readiness.alerts.deployment_figures import SUCCESS_RATIO_20
from readiness.finding import text_line
from readiness.plan.offline_plan import Plan
from readiness.rules.plan_rules import CONTRACTS, RULES, plan_findings
from readiness.rules.schema_check import schema_remarks
from tests.projects import ROOT, STACKS
from tests.rules.good_inputs import (
    ALERT_POLICY,
    ALERTS,
    DASHBOARD,
    DEPLOYMENT_POLICY,
    ENVIRONMENT,
    GOOD_INPUTS,
    LABEL,
    REGISTRY,
    SECURITY_UPDATES,
    good_body,
    good_inputs,
    resource,
)
from tests.rules.planting import LEFT_OUT, Found, check_body, check_plan, planted


@pytest.mark.parametrize("stack", STACKS)
def test_the_apis_would_take_every_body_of_the_plan(plans: dict[str, Plan], stack: str) -> None:
    """Item 4 of the issue: every body in the three plans satisfies the published schemas and the rules of prose."""
    assert [str(item) for item in check_plan(plans[stack].resources)] == []


def test_a_mistake_in_a_real_plan_is_named_by_resource_and_path(plans: dict[str, Plan]) -> None:
    """The whole line, as a reviewer reads it."""
    path = "conditions[0].conditionPrometheusQueryLanguage.evaluationInterval"
    resources = [dict(resource) for resource in plans["prod"].resources]
    policy = next(resource for resource in resources if resource["name"] == "alerts-high-cpu-usage")
    conditions = [{"conditionPrometheusQueryLanguage": {"query": "up == 0", "evaluationInterval": "45s"}}]
    policy["inputs"] = {**policy["inputs"], "conditions": conditions}
    expected = f"alerts-high-cpu-usage: {path}: is 45 s; the API takes multiples of 30 s"
    assert [str(item) for item in check_plan(resources)] == [expected]


def test_every_mistake_of_a_plan_is_reported_at_once_and_in_order() -> None:
    """Two resources with two mistakes each: four lines, in the plan's order and then sorted by path."""
    mistaken = planted(planted(good_inputs(ALERT_POLICY), "combiner", "XOR"), "severity", "critical")
    found = check_plan([resource(ALERT_POLICY, mistaken, name=name) for name in ("first", "second")])
    assert [(finding.resource, finding.path) for finding in found] == [
        ("first", "combiner"),
        ("first", "severity"),
        ("second", "combiner"),
        ("second", "severity"),
    ]


def test_a_type_without_a_contract_fails_by_its_name() -> None:
    """Every declared type is checked."""
    found = check_plan([resource("gcp:pubsub/topic:Topic", {}, name="events")])
    assert "events: is of the type gcp:pubsub/topic:Topic, which has no contract" in str(found[0])
    assert check_body("gcp:pubsub/topic:Topic", {})[0].message == found[0].message


@pytest.mark.parametrize(
    "type_", ["readiness:alerting:AlertPolicies", "pulumi:pulumi:Stack", "pulumi:providers:github"]
)
def test_components_stack_and_providers_need_no_contract(type_: str) -> None:
    """They send no request."""
    assert check_plan([resource(type_, {"anything": 1})]) == []


# What a resource that is alone in a plan lacks; further tests add what it needs.
ALONE = {
    DEPLOYMENT_POLICY: ["it: environment: names no environment of the plan with customBranchPolicies"],
    ENVIRONMENT: [
        "it: deployment_branch_policy: asks for custom branch policies and has none, so that no branch can deploy"
    ],
    SECURITY_UPDATES: ["it: does not depend on the RepositoryVulnerabilityAlerts that it needs switched on first"],
}


@pytest.mark.parametrize("type_", CONTRACTS)
def test_a_good_resource_of_each_type_passes(type_: str) -> None:
    """Else every planted mistake below would prove nothing."""
    found = [*check_plan([resource(type_, good_inputs(type_))]), *check_body(type_, good_body(type_))]
    assert [str(finding) for finding in found] == ALONE.get(type_, [])


def test_there_is_a_good_resource_for_each_contract() -> None:
    """A new contract comes with one."""
    assert GOOD_INPUTS.keys() == CONTRACTS.keys()


def test_placeholders_of_a_plan_count_as_text() -> None:
    """An id, an unknown value and a secret pass where a text of some form is wanted, and fail where a number is."""
    body = good_body(ALERT_POLICY)
    for value in ("<channels.id>", "<unknown>", "[secret]"):
        assert check_body(ALERT_POLICY, planted(body, "severity", value)) == []
        assert check_body(ALERT_POLICY, planted(body, "alertStrategy.autoClose", value)) == []
    path = "cleanupPolicies.keep-recent-backend.mostRecentVersions.keepCount"
    found = check_body(REGISTRY, planted(good_body(REGISTRY), path, "<other.id>"))
    assert [(finding.path, finding.message) for finding in found] == [(path, '"<other.id>" is not of type integer')]
    assert check_body(REGISTRY, planted(good_body(REGISTRY), path, "<unknown>")) == []


def test_an_unknown_dashboard_is_not_looked_into() -> None:
    """Its JSON is known to the engine only."""
    assert check_plan([resource(DASHBOARD, {"dashboardJson": "<unknown>"})]) == []


def test_a_dashboard_that_is_no_json_is_reported_without_a_traceback() -> None:
    """The provider's own check, one line."""
    (found,) = check_plan([resource(DASHBOARD, {"dashboardJson": "{"})])
    assert "no body can be made" in found.message


def test_a_finding_never_shows_a_credential() -> None:
    """Whatever value a message quotes."""
    token = "xoxb-" + "1" * 20
    (found,) = plan_findings([resource(LABEL, {**good_inputs(LABEL), "color": token})])[-1:]
    assert token in found.message
    assert token not in text_line(found)


def test_security_updates_without_the_alerts_before_them_are_refused() -> None:
    """GitHub answers 422 while alerts are off, and every later refresh fails."""
    alerts = resource(ALERTS, good_inputs(ALERTS), name="alerts")
    alone = resource(SECURITY_UPDATES, good_inputs(SECURITY_UPDATES), name="updates")
    after = resource(SECURITY_UPDATES, good_inputs(SECURITY_UPDATES), name="updates", depends_on=(alerts["urn"],))
    assert [item.resource for item in check_plan([alerts, alone])] == ["updates"]
    assert check_plan([alerts, after]) == []


def _found(environment: dict[str, Any], *, by_reference: bool) -> list[Found]:
    declared = resource(ENVIRONMENT, environment, name="environment")
    depends_on = (declared["urn"],) if by_reference else ()
    policy = resource(DEPLOYMENT_POLICY, good_inputs(DEPLOYMENT_POLICY), name="main", depends_on=depends_on)
    return check_plan([declared, policy])


def test_a_branch_policy_needs_an_environment_that_asks_for_custom_ones() -> None:
    """GitHub takes the pattern only after the environment, and only with that flag."""
    flags = {"customBranchPolicies": False, "protectedBranches": True}
    assert _found(good_inputs(ENVIRONMENT), by_reference=True) == []
    (found,) = _found(planted(good_inputs(ENVIRONMENT), "deploymentBranchPolicy", flags), by_reference=True)
    assert (found.resource, found.path) == ("main", "environment")
    (found,) = _found(planted(good_inputs(ENVIRONMENT), "deploymentBranchPolicy", LEFT_OUT), by_reference=True)
    assert (found.resource, found.path) == ("main", "environment")
    (found,) = _found(good_inputs(ENVIRONMENT), by_reference=False)
    assert "take it from the environment" in found.message


def test_an_environment_that_no_branch_can_deploy_to_is_refused() -> None:
    """Custom branch policies asked for, and none declared."""
    (found,) = check_plan([resource(ENVIRONMENT, good_inputs(ENVIRONMENT), name="environment")])
    assert (found.resource, found.path) == ("environment", "deployment_branch_policy")


def test_a_contract_of_a_schema_that_is_not_distilled_cannot_pass() -> None:
    """A mistake in the table is not taken for a body without mistakes."""
    with pytest.raises(KeyError, match="no schema LogMetrik"):
        list(schema_remarks("logging.v2", "LogMetrik", {}))


def test_a_long_value_is_cut_and_a_long_choice_too() -> None:
    """A line that a person reads: 60 characters of the value, 12 of the choices, letters as they are written."""
    exact, long = "é" * 58, "é" * 59
    for value, shown in ((exact, f'"{exact}"'), (long, f'"{long}…')):
        (found,) = check_body(ALERT_POLICY, planted(good_body(ALERT_POLICY), "severity", value))
        assert found.message == f"{shown} is not one of CRITICAL, ERROR, WARNING"
    aggregation = {"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_AVG"}
    condition = {"filter": "metric.type resource.type", "duration": "60s", "aggregations": [aggregation]}
    conditions = [{"conditionThreshold": condition}]
    (found,) = check_body(ALERT_POLICY, planted(good_body(ALERT_POLICY), "conditions", conditions))
    assert found.message.count("ALIGN_") == 13
    assert found.message.endswith(", …")


def test_the_table_names_every_rule_once_with_a_first_word_that_the_page_explains() -> None:
    """Ids are in kebab case, and docs/findings.md says what their first word means."""
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert [rule_id for rule_id in ids if not re.fullmatch(r"[a-z]+(-[a-z]+)+", rule_id)] == []
    assert [rule_id for rule_id in ids if f"`{rule_id.split('-')[0]}-`" not in page] == []
    assert all(rule.description and rule.hint for rule in RULES)


def test_a_rule_looks_at_its_types_only() -> None:
    """So that a check need not read the type itself."""
    (rule,) = (rule for rule in RULES if rule.id == "policy-alert-channel")
    good = [resource(type_, good_inputs(type_)) for type_ in GOOD_INPUTS]
    silent = [plan_findings([item], rules=[rule]) for item in good]
    assert silent == [[]] * len(good)
    (found,) = plan_findings([resource(ALERT_POLICY, {})], rules=[rule])
    assert (found.rule_id, found.key, found.file, found.line) == ("policy-alert-channel", "it", "__main__.py", None)


def test_who_counts_deployments_is_not_guessed() -> None:
    """Where the caller does not know, the rule says nothing; if no stack counts, it says so."""
    inputs = {"project": "p", "userLabels": {"environment": "e"}}
    query = {"query": f"{SUCCESS_RATIO_20} > 0"}
    policy = resource(ALERT_POLICY, {**inputs, "conditions": [{"conditionPrometheusQueryLanguage": query}]})
    rules = [rule for rule in RULES if rule.id == "alert-metric-unwritten"]
    assert plan_findings([policy], rules=rules) == []
    assert plan_findings([policy], rules=rules, counted_environments=[("p", "e")]) == []
    (found,) = plan_findings([policy], rules=rules, counted_environments=[])
    assert found.message == f"the query reads {SUCCESS_RATIO_20}, which nobody writes for the environment e"
