"""Which components each section of the settings declares, and what a stack exports."""

from __future__ import annotations

import pytest

from readiness.plan.offline_plan import Plan, plan_stack
from readiness.settings.configuration_keys import SLACK_WEBHOOK_URL
from tests.projects import EVERY_OPTION, config_of, folder_of

# Every stack has `OWN`. The owner of the shared resources also has an image registry.
OWN = {"alerts", "apis", "availability-objectives", "availability-uptime", "channels", "log-metrics"}
REGISTRY = {"images", "registry-apis", "registry-audit"}
OPTIONS = {
    "branch_ruleset": {"branch-ruleset"},
    "dependabot": {"dependabot", "dependabot-files"},
    "deployment_telemetry": {
        "delivery-metrics-every-option", "delivery-metrics-try-out", "deployment-dashboard", "deployment-log",
        "deployment-telemetry", "deployment-telemetry-files",
    },
    "image_workflows": {"image-workflows", "image-workflows-files"},
    "migration_job": {"migration-job", "migration-workflow"},
    "production_environment": {"production-environment"},
    "security_alerts": {"security-alerts", "security-alerts-metric"},
    "security_audit": {"access-logs"},
    SLACK_WEBHOOK_URL.name: {"repository-secrets"},
}  # fmt: skip


def components_of(plan: Plan) -> set[str]:
    """The names of the components that are directly below the stack."""
    (root,) = (resource["urn"] for resource in plan.resources if not resource["parent"])
    return {resource["name"] for resource in plan.resources if resource["parent"] == root}


def plan_with_option(option: str | None) -> Plan:
    """The plan of the owner of the shared resources with only one of `OPTIONS`, or with none."""
    config = config_of(EVERY_OPTION)
    for section in OPTIONS.keys() - {option, SLACK_WEBHOOK_URL.name}:
        del config.values[f"readiness:{section}"]
    if option != SLACK_WEBHOOK_URL.name:
        config.secret_keys.remove(SLACK_WEBHOOK_URL.key)
    if option == "dependabot":
        # Automatic merges need a ruleset.
        config.values["readiness:dependabot"]["auto_merge"]["enabled"] = False
    return plan_stack(folder_of(EVERY_OPTION), config)


@pytest.mark.parametrize("option", [None, *OPTIONS])
def test_a_section_of_the_settings_declares_its_components_and_no_others(option: str | None) -> None:
    """So that a stack can choose each option independently of the others."""
    expected = OWN | REGISTRY | (OPTIONS[option] if option else set())
    plan = plan_with_option(option)
    assert components_of(plan) == expected
    assert ("deployment_dashboard" in plan.outputs) is (option == "deployment_telemetry")


def test_a_stack_that_owns_nothing_declares_its_own_components(plans: dict[str, Plan]) -> None:
    """Staging has a migration job of its own, and none of the shared resources."""
    assert components_of(plans["staging"]) == OWN | {"migration-job"}


def test_the_stack_with_every_option_declares_every_component(plans: dict[str, Plan]) -> None:
    """No option excludes another one."""
    assert components_of(plans[EVERY_OPTION]) == OWN | REGISTRY | set().union(*OPTIONS.values())


def test_the_outputs_of_a_stack_are_what_other_tools_read(plans: dict[str, Plan]) -> None:
    """The ids of the policies by alert, the addresses of runbook and dashboard, and whether images are scanned."""
    outputs = plans[EVERY_OPTION].outputs
    assert outputs.keys() == {"alert_policies", "deployment_dashboard", "image_scanning_state", "runbook"}
    assert outputs["alert_policies"]["HighLatency"] == "<alerts-high-latency.id>"
    assert outputs["runbook"] == "https://wiki.shop.example.net/runbook"
    assert outputs["image_scanning_state"] == "not reported yet"
    assert outputs["deployment_dashboard"] == (
        "https://console.cloud.google.com/monitoring/dashboards/builder/<deployment-dashboard-dashboard.id>"
        "?project=ytgrs-464303"
    )
    assert plans["staging"].outputs.keys() == {"alert_policies", "runbook"}
