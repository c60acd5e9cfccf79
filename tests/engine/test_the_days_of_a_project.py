"""The days of a project one after another, as a team goes through them, from `readiness init` to the uninstall guide.

`STEPS` is the walk: a step is a function of the project, and begins where the one before it ended. To add one, write
the function and put it in its place. A step that fails is named by its function in the traceback.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.cloud import Key
from tests.engine.kinds import (
    ACCOUNT,
    API,
    BOOTSTRAP,
    BUCKET,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    JOB,
    LABEL,
    POLICY,
    PROJECT_GRANT,
    REPOSITORY,
)
from tests.engine.test_drift import differences, live_id
from tests.engine.test_rehearsal import lifting_commands, without
from tests.engine.test_uninstall import AFTER_THE_LAST, STAYS, commands_below, run, uninstall
from tests.engine.world import CPU_POLICY, SECRETS, World, is_custom
from tests.engine.written_project import (
    APPLICATION,
    GOOGLE_PROJECT,
    NUMBER,
    OWN,
    REGION,
    STACKS,
    Project,
    written_project,
)
from tests.projects import Result

pytestmark = pytest.mark.engine

Row = Mapping[str, Any]
TOKEN = "placeholder"  # noqa: S105 - of a loopback server

# What a team adds to the written settings of the stack that owns what exists once.
ADDED = """\
  readiness:branch_ruleset:
    enforcement: disabled
    required_checks:
      - context: Unit tests
        integration_id: 15368
  readiness:image_workflows:
    workload_identity_provider: projects/55/locations/global/workloadIdentityPools/cargo/providers/github
    promotion_identity: cargo-promoter@cargo-4711.iam.gserviceaccount.com
    report_identity: cargo-reporter@cargo-4711.iam.gserviceaccount.com
    scan_identity: cargo-scanner@cargo-4711.iam.gserviceaccount.com
    production_workflow: Deploy
  readiness:deployment_telemetry:
    workload_identity_provider: projects/55/locations/global/workloadIdentityPools/cargo/providers/github
    service_account: cargo-telemetry@cargo-4711.iam.gserviceaccount.com
    environments:
      - name: production
        workflow: Deploy
        workflow_file: deploy.yml
        job: Deploy
        target_deployments_per_week: 2
        target_duration_seconds: 900
      - name: staging
        workflow: Try
        workflow_file: try.yml
        job: Try
        services: [api-staging, web-staging]
        target_deployments_per_week: 20
        target_duration_seconds: 300
    dashboard_viewers:
      - group:platform@cargo.dev
  readiness:notification_drill: {weekday: 2, hour: 9, target_response_minutes: 10}
  readiness:security_audit:
    audit_logs:
      - {service: storage.googleapis.com, log_types: [DATA_WRITE]}
    log_retention_days: 400
    secret_readers: [cargo-api@cargo-4711.iam.gserviceaccount.com]
"""
ADDED_CHANNELS = """\
    slack:
      channel_name: "#cargo-alerts"
      team: Cargo
    pagerduty:
      service_name: Cargo on call
"""
ADDED_LABEL = """\
    labels:
      - {name: upkeep, color: 0e8a16, description: Updates a dependency}
