"""`readiness drift` under the engine: what was changed by hand is named, most dangerous first, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.cloud import DELETE_REQUESTED, Key
from tests.engine.kinds import ACCOUNT_GRANT, BUCKET, CHANNEL, ENVIRONMENT, POLICY, PROJECT_GRANT, UPTIME_CHECK
from tests.engine.world import CPU_POLICY, SECRETS, World
from tests.projects import EVERY_OPTION, Result

pytestmark = pytest.mark.engine

PROJECT = "ytgrs-464303"
MIGRATIONS = f"arr-v2-migrate-prod@{PROJECT}.iam.gserviceaccount.com"
DEPLOYER_GRANT = "image-workflows-promotion-run-viewer"


def test_an_applied_stack_has_no_drift(applied: World) -> None:
    """Also with the other stack of the same project applied: what that one made is no drift of this one."""
    for stack in ("staging", "prod", EVERY_OPTION):
        done = applied.readiness("drift", stack)
        assert (done.status, done.out) == (0, f"{stack}: the live resources are as declared\n"), done.text


def test_what_was_changed_by_hand_is_named_field_by_field_and_grants_come_first(applied: World) -> None:
    """Five changes, each with the declared and the live value; a preview of 930 lines hid the first of them."""
    tamper(applied)
    done = applied.readiness("drift", "prod", "--format", "json")
    assert done.status == 1
    report = json.loads(done.out)
    assert report["drifted"] is True
    assert report["not_checked"] == []
    found = [(entry["resource"], entry["change"], entry["field"]) for entry in report["differences"]]
    cpu_query = "conditions[0].conditionPrometheusQueryLanguage.query"
    assert found[0] == (DEPLOYER_GRANT, "missing", "")
    assert found[1:] == [
        ("production", "changed", "reviewers"),
        ("production", "changed", "self-review prevented"),
        ("production-environment-guard", "changed", "reviewers"),
        (CPU_POLICY, "changed", cpu_query),
        ("alerts-high-memory-usage", "missing", ""),
        ("channels-email-ops@harbor.dev", "changed", "displayName"),
    ]
    query = next(entry for entry in report["differences"] if entry["field"] == cpu_query)
    assert query["live"] == "vector(0)"
    assert query["declared"].startswith("histogram_quantile(")


def test_the_text_shows_every_change_in_a_few_lines(applied: World) -> None:
    """As an issue shows it; each line is about a change."""
    tamper(applied)
    done = applied.readiness("drift", "prod")
    assert done.status == 1
    lines = done.out.splitlines()
    assert len(lines) < 60
    assert done.out.index(DEPLOYER_GRANT) < done.out.index("production-environment-guard") < done.out.index(CPU_POLICY)
    assert "  live:     vector(0)" in lines
    assert (
        "  declared: roles/run.viewer serviceAccount:github-actions-deployer@ytgrs-464303.iam.gserviceaccount.com"
        in lines
    )


def test_a_setting_that_is_not_applied_is_told_from_a_change_by_hand(applied: World) -> None:
    """The settings changed, and nobody applied them."""
    applied.change_a_threshold()
    (difference,) = differences(applied.readiness("drift", "staging", "--format", "json"))[:1]
    assert (difference["resource"], difference["change"]) == (CPU_POLICY, "not applied yet")


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (POLICY, "gcloud monitoring policies delete"),
        (CHANNEL, "gcloud beta monitoring channels delete"),
        (UPTIME_CHECK, "gcloud monitoring uptime delete"),
        ("a policy with our label", "declare it, or delete it"),
        ("a grant with a condition", "gcloud projects remove-iam-policy-binding"),
        (PROJECT_GRANT, "gcloud projects remove-iam-policy-binding"),
        (ACCOUNT_GRANT, "gcloud iam service-accounts remove-iam-policy-binding"),
    ],
)
def test_a_live_thing_that_nobody_declares_is_found_and_its_command_removes_it(
    applied: World, kind: str, found: str
) -> None:
    """No preview sees these. What the hint says is run, and the drift is gone."""
    key = add_by_hand(applied, kind)
    (difference,) = differences(applied.readiness("drift", "prod", "--format", "json"))
    assert found in difference["hint"]
    command = f"gcloud {difference['hint'].partition('gcloud ')[2]}"
    assert applied.shell(command).status == 0
    assert key not in applied.cloud.things
    assert applied.readiness("drift", "prod").status == 0


def test_a_policy_of_somebody_else_is_named_and_is_no_drift(applied: World) -> None:
    """It carries no label of ours."""
    applied.cloud.things[POLICY, f"projects/{PROJECT}/alertPolicies/7"] = {"project": PROJECT, "displayName": "Theirs"}
    done = applied.readiness("drift", "prod")
    assert done.status == 0
    assert f"beside it, for information: alert policy Theirs (projects/{PROJECT}/alertPolicies/7)" in done.out


def test_a_log_bucket_that_was_deleted_is_found_while_it_can_be_restored(applied: World) -> None:
    """A refresh takes it for one that exists."""
    name = f"projects/{PROJECT}/locations/global/buckets/readiness-deployments"
    applied.cloud.things[BUCKET, name]["lifecycleState"] = DELETE_REQUESTED
    assert applied.is_settled("prod")
    (difference,) = differences(applied.readiness("drift", "prod", "--format", "json"))
    assert (difference["resource"], difference["live"]) == ("deployment-log-bucket", DELETE_REQUESTED)
    assert applied.shell(difference["hint"].partition(": ")[2]).status == 0
    assert applied.readiness("drift", "prod").status == 0


def test_what_may_not_be_read_is_not_taken_for_as_declared(applied: World) -> None:
    """The check fails, and says what is not known and why."""
    applied.cloud.refused_paths.add("alertPolicies")
    done = applied.readiness("drift", "staging")
    assert done.status == 1
    assert "whether there are alertPolicies that are not declared" in done.out
    assert "the live resources are as declared" not in done.out


def test_no_secret_is_in_the_report(applied: World) -> None:
    """A channel's token was changed in the settings, and its name by hand."""
    token = "xoxb-3333-another-planted"  # noqa: S105 - planted
    applied.done("config", "set", "--stack", EVERY_OPTION, "--secret", "readiness:slack_auth_token", token)
    for (type_, _), thing in applied.cloud.things.items():
        if type_ == CHANNEL:
            thing["displayName"] = "edited by hand"
    for form in ("text", "json"):
        done = applied.readiness("drift", EVERY_OPTION, "--format", form)
        assert done.status == 1
        assert "channels-slack" in done.out
        for secret in (*SECRETS.values(), token):
            assert secret not in done.text


