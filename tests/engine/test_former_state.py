"""The state of an earlier program under today's: whatever moved or was renamed is found again by its aliases.

`former_state/` holds, compressed, `pulumi stack export` of every fixture stack and the imitated cloud's things, as the
program of commit 99b518f made them: the last one with the components SharedResources, Deployments, DeploymentTelemetry,
DeliveryMetrics, ImageWorkflows, SecurityAlerts and ServiceAvailability.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from tests.edits import with_real_addresses
from tests.engine.world import World, is_custom, name_the_reviewers
from tests.program.test_urns import REMOVED, without_stack
from tests.projects import STACKS

pytestmark = pytest.mark.engine

FORMER = Path(__file__).parent / "former_state"


def unpacked(name: str) -> Any:
    """What a file of the folder holds, with the addresses that the project of these tests has."""
    text = lzma.decompress((FORMER / f"{name}.json.xz").read_bytes()).decode()
    return json.loads(with_real_addresses(text))


@pytest.fixture
def former(fresh: World) -> World:
    """Every stack as the earlier program left it."""
    name_the_reviewers(fresh)
    cloud = unpacked("cloud")
    fresh.cloud.restore(
        ({(type_, identity): values for type_, identity, values in cloud["things"]}, cloud["last_number"])
    )
    for stack in STACKS:
        file = fresh.engine.project / f"{stack}.state.json"
        file.write_text(json.dumps(unpacked(stack)), encoding="utf-8")
        fresh.done("stack", "import", "--stack", stack, "--file", str(file))
    return fresh


# What the toolkit has changed on purpose since: queries and texts of alerts, delivered programs, one alert more.
UPDATED_SINCE = {
    "gcp:logging/metric:Metric",
    "gcp:monitoring/alertPolicy:AlertPolicy",
    "gcp:monitoring/dashboard:Dashboard",
    # The descriptions of labels are plainer.
    "github:index/issueLabel:IssueLabel",
    "github:index/repositoryFile:RepositoryFile",
}
ADDED_SINCE = (
    "access-logs-cloudsql",
    "access-logs-default-bucket",
    "access-logs-iam",
    "access-logs-secretmanager",
    "access-logs-storage",
    "alerts-database-backup-failed",
    "alerts-database-disk-full",
    "alerts-database-down",
    "alerts-database-high-cpu",
    "alerts-database-high-memory",
    "alerts-failed-logins",
    "alerts-health-checks-silent",
    "alerts-rollback-started",
    "alerts-transaction-id-wraparound",
    "alerts-unusual-secret-access",
    "deployment-telemetry-files-readiness-delivery-telemetry-incidents-py",
    "deployment-telemetry-files-readiness-delivery-telemetry-lead-time-py",
    "deployment-telemetry-files-readiness-delivery-telemetry-quality-py",
    "deployment-telemetry-files-readiness-delivery-telemetry-recovery-py",
    "deployment-telemetry-monitoring-viewer",
    "image-workflows-files-readiness-image-upkeep-apis-py",
    "image-workflows-files-readiness-image-upkeep-known-exploited-py",
    "log-metrics-database-failed-backups",
    "log-metrics-pinned-traffic",
    "log-metrics-failed-logins",
    "log-metrics-unusual-secret-reads",
)
# The five DORA measures and the incidents, for each environment.
ADDED_FOR_DELIVERY = "delivery-metrics-"
# Its alert is part of ErrorBudgetBurn, whose policy goes on as that of the fast burn.
DELETED_SINCE = "alerts-steady-error-budget-burn"
# A counter with other labels has another name, so that the old one is there until the new one is.
REPLACED_SINCE = ("log-metrics-container-exits",)


def is_meant(operation: str, urn: str) -> bool:
    """Whether the engine may do that to something of the earlier state."""
    *_, types, name = urn.split("::")
    type_ = types.split("$")[-1]
    if not is_custom(type_):
        return operation == "update" or name == "access-logs"
    if operation == "delete":
        return name == DELETED_SINCE
    if name in REPLACED_SINCE:
        return True
    if name.startswith(ADDED_FOR_DELIVERY):
        return operation in ("create", "update")
    return (operation == "update" and type_ in UPDATED_SINCE) or (operation == "create" and name in ADDED_SINCE)


@pytest.mark.parametrize("stack", STACKS)
def test_one_policy_is_deleted_and_only_a_counter_is_replaced(former: World, stack: str) -> None:
    """A preview plans updates and what is new; an `up` deletes one policy and one counter, and then all is settled.

    The components that only grouped others go from the state; no live thing answers to them.
    """
    preview = json.loads(former.done("preview", "--stack", stack, "--json").out)
    steps = {(step["op"], step["urn"]) for step in preview["steps"] if step["op"] != "same"}
    steps -= {("delete", urn) for _, urn in steps if without_stack(urn) in REMOVED}
    assert sorted(step for step in steps if not is_meant(*step)) == []
    former.cloud.requests.clear()
    assert former.up(stack).status == 0
    deleted = sorted(request.resource for request in former.cloud.sent("DELETE"))
    assert deleted == sorted([DELETED_SINCE, *REPLACED_SINCE])
    assert former.is_settled(stack)


def test_the_former_state_is_of_another_layout(former: World) -> None:
    """Else the test above would say nothing."""
    types = {resource["type"] for stack in STACKS for resource in former.engine.resources(stack)}
    assert "readiness:project:SharedResources" in types
