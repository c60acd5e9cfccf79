"""The eight security alerts: the texts that Prowler looks for, the entries that they count, and when they fire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readiness.alerts.security_alerts import SECURITY_ALERTS, SecurityAlert, security_rules
from readiness.plan.offline_plan import Plan
from tests.alerts.boolean_filter import UnknownFilterError, parse
from tests.program.declared import METRIC, POLICY
from tests.projects import ROOT, runbook_targets, settings_of

PROWLER = json.loads((ROOT / "tests" / "fixtures" / "prowler-log-filters.json").read_text(encoding="utf-8"))["filters"]
NAMES = [alert.name for alert in SECURITY_ALERTS]
BINDING = "protoPayload.serviceData.policyDelta.bindingDeltas"


def entry(resource: str, method: str, service: str = "x.googleapis.com", **payload: Any) -> dict[str, Any]:
    """An entry of the Admin Activity log."""
    return {
        "resource": {"type": resource},
        "protoPayload": {"methodName": method, "serviceName": service, **payload},
    }


def owner(
    action: str, role: str = "roles/owner", service: str = "cloudresourcemanager.googleapis.com"
) -> dict[str, Any]:
    """A change of the project's policy."""
    deltas = [{"action": "ADD", "role": "roles/viewer"}, {"action": action, "role": role}]
    return entry("project", "SetIamPolicy", service, serviceData={"policyDelta": {"bindingDeltas": deltas}})


AUDIT = entry(
    "project", "SetIamPolicy", serviceData={"policyDelta": {"auditConfigDeltas": [{"action": "REMOVE"}]}}
)  # fmt: skip
COUNTED: dict[str, list[dict[str, Any]]] = {
    "ProjectOwnershipChange": [
        owner("ADD"),
        owner("REMOVE"),
        entry(
            "project", "InsertProjectOwnershipInvite", "cloudresourcemanager.googleapis.com", kind="projectOwnerInvitee"
        ),
    ],
    "AuditConfigurationChange": [AUDIT],
    "CustomRoleChange": [
        entry("iam_role", f"google.iam.admin.v1.{verb}Role") for verb in ("Create", "Delete", "Update")
    ],
    "FirewallRuleChange": [
        entry("gce_firewall_rule", f"v1.compute.firewalls.{verb}") for verb in ("insert", "patch", "delete")
    ],
    "NetworkRouteChange": [entry("gce_route", f"beta.compute.routes.{verb}") for verb in ("insert", "delete")],
    "NetworkChange": [
        entry("gce_network", f"v1.compute.networks.{verb}")
        for verb in ("insert", "patch", "delete", "addPeering", "removePeering")
    ],
    "BucketPermissionChange": [entry("gcs_bucket", "storage.setIamPermissions")],
    "SqlInstanceChange": [entry("cloudsql_database", "cloudsql.instances.update")],
}
NEVER_COUNTED = [
    owner("ADD", role="roles/editor"),
    # By Google's precedence the first condition is true for every part: another service's policy is not the project's.
    owner("ADD", service="iam.googleapis.com"),
    entry("iam_role", "google.iam.admin.v1.GetRole"),
    entry("gce_firewall_rule", "v1.compute.firewalls.list"),
    entry("gce_route", "v1.compute.routes.list"),
    entry("gce_network", "v1.compute.networks.get"),
    entry("gcs_bucket", "storage.objects.create"),
    entry("gcs_bucket", "storage.getIamPermissions"),
    entry("cloudsql_database", "cloudsql.instances.connect"),
    entry("project", "SetIamPolicy", serviceData={"policyDelta": {"bindingDeltas": []}}),
    {"resource": {"type": "cloud_run_revision"}, "textPayload": "cloudsql.instances.updated"},
]


