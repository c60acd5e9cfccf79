"""The days of a stack one after another, as a customer goes through them, on one project.

`STEPS` is the walk: a step is a function of the world, and begins where the one before it ended. To add one, write the
function and put it in its place. A step that fails is named by its function in the traceback.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.engine.kinds import CHANNEL, POLICY
from tests.engine.test_drift import DEPLOYER_GRANT, differences, tamper
from tests.engine.test_uninstall import CUSTOMER, STAYS, uninstall
from tests.engine.world import CPU_POLICY, World, name_the_reviewers
from tests.projects import EVERY_OPTION

pytestmark = pytest.mark.engine

STACKS = ("staging", "prod")
# Each can be left out of the settings. What needs another one comes before it.
OPTIONAL_PARTS = (
    "notes",
    "prices",
    "security_audit",
    "security_alerts",
    "dependabot",
    "alerts.delivery",
    "deployment_telemetry",
    "image_workflows",
    "branch_ruleset",
    "migration_job",
    "production_environment",
    "image_registry",
)


def test_the_days_of_a_stack(fresh: World) -> None:
    """From a project without a stack to what the uninstall guide says stays, and back."""
    for stack in STACKS:
        fresh.done("stack", "rm", stack, "--yes", "--preserve-config")
    name_the_reviewers(fresh)
    for step in STEPS:
        step(fresh)


def make_the_stacks(world: World) -> None:
    """`pulumi stack init`."""
    for stack in STACKS:
        world.done("stack", "init", stack)


def apply_for_the_first_time(world: World) -> None:
    """`readiness up` of each stack, the owner of the shared resources last."""
    for stack in STACKS:
        done = world.safe_up(stack)
        assert done.status == 0, done.text
        assert done.out.endswith(f"{stack} is applied: program, state and live resources agree.\n")


def apply_again(world: World) -> None:
    """Nothing is sent."""
    before = len(world.cloud.sent("POST")), len(world.cloud.sent("PATCH"))
    for stack in STACKS:
        assert world.safe_up(stack).status == 0
        assert world.readiness("drift", stack).status == 0
    assert (len(world.cloud.sent("POST")), len(world.cloud.sent("PATCH"))) == before


def find_five_changes_by_hand(world: World) -> None:
    """Each is named, and an apply puts it back."""
    tamper(world)
    found = differences(world.readiness("drift", "prod", "--format", "json"))
    names = {difference["resource"] for difference in found}
    high_memory, channel = "alerts-high-memory-usage", "channels-email-ops@harbor.dev"
    assert {DEPLOYER_GRANT, "production-environment-guard", CPU_POLICY, high_memory, channel} <= names
    assert found[0]["resource"] == DEPLOYER_GRANT
    assert world.safe_up("prod").status == 0
    assert world.readiness("drift", "prod").status == 0


def rename_a_channel(world: World) -> None:
    """Another address: policies go over to it, and the old channel is gone."""
    world.edit("Pulumi.staging.yaml", "dev-alerts@harbor.dev", "new-alerts@harbor.dev")
    done = world.safe_up("staging")
    assert done.status == 0, done.text
    addresses = [thing["labels"].get("email_address") for thing in world.cloud.of_type(CHANNEL).values()]
    assert "dev-alerts@harbor.dev" not in addresses
    assert "new-alerts@harbor.dev" in addresses


def remove_everything(world: World) -> None:
    """By the guide, command by command."""
    for stack in STACKS:
        uninstall(world, stack, CUSTOMER["PROJECT"])
    assert {type_ for type_, _ in world.cloud.things} <= STAYS
    assert not world.cloud.of_type(POLICY)


def come_back(world: World) -> None:
    """Within seven days: what stayed is adopted, and the log bucket is restored."""
    for stack in STACKS:
        world.done("stack", "init", stack)
    done = world.safe_up("staging")
    assert done.status == 0, done.text
    # What stayed has to be adopted first; the registry and the environment are adopted by the first apply itself.
    done = world.safe_up("prod")
    assert "The log bucket readiness-deployments is restored, with its entries." in done.out
    assert done.status == 0, done.text
    assert world.readiness("drift", "prod").status == 0


STEPS = (
    make_the_stacks,
    apply_for_the_first_time,
    apply_again,
    find_five_changes_by_hand,
    rename_a_channel,
    remove_everything,
    come_back,
)


def test_every_optional_part_can_be_removed_one_after_another(applied: World) -> None:
    """What is protected is refused, with commands; after them the apply ends well, and nothing drifts."""
    file = applied.engine.project / f"Pulumi.{EVERY_OPTION}.yaml"
    for part in OPTIONAL_PARTS:
        file.write_text(without(file.read_text(encoding="utf-8"), part), encoding="utf-8")
        done = applied.safe_up(EVERY_OPTION)
        if "These resources are protected" in done.err:
            for command in lifting_commands(done.err):
                assert applied.shell(command).status == 0, command
            done = applied.safe_up(EVERY_OPTION)
        assert done.status == 0, f"{part}: {done.text[-3000:]}"
    report = applied.readiness("drift", EVERY_OPTION, "--format", "json")
    assert json.loads(report.out)["differences"] == [], report.out


def without(text: str, part: str) -> str:
    """The text of a stack file without a section, or without a key of one."""
    section, _, key = part.partition(".")
    whole = re.findall(rf"^  readiness:{section}:.*\n(?:   .*\n)*", text, flags=re.MULTILINE)
    assert len(whole) == 1, part
    if not key:
        return text.replace(whole[0], "")
    lines = re.findall(rf"^    {key}:.*\n(?:     .*\n)*", whole[0], flags=re.MULTILINE)
    assert len(lines) == 1, part
    return text.replace(whole[0], whole[0].replace(lines[0], ""))


def lifting_commands(text: str) -> list[str]:
    """The commands of the refusal, in their order."""
    return [line.strip() for line in text.splitlines() if line.startswith(("  gcloud ", "  pulumi "))]