def test_the_json_of_a_preview_of_a_refresh_would_not_do(applied: World) -> None:
    """It lists an edited policy as it lists an unchanged one: why drift reads the preview of an update."""
    tamper(applied)
    shown = json.loads(applied.done("refresh", "--stack", "prod", "--preview-only", "--json").out)["steps"]
    assert {step["op"] for step in shown if step["urn"].endswith(f"::{CPU_POLICY}")} == {"refresh"}
    assert not any(step.get("diffReasons") for step in shown)


def tamper(world: World) -> None:
    """Five changes by hand."""
    things = world.cloud.things
    deployer = next(
        key for key in things if key[0] == PROJECT_GRANT and "roles/run.viewer" in key[1] and PROJECT in key[1]
    )
    del things[deployer]
    things[ENVIRONMENT, "ai-resume-review-v2:production"]["reviewers"] = []
    condition = things[POLICY, live_id(world, CPU_POLICY)]["conditions"][0]
    condition["conditionPrometheusQueryLanguage"]["query"] = "vector(0)"
    del things[POLICY, live_id(world, "alerts-high-memory-usage")]
    things[CHANNEL, live_id(world, "channels-email-ops@harbor.dev")]["displayName"] = "edited by hand"


def live_id(world: World, name: str, stack: str = "prod") -> str:
    """The id of one of the stack's resources."""
    ids = [entry["id"] for entry in world.engine.resources(stack) if entry["urn"].endswith(f"::{name}")]
    return str(ids[0])


COPIED = {
    POLICY: CPU_POLICY,
    CHANNEL: "channels-email-ops@harbor.dev",
    UPTIME_CHECK: "availability-uptime-ai-resume-review-v2-backend-prod",
}


def add_by_hand(world: World, kind: str) -> Key:
    """A live thing that nobody declares."""
    if kind == PROJECT_GRANT:
        return granted(world, "roles/owner")
    if kind == "a grant with a condition":
        key = granted(world, "roles/storage.admin")
        expression = 'request.time < timestamp("2027-01-01T00:00:00Z") || resource.name == "a;b"'
        world.cloud.things[key]["condition"] = {"title": "until, then", "description": "Why", "expression": expression}
        return key
    if kind == ACCOUNT_GRANT:
        return impersonable(world)
    if kind in COPIED:
        return copied(world, kind, COPIED[kind])
    return copied(world, POLICY, CPU_POLICY, displayName="Of a former version")


def copied(world: World, type_: str, name: str, **changes: str) -> Key:
    """A second live thing like one of prod's."""
    identity = live_id(world, name)
    key = type_, f"{identity.rpartition('/')[0]}/99999"
    world.cloud.things[key] = {**world.cloud.things[type_, identity], **changes}
    return key


def granted(world: World, role: str) -> Key:
    """A role on the project for the account of the migrations."""
    key = PROJECT_GRANT, f"{PROJECT}/{role}/serviceAccount:{MIGRATIONS}"
    world.cloud.things[key] = {"project": PROJECT, "role": role, "member": f"serviceAccount:{MIGRATIONS}"}
    return key


def impersonable(world: World) -> Key:
    """Somebody may act as the account of the migrations."""
    grant = {"project": PROJECT, "account": MIGRATIONS, "role": "roles/iam.serviceAccountTokenCreator"}
    key = ACCOUNT_GRANT, f"{MIGRATIONS}/mallory"
    world.cloud.things[key] = {**grant, "member": "user:mallory@harbor.dev"}
    return key


def differences(done: Result) -> list[dict[str, Any]]:
    """Those of a report as JSON."""
    assert done.status == 1, done.text
    found: list[dict[str, Any]] = json.loads(done.out)["differences"]
    return found