"""


@dataclass(frozen=True, slots=True)
class Rename:
    """A new name in the stack file of prod, where `place` is with the name for `{}`.

    `stays` are the types of the resources that keep the old name, because the refusal says that they stay.
    """

    old: str
    new: str
    place: str = "{}"
    stays: frozenset[str] = frozenset()


WATCHED = (
    Rename("api-prod", "core-prod"),
    Rename("web-prod", "shop-prod"),
    Rename("/healthz", "/ready"),
    Rename("pg-prod", "sql-prod"),
)
NOTIFIED = (
    Rename("prod@cargo.dev", "ops@cargo.dev"),
    Rename("#cargo-alerts", "#cargo-pages"),
    Rename("Cargo on call", "Cargo duty"),
    Rename(
        f"projects/{GOOGLE_PROJECT}/notificationChannels/7001", f"projects/{GOOGLE_PROJECT}/notificationChannels/7002"
    ),
)
DELIVERED = (
    Rename("cargo-telemetry", "cargo-deliveries"),
    Rename("cargo-promoter", "cargo-releaser"),
    Rename("cargo-scanner", "cargo-inspector"),
    Rename("cargo-reporter", "cargo-writer"),
    Rename("group:platform@cargo.dev", "group:engineers@cargo.dev"),
    Rename("Unit tests", "All tests"),
    Rename("upkeep", "housekeeping"),
    Rename("storage.googleapis.com", "run.googleapis.com"),
)
PROTECTED = (
    Rename("cargo-app-migrate-prod", "cargo-move-prod"),
    Rename("pw-prod", "secret-prod"),
    Rename("cargo-images", "cargo-store", stays=frozenset({REPOSITORY})),
    Rename("production", "live", "readiness:production_environment:\n    name: {}", stays=frozenset({ENVIRONMENT})),
)
# A stored secret that nothing uses is refused.
SECRET_OF = {
    "channels.slack": "readiness:slack_auth_token",
    "channels.pagerduty": "readiness:pagerduty_service_key",
}
# Of the written and the added settings. What needs another one is in the same group, or in one before it. The database
# is not among them, because the stacks share the threshold of its alert.
OPTIONAL_PARTS = (
    (
        "notification_drill", "security_audit", "security_alerts", "dependabot", "deployment_telemetry",
        "image_workflows", "branch_ruleset",
    ),
    ("migration_job", "production_environment", "image_registry"),
    ("channels.slack", "channels.pagerduty", "channels.existing"),
)  # fmt: skip


@pytest.fixture(scope="module")
def project(pulumi: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """What `readiness init` has written, and nothing else yet."""
    with written_project(tmp_path_factory.mktemp("days"), pulumi) as found:
        yield found


def test_the_days_of_a_project(project: Project) -> None:
    """From an empty folder to what the uninstall guide says stays, and back."""
    for step in STEPS:
        step(project)


def ask_what_is_missing(project: Project) -> None:
    """`readiness doctor --ci`: each thing with a command or an address. Nothing changes."""
    rows = doctor(project)
    missing = {(row["subject"], row["check"]) for row in rows if row["state"] == "missing"}
    of_ci = f"CI of {OWN}"
    assert missing == {
        ("this machine", "environment of the program"),
        *((f"stack {stack}", "stack") for stack in STACKS),
        *((f"stack {stack}, in CI", "secrets provider") for stack in STACKS),
        (f"Google project {GOOGLE_PROJECT}", "enabled APIs"),
        *((of_ci, check) for check in ("environments", "variables", "secrets", "workload identity")),
    }
    assert all(row["fix"] for row in rows if row["state"] == "missing")
    assert project.world.cloud.things == {}


def set_up_ci(project: Project) -> None:
    """The script of `readiness bootstrap`, and what it leaves to its owner."""
    said = project.run_script(bootstrap_script(project))
    assert said.count("not yet: the account cargo-app-migrate") == len(STACKS), "the first apply creates them"
    assert project.owners.stacks.keys() == set(STACKS)
    # The stand-in of `pulumi` creates no stack of this engine: no key service is in reach.
    make_what_bootstrap_made(project)
    project.owners.environments = dict.fromkeys(project.owners.environments, True)
    (project.world.engine.project / ".venv").symlink_to(sys.prefix)


def follow_the_doctor(project: Project) -> None:
    """The commands that it still has are run; then nothing is missing but what only a key service gives."""
    rows = doctor(project)
    for stack in STACKS:
        (line,) = fixes(rows, f"stack {stack}", "stack")
        project.world.done(*line.removeprefix("pulumi ").split())
    commands = [line for row in ("variables", "secrets") for line in fixes(rows, f"CI of {OWN}", row)]
    script = "\n".join(line for line in commands if line.startswith("gh ")).replace("CLIENT_ID_OF_THE_APP", "Iv1.cargo")
    key = project.world.folder / "private-key.pem"
    key.write_text("planted", encoding="utf-8")
    project.run_script(script.replace("PRIVATE_KEY_OF_THE_APP.pem", str(key)))
    key.unlink()
    missing = {(row["subject"], row["check"]) for row in doctor(project) if row["state"] == "missing"}
    assert missing == {(f"stack {stack}, in CI", "secrets provider") for stack in STACKS}


def apply_for_the_first_time(project: Project) -> None:
    """`readiness up` of each stack, the owner of what exists once last."""
    world = project.world
    for stack in STACKS:
        apply(world, stack)
        assert declared(world, stack) == in_the_state(world, stack)
    live = Counter(type_ for type_, _ in world.cloud.things)
    assert live[POLICY] == sum(kind == POLICY for stack in STACKS for kind, _ in in_the_state(world, stack)) > 40
    for type_, email in [(type_, name.rpartition("/")[2]) for type_, name in world.cloud.things if type_ == ACCOUNT]:
        assert type_ == ACCOUNT
        project.owners.things[f"accounts/{email}"] = {"state": "ACTIVE"}
    assert project.run_script(bootstrap_script(project)).splitlines()[-1] == "Everything is set up."


def apply_again(project: Project) -> None:
    """No change is sent, and nothing drifts."""
    world = project.world
    world.cloud.requests.clear()
    for stack in STACKS:
        done = apply(world, stack)
        assert re.search(r"^Resources:\n    \d+ unchanged$", done.out, flags=re.MULTILINE), done.text
    assert world.readiness("drift", "staging").status == 0
    assert {request.method for request in world.cloud.requests} == {"GET"}


def add_what_is_optional(project: Project) -> None:
    """Every part that the program can declare and `readiness init` asks nothing about."""
    world = project.world
    world.edit("Pulumi.prod.yaml", "config:\n", f"config:\n{ADDED}")
    world.edit(
        "Pulumi.prod.yaml",
        "      - prod@cargo.dev\n    existing",
        f"      - prod@cargo.dev\n{ADDED_CHANNELS}    existing",
    )
    world.edit("Pulumi.prod.yaml", "          - /web\n", f"          - /web\n{ADDED_LABEL}")
    for key, value in SECRETS.items():
        world.done("config", "set", "--stack", "prod", "--secret", key, value)
    assert world.readiness("runbook").status == 0
    before = in_the_state(world, "prod")
    apply(world, "prod")
    after = in_the_state(world, "prod")
    assert after == declared(world, "prod")
    assert before - after == {(LABEL, "dependabot-label-dependencies")}, "the usual one is replaced"
    assert len(after) > len(before)
    assert world.readiness("drift", "prod").status == 0


def find_five_changes_by_hand(project: Project) -> None:
    """A grant, reviewers, a query, a policy, a channel: each is named, the grant first. An apply puts them back."""
    world = project.world
    things = world.cloud.things
    grant = "migration-job-sql-client"
    del things[PROJECT_GRANT, live_id(world, grant)]
    things[ENVIRONMENT, f"{APPLICATION}:production"]["reviewers"] = []
    query = things[POLICY, live_id(world, CPU_POLICY)]["conditions"][0]
    query["conditionPrometheusQueryLanguage"]["query"] = "vector(0)"
    del things[POLICY, live_id(world, "alerts-high-memory-usage")]
    things[CHANNEL, live_id(world, "channels-email-prod@cargo.dev")]["displayName"] = "edited by hand"
    found = differences(world.readiness("drift", "prod", "--format", "json"))
    assert [(entry["resource"], entry["change"]) for entry in found if entry["resource"] != "production"] == [
        (grant, "missing"),
        ("production-environment-guard", "changed"),
        (CPU_POLICY, "changed"),
        ("alerts-high-memory-usage", "missing"),
        ("channels-email-prod@cargo.dev", "changed"),
    ]
    apply(world, "prod")
    assert world.readiness("drift", "prod").status == 0


def rename_what_is_watched(project: Project) -> None:
    """Services, their health checks, and the database: the alerts go over, and nothing watches the old names."""
    rename(project, WATCHED)


def rename_who_is_notified(project: Project) -> None:
    """A channel of each kind: the policies go over, and the old channels are gone."""
    rename(project, NOTIFIED)


def rename_what_is_delivered(project: Project) -> None:
    """Accounts, workflows, viewers, the required check, the label, audit logs."""
    rename(project, DELIVERED)


def rename_what_is_protected(project: Project) -> None:
    """The job, its account, the registry and the environment: refused, with commands; what stays is named.

    The registry of the new name is created by `readiness bootstrap`, as the first one was.
    """
    rename(project, PROTECTED, run_bootstrap_again)


def remove_every_optional_part(project: Project) -> None:
    """In three applies; after each, the live resources are the declared ones and those that the refusal names."""
    world = project.world
    project.kept_settings = (world.engine.project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    for parts in OPTIONAL_PARTS:
        before = in_the_state(world, "prod")
        file = world.engine.project / "Pulumi.prod.yaml"
        text = file.read_text(encoding="utf-8")
        for part in parts:
            text = without(text, part)
        file.write_text(text, encoding="utf-8")
        for part in parts:
            if part in SECRET_OF:
                world.done("config", "rm", "--stack", "prod", SECRET_OF[part])
        assert world.readiness("runbook").status == 0
        apply_what_is_protected(project, "prod")
        after = in_the_state(world, "prod")
        assert after < before
        assert after == declared(world, "prod")
        assert {type_ for type_, _ in left_behind(world)} <= STAYS
        assert world.readiness("drift", "prod").status == 0
    assert {kind for kind, _ in in_the_state(world, "prod")}.isdisjoint(
        {JOB, REPOSITORY, ENVIRONMENT, BUCKET, DASHBOARD}
    )


def uninstall_by_the_guide(project: Project) -> None:
    """Command by command: what is left is what the page says stays."""
    world = project.world
    for stack in STACKS:
        uninstall(world, stack, GOOGLE_PROJECT, REGION)
    run(world, commands_below(AFTER_THE_LAST).replace("$PROJECT", GOOGLE_PROJECT))
    left = {type_ for type_, _ in world.cloud.things}
    assert left <= STAYS, left
    assert {REPOSITORY, ENVIRONMENT, API} <= left


def come_back(project: Project) -> None:
    """With the settings from before: what stayed is adopted, and the log bucket is restored with its entries."""
    world = project.world
    (world.engine.project / "Pulumi.prod.yaml").write_text(project.kept_settings, encoding="utf-8")
    assert world.readiness("runbook").status == 0
    for stack in STACKS:
        world.done("stack", "init", stack)
    apply(world, "staging")
    assert "The log bucket readiness-deployments is restored, with its entries." in apply(world, "prod").out
    assert world.readiness("drift", "prod").status == 0


STEPS = (
    ask_what_is_missing,
    set_up_ci,
    follow_the_doctor,
    apply_for_the_first_time,
    apply_again,
    add_what_is_optional,
    find_five_changes_by_hand,
    rename_what_is_watched,
    rename_who_is_notified,
    rename_what_is_delivered,
    rename_what_is_protected,
    remove_every_optional_part,
    uninstall_by_the_guide,
    come_back,
)


def apply(world: World, stack: str) -> Result:
    """`readiness up`, which ends well."""
    done = world.safe_up(stack)
    assert done.status == 0, done.text[-3000:]
    assert f"\n{stack} is applied: program, state and live resources agree.\n" in done.out
    return done


def doctor(project: Project) -> list[Row]:
    """The rows of `readiness doctor --ci`."""
    done = project.world.readiness("doctor", "--ci", "--repository", OWN, "--format", "json", GITHUB_TOKEN=TOKEN)
    rows: list[Row] = json.loads(done.out)["rows"]
    assert done.status == int(any(row["state"] == "missing" for row in rows))
    return rows


def fixes(rows: Sequence[Row], subject: str, check: str) -> list[str]:
    """The lines that get what is missing."""
    wanted = (subject, check, "missing")
    return [line for row in rows if (row["subject"], row["check"], row["state"]) == wanted for line in row["fix"]]


def bootstrap_script(project: Project) -> str:
    """What `readiness bootstrap` prints."""
    numbers = ("--repository-id", "101", "--owner-id", "202", "--project-number", NUMBER)
    done = project.world.readiness("bootstrap", "--repository", OWN, *numbers)
    assert done.status == 0, done.text
    return done.out


def make_what_bootstrap_made(project: Project) -> None:
    """The accounts, the pool, the role and the registry, where the engine and the guide's commands find them."""
    things = project.world.cloud.things
    for name in project.owners.things:
        kind, _, email = name.partition("/")
        if kind == "accounts" and email.startswith("readiness-"):
            name = f"projects/{GOOGLE_PROJECT}/serviceAccounts/{email}"
            things.setdefault((ACCOUNT, name), {"project": GOOGLE_PROJECT})
        elif re.search(r"/workloadIdentityPools/[^/]+$|/roles/", name):
            things[BOOTSTRAP, name] = {"project": GOOGLE_PROJECT}
        elif found := re.fullmatch(r"projects/[^/]+/locations/([^/]+)/repositories/([^/]+)", name):
            where = {"project": GOOGLE_PROJECT, "location": found[1], "repositoryId": found[2]}
            things.setdefault((REPOSITORY, name), {**where, "format": "DOCKER"})