def of_name(name: str) -> SecurityAlert:
    """The alert."""
    return next(alert for alert in SECURITY_ALERTS if alert.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_the_filter_is_the_text_that_prowler_looks_for(name: str) -> None:
    """The filter contains Prowler's text exactly."""
    assert PROWLER[of_name(name).prowler_check] in of_name(name).metric.filter


def test_there_is_an_alert_for_each_of_the_eight_lines_of_the_benchmark() -> None:
    """2.5 to 2.12, each by one of Prowler's checks."""
    assert [alert.cis for alert in SECURITY_ALERTS] == [f"2.{number}" for number in range(5, 13)]
    assert {alert.prowler_check for alert in SECURITY_ALERTS} == PROWLER.keys()


@pytest.mark.parametrize("name", NAMES)
def test_prowler_would_pass_the_check_on_the_plan(plans: dict[str, Plan], name: str) -> None:
    """Prowler's rule: a metric's filter contains the text, and a threshold condition names the metric."""
    text = PROWLER[of_name(name).prowler_check]
    metrics = [
        resource["inputs"]["name"] for resource in plans["prod"].of_type(METRIC) if text in resource["inputs"]["filter"]
    ]
    conditions = [
        condition["conditionThreshold"]["filter"]
        for policy in plans["prod"].of_type(POLICY)
        for condition in policy["inputs"]["conditions"]
        if "conditionThreshold" in condition
    ]
    assert metrics, "no metric has Prowler's text"
    assert [condition for condition in conditions if metrics[0] in condition]


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_counts_its_own_entries_and_no_others(name: str) -> None:
    """Exactly one alert counts each entry, and none counts similar entries."""
    matches = parse(of_name(name).filter)
    for alert, entries in COUNTED.items():
        for entry in entries:
            assert matches(entry) is (alert == name), f"{name} on {entry}"
    assert [entry for entry in NEVER_COUNTED if matches(entry)] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_condition_filters_by_the_resource_type_of_the_entries(name: str) -> None:
    """The series of a log-based metric have the resource of the entry. Another type would never have data."""
    (resource_type,) = {entry["resource"]["type"] for entry in COUNTED[name]}
    (rule,) = (rule for rule in security_rules(settings_of("prod")) if rule.alert.name == name)
    assert rule.condition_filter == (
        f'metric.type="logging.googleapis.com/user/{rule.alert.metric.name}" AND resource.type="{resource_type}"'
    )


def fires(condition: dict[str, Any], minutes: list[int | None]) -> list[bool]:
    """Whether a threshold condition on a counter is true at the end of each minute. None: no sample.

    The alignment period's samples are put together by the aligner, then compared; there is one series.
    """
    (aggregation,) = condition["aggregations"]
    period = int(aggregation["alignmentPeriod"].removesuffix("s")) // 60
    aligned = {"ALIGN_DELTA": sum, "ALIGN_COUNT": len}[aggregation["perSeriesAligner"]]
    assert condition["comparison"] == "COMPARISON_GT"
    assert condition["duration"] == "0s"
    held = []
    for end in range(1, len(minutes) + 1):
        window = [value for value in minutes[max(0, end - period) : end] if value is not None]
        held.append(bool(window) and aligned(window) > condition.get("thresholdValue", 0))
    return held


@pytest.fixture(scope="module")
def condition(plans: dict[str, Plan]) -> dict[str, Any]:
    """The declared condition of one of them; a test checks that only their filters differ."""
    return _conditions(plans["prod"])[0]


def _conditions(plan: Plan) -> list[dict[str, Any]]:
    return [
        condition["conditionThreshold"]
        for policy in plan.of_type(POLICY)
        for condition in policy["inputs"]["conditions"]
        if "conditionThreshold" in condition
    ]


def test_one_change_fires_within_its_minute_and_for_five(condition: dict[str, Any]) -> None:
    """Counted through the filter: five minutes of entries, one of which is a change of owner."""
    matches = parse(of_name("ProjectOwnershipChange").filter)
    entries: list[list[dict[str, Any]]] = [[], NEVER_COUNTED, [owner("ADD")], [], NEVER_COUNTED, [], [], []]
    samples: list[int | None] = [sum(matches(entry) for entry in minute) for minute in entries]
    assert samples == [0, 0, 1, 0, 0, 0, 0, 0]
    assert fires(condition, samples) == [False, False, True, True, True, True, True, False]


def test_a_counter_with_a_zero_in_every_minute_is_quiet(condition: dict[str, Any]) -> None:
    """ALIGN_COUNT would count five changes."""
    assert not any(fires(condition, [0] * 20))
    counting = {**condition, "aggregations": [{**condition["aggregations"][0], "perSeriesAligner": "ALIGN_COUNT"}]}
    assert any(fires(counting, [0] * 20))


def test_a_counter_without_any_sample_is_quiet(condition: dict[str, Any]) -> None:
    """No sample exists before the first change."""
    assert not any(fires(condition, [None] * 20))
    assert any(fires(condition, [None] * 10 + [1]))


def test_all_conditions_differ_only_in_their_filters(plans: dict[str, Plan]) -> None:
    """So one count case covers all eight."""
    found = _conditions(plans["prod"])
    assert len(found) == 8
    assert len({json.dumps({**policy, "filter": ""}, sort_keys=True) for policy in found}) == 1
    assert len({policy["filter"] for policy in found}) == 8


def test_only_the_owner_of_the_shared_resources_declares_them(plans: dict[str, Plan]) -> None:
    """They belong to the project: two declarations would notify twice about one change."""
    assert security_rules(settings_of("staging")) == ()
    assert not [resource for resource in plans["staging"].resources if resource["name"].startswith("security-alerts")]
    assert (
        len([resource for resource in plans["prod"].of_type(POLICY) if resource["name"].startswith("security-alerts-")])
        == 8
    )


def test_no_security_alert_is_declared_if_they_are_switched_off() -> None:
    """`enabled: false`."""
    settings = settings_of("prod")
    assert settings.security_alerts is not None
    off = settings.security_alerts.model_copy(update={"enabled": False})
    assert security_rules(settings.model_copy(update={"security_alerts": off})) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_security_policy_has_the_same_properties_as_other_policies(plans: dict[str, Plan], name: str) -> None:
    """Severity, channels, labels, `autoClose`, a page of the runbook, and a dependency on its counter."""
    alert = of_name(name)
    plan = plans["every-option"]
    (policy,) = (resource for resource in plan.of_type(POLICY) if resource["name"] == f"security-alerts-{alert.slug}")
    inputs = policy["inputs"]
    assert inputs["severity"] == alert.severity
    assert inputs["alertStrategy"] == {"autoClose": "86400s", "notificationPrompts": ["OPENED", "CLOSED"]}
    assert inputs["userLabels"] == {"alert": alert.slug, "environment": "every-option", "managed_by": "readiness"}
    assert bool([channel for channel in inputs["notificationChannels"] if "pagerduty" in channel]) == (
        alert.severity == "CRITICAL"
    )
    (link,) = inputs["documentation"]["links"]
    assert link["url"].partition("#")[2] in runbook_targets()
    names = {resource["urn"]: resource["name"] for resource in plan.resources}
    assert f"security-alerts-metric-{alert.slug}" in {names[urn] for urn in policy["options"]["dependencies"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a="1"', True),
        ('a="2"', False),
        ('NOT a="2"', True),
        ('a="2" AND a="1" OR b.c="x"', False),
        ('(a="2" AND a="1") OR b.c="x"', True),
        ('a="1" OR a="2" AND b.c="y"', False),
        ('list.k="v" AND list.k="w"', True),
        ('b.c:"X"', True),
        ("list.k:*", True),
        ("nothing:*", False),
        ("bare", True),
        ("other", False),
    ],
)
def test_the_evaluator_follows_the_query_language(text: str, expected: bool) -> None:
    """OR binds tighter than AND, unlike in programming languages."""
    example = {"a": "1", "b": {"c": "x"}, "list": [{"k": "v"}, {"k": "w"}], "d": ["some bare word"]}
    assert parse(text)(example) is expected


@pytest.mark.parametrize("text", ['a>"1"', 'a="1" AND', '(a="1"', "a=", 'a=~"x"', 'a="1" b="2"'])
def test_the_evaluator_refuses_an_unsupported_filter(text: str) -> None:
    """A result for a partly supported filter would be wrong."""
    with pytest.raises(UnknownFilterError):
        parse(text)
