"""Faults 22 to 28: what is refused before anything is sent, and how the registry that exists is adopted."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.engine.cloud import ApiError, Cloud
from tests.engine.contract_provider import ContractProvider
from tests.engine.kinds import ENVIRONMENT, JOB, POLICY, REPOSITORY
from tests.engine.properties import Values, to_wire
from tests.engine.world import (
    GATE_RECORD,
    HONESTY_RECORD,
    PROJECT,
    REGISTRY_ID,
    TERRAFORMS_DESCRIPTION,
    World,
    name_the_reviewers,
)
from tests.projects import EVERY_OPTION

pytestmark = pytest.mark.engine


def test_fault_22_destroying_what_is_protected_is_refused_and_nothing_is_deleted(applied: World) -> None:
    """The registry with its images, and the guarded environment."""
    done = applied.engine.run("destroy", "--stack", "prod", "--yes")
    assert done.status != 0
    assert "protect" in done.text
    assert applied.cloud.sent("DELETE") == []
    without_preview = applied.engine.run("destroy", "--stack", "prod", "--yes", "--skip-preview")
    assert without_preview.status != 0
    deleted = {request.type for request in applied.cloud.sent("DELETE")}
    assert deleted, "without its preview, a destroy goes as far as it can"
    assert REPOSITORY not in deleted
    assert ENVIRONMENT not in deleted


def test_fault_23_replacing_a_protected_registry_is_refused_by_the_preview_already(applied: World) -> None:
    """Another repository_id is another repository."""
    applied.edit(f"Pulumi.{EVERY_OPTION}.yaml", "repository_id: shop-images", "repository_id: shop-pictures")
    shown = applied.preview(EVERY_OPTION)
    assert shown.status != 0
    assert "marked for protection" in shown.text
    done = applied.up(EVERY_OPTION)
    assert done.status != 0
    assert applied.cloud.sent("DELETE") == []
    assert [key for key in applied.cloud.of_type(REPOSITORY) if "shop-pictures" in key] == []


def test_fault_24_renaming_the_guarded_environment_is_refused(applied: World) -> None:
    """The old one would stay open to every workflow that names it."""
    applied.edit(f"Pulumi.{EVERY_OPTION}.yaml", "name: live\n", "name: lively\n")
    assert applied.up(EVERY_OPTION).status != 0
    assert "shop.app:live" in applied.cloud.of_type(ENVIRONMENT)
    assert "shop.app:lively" not in applied.cloud.of_type(ENVIRONMENT)


def test_fault_25_placeholders_for_reviewers_pass_a_preview_and_stop_an_up_before_it_sends_anything(
    fresh: World,
) -> None:
    """A registry or a channel is not made either: the settings are refused as a whole."""
    assert fresh.preview("prod").status == 0
    sent = len(fresh.cloud.requests)
    done = fresh.up("prod")
    assert done.status != 0
    assert "is a placeholder for a reviewer" in done.text
    assert len(fresh.cloud.requests) == sent


def test_fault_26_a_misspelt_setting_which_the_engine_would_ignore_is_refused_inside_its_preview(fresh: World) -> None:
    """With file, line and the nearest valid name."""
    fresh.edit("Pulumi.staging.yaml", "readiness:escalation", "readiness:escalations")
    done = fresh.preview("staging")
    assert done.status != 0
    assert re.search(r"Pulumi\.staging\.yaml:\d+: readiness:escalations", done.text)
    assert fresh.cloud.requests == []


def test_fault_27_adopting_a_registry_that_does_not_exist_is_refused_and_none_is_made(fresh: World) -> None:
    """A second, empty repository beside the real one would look like success."""
    name_the_reviewers(fresh)
    del fresh.cloud.things[REPOSITORY, REGISTRY_ID]
    assert fresh.up("prod").status != 0
    assert fresh.cloud.of_type(REPOSITORY) == {}


def test_fault_28_a_body_that_a_contract_refuses_is_refused_by_the_check_and_by_the_server() -> None:
    """A wrong enum, whoever sends it."""
    urn = f"urn:pulumi:staging::readiness::{POLICY}::cpu"
    inputs: Values = {"displayName": "CPU", "combiner": "XOR", "severity": "critical", "conditions": []}
    provider = ContractProvider(Cloud())
    answer = provider.Check(provider_pb2.CheckRequest(urn=urn, news=to_wire(inputs)), None)
    assert {"combiner", "severity"} <= {failure.property for failure in answer.failures}
    with pytest.raises(ApiError, match=r"Error 400: .*combiner"):
        Cloud().create(POLICY, "cpu", inputs)


@pytest.mark.parametrize(
    ("record", "said"), [(GATE_RECORD, "allows cleanup to delete"), (HONESTY_RECORD, "blocks merges with checks")]
)
def test_an_update_whose_record_is_missing_is_refused_and_nothing_is_sent(
    applied: World, record: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """By `readiness up` and by a plain `pulumi up`; a preview says so. With the record the stack was applied."""
    (applied.engine.project / record).unlink()
    _refused_in_every_way(applied, EVERY_OPTION, said)
    capfd.readouterr()
    assert applied.preview(EVERY_OPTION).status == 0, "the cleanup gate and `readiness drift` work on such a stack"
    # The tier's language host is this process, which the SDK's warnings leave by its own stderr.
    warned = [
        line for line in capfd.readouterr().err.splitlines() if line.startswith("warning: an update is refused: ")
    ]
    assert any(said in line for line in warned)
    assert applied.readiness("preview", EVERY_OPTION).status == 1


def test_an_update_of_one_of_two_owners_is_refused_and_nothing_is_sent(applied: World) -> None:
    """They would take the registry from each other at every apply. Two stacks that share no place may both own."""
    owns = 'readiness:owns_shared_resources: "false"'
    registry = "  readiness:image_registry:\n    repository_id: x\n    adopt: true\n    packages: [a]\n"
    applied.edit("Pulumi.staging.yaml", f"  {owns}\n", f"{registry}  {owns.replace('false', 'true')}\n")
    for stack in ("prod", "staging"):
        _refused_in_every_way(applied, stack, "so that both would manage the same resources")
    assert applied.up(EVERY_OPTION).status == 0


def test_readiness_up_refuses_what_only_the_plan_shows(applied: World) -> None:
    """An alert without a page in the runbook, as `readiness check --plan` does."""
    (applied.engine.project / "docs" / "runbook" / "HighLatency.md").unlink()
    sent = len(applied.cloud.requests)
    done = applied.readiness("up", "staging")
    assert done.status == 1
    assert "Rule alert-runbook of the policy pack" in done.err
    assert len(applied.cloud.requests) == sent


@pytest.mark.parametrize("removed", [False, True])
def test_a_migration_job_that_is_renamed_or_removed_is_refused_with_the_commands_after_which_it_converges(
    applied: World, removed: bool
) -> None:
    """By preview and `up` before anything is sent. Google's provider alone would fail in every apply, and say nothing
    in a preview.
    """
    job = "ai-resume-review-v2-migrate-staging"
    if removed:
        _remove_setting(applied, "Pulumi.staging.yaml", "readiness:migration_job")
    else:
        applied.edit("Pulumi.staging.yaml", f"name: {job}", f"name: {job}-2")
    assert applied.preview("staging").status != 0
    refused = applied.readiness("up", "staging")
    assert refused.status == 1
    assert applied.cloud.sent("POST") + applied.cloud.sent("DELETE") == []
    commands = [line.strip() for line in refused.err.splitlines() if line.startswith("  gcloud") or "pulumi" in line]
    assert commands[0] == f"gcloud run jobs delete {job} --project=ytgrs-464303 --region=us-central1"
    assert len(commands) == 2
    del applied.cloud.things[JOB, f"{PROJECT}/locations/us-central1/jobs/{job}"]
    applied.done(*shlex.split(commands[1])[1:])
    done = applied.readiness("up", "staging")
    assert done.status == 0, done.text
    assert [f"jobs/{job}-2" in resource for resource in applied.cloud.of_type(JOB) if "staging" in resource] == [
        True
    ] * (not removed)


def test_the_provider_refuses_to_delete_a_job_that_a_state_without_protect_holds(applied: World) -> None:
    """What an apply of the first version left: green previews, red applies. `readiness up` refuses it, too."""
    urn = next(resource["urn"] for resource in applied.engine.resources("staging") if resource["type"] == JOB)
    applied.done("state", "unprotect", "--yes", "--stack", "staging", urn)
    _remove_setting(applied, "Pulumi.staging.yaml", "readiness:migration_job")
    assert applied.preview("staging").status == 0
    assert applied.readiness("up", "staging").status == 1
    assert applied.cloud.sent("DELETE") == []
    plain = applied.up("staging")
    assert plain.status != 0
    assert "deletion_protection" in plain.text


def test_readiness_up_names_the_command_that_lifts_the_engines_own_protection(applied: World) -> None:
    """Of the registry: another repository_id is another repository."""
    applied.edit(f"Pulumi.{EVERY_OPTION}.yaml", "repository_id: shop-images", "repository_id: shop-pictures")
    applied.edit(f"Pulumi.{EVERY_OPTION}.yaml", "cleanup_dry_run: false", "cleanup_dry_run: true")
    refused = applied.readiness("up", EVERY_OPTION)
    assert refused.status == 1
    assert "images-repository: the apply would replace it" in refused.err
    assert f"pulumi state unprotect --yes --stack {EVERY_OPTION} 'urn:pulumi:" in refused.err


def _remove_setting(world: World, name: str, setting: str) -> None:
    file = world.engine.project / name
    kept: list[str] = []
    inside = False
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith("   "):
            inside = line.startswith(f"  {setting}:")
        if not inside:
            kept.append(line)
    file.write_text("".join(kept), encoding="utf-8")


def _refused_in_every_way(world: World, stack: str, said: str) -> None:
    sent = len(world.cloud.requests)
    done = world.readiness("up", stack)
    assert done.status == 1
    assert said in done.err
    assert "Traceback" not in done.text
    plain = world.engine.run("up", "--stack", stack, "--yes", "--skip-preview")
    assert plain.status != 0
    assert said in plain.text
    assert len(world.cloud.requests) == sent


def test_the_registry_that_exists_is_adopted_by_the_first_up_and_never_made_again(fresh: World) -> None:
    """The preview shows the import and the update; description and labels stay Terraform's."""
    name_the_reviewers(fresh)
    steps = json.loads(fresh.preview("prod", "--json").out)["steps"]
    assert [step["op"] for step in steps if step["urn"].endswith("::images-repository")] == ["import", "update"]
    done = fresh.readiness("up", "prod")
    assert done.status == 0, done.text
    (repository,) = fresh.cloud.of_type(REPOSITORY).values()
    assert repository["description"] == TERRAFORMS_DESCRIPTION
    assert repository["labels"] == {"managed_by": "terraform"}
    assert repository["cleanupPolicyDryRun"] is True
    assert len(repository["cleanupPolicies"]) > 1
    adopted = next(resource for resource in fresh.engine.resources("prod") if resource["type"] == REPOSITORY)
    assert adopted["protect"] is True
    assert fresh.cloud.sent("POST", "images-repository") == []
    assert len(fresh.cloud.sent("PATCH", "images-repository")) == 1