def declared(world: World, stack: str) -> set[tuple[str, str]]:
    """Type and name of what the program declares of the providers' resources."""
    done = world.readiness("plan", stack, "--format", "json")
    assert done.status == 0, done.text
    return {(entry["type"], entry["name"]) for entry in json.loads(done.out)["resources"] if is_custom(entry["type"])}


def in_the_state(world: World, stack: str) -> set[tuple[str, str]]:
    """The same of the engine's state."""
    found = [(entry["type"], entry["urn"].rpartition("::")[2]) for entry in world.engine.resources(stack)]
    return {(type_, name) for type_, name in found if is_custom(type_)}


def apply_what_is_protected(project: Project, stack: str) -> str:
    """`readiness up`; where it refuses, its commands, then `readiness up` again. Returns the refusal."""
    world = project.world
    done = world.safe_up(stack)
    said = ""
    if "These resources are protected" in done.err:
        said = done.err
        for command in lifting_commands(said):
            assert world.shell(command).status == 0, command
        done = world.safe_up(stack)
    assert done.status == 0, done.text[-3000:]
    return said


def run_bootstrap_again(project: Project) -> None:
    """Its script creates what the settings name by now."""
    project.run_script(bootstrap_script(project))
    make_what_bootstrap_made(project)


def rename(project: Project, renames: Sequence[Rename], prepare: Callable[[Project], None] = lambda _: None) -> None:
    """Edits the settings and applies: what had the old name has the new one, and only what stays keeps the old."""
    world = project.world
    before = {change.old: carriers(world, change.old) for change in renames}
    before_it = left_behind(world)
    for change in renames:
        world.edit("Pulumi.prod.yaml", change.place.format(change.old), change.place.format(change.new))
    assert world.readiness("runbook").status == 0
    prepare(project)
    said = apply_what_is_protected(project, "prod")
    for change in renames:
        assert before[change.old], f"{change.old} is nowhere"
        # A word that other settings use too is compared by what the setting itself declares.
        renamed = before[change.old] if change.place == "{}" else change.stays
        assert carriers(world, change.new) >= renamed, change.new
        if change.place == "{}":
            assert carriers(world, change.old) == change.stays, change.old
        for type_ in change.stays:
            assert f" {change.old} then stays as it is, and no stack manages it" in said, type_
    assert in_the_state(world, "prod") == declared(world, "prod")
    assert {type_ for type_, _ in left_behind(world) - before_it} == set().union(*(change.stays for change in renames))
    assert world.readiness("drift", "prod").status == 0


def carriers(world: World, word: str) -> set[str]:
    """The types of the live things that hold the word, in their ids or anywhere else. Those of staging do not count."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    others = owned(world, "staging")
    things = {key: thing for key, thing in world.cloud.things.items() if key not in others}
    return {key[0] for key, thing in things.items() if pattern.search(f"{key[1]} {json.dumps(thing)}")}


def owned(world: World, stack: str) -> set[Key]:
    """The live things that the state of a stack holds."""
    ids = {(entry["type"], str(entry.get("id"))) for entry in world.engine.resources(stack)}
    return {(type_, name) for type_, name in world.cloud.things if {(type_, name), (type_, last_part(name))} & ids}


def last_part(name: str) -> str:
    """The end of a full name, which some providers take for the id."""
    return re.split("[/:]", name)[-1]


def left_behind(world: World) -> set[Key]:
    """The live things that no state holds, but for what `readiness bootstrap` has made."""
    held = set[Key]().union(*(owned(world, stack) for stack in STACKS))
    return {
        (type_, name)
        for type_, name in world.cloud.things
        if (type_, name) not in held and type_ != BOOTSTRAP and "/serviceAccounts/readiness-" not in name
    }
