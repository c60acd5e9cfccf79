"""The set-up of CI's identities is printed, trusts one repository by number, and gives no more than is used."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from readiness.cli.main import cli
from readiness.finding import RefusedError
from readiness.live.bootstrap_rights import RIGHTS, needs_of
from readiness.plan.offline_plan import Plan
from tests.projects import FIRST_CUSTOMER, SMALL, copy_project, readiness

OPTIONS = {
    "--repository": "acme/readiness",
    "--repository-id": "101",
    "--owner-id": "202",
    "--project-number": "864523342928",
}


def run(monkeypatch: pytest.MonkeyPatch, project: Path = FIRST_CUSTOMER, /, **changed: str) -> tuple[int, str]:
    """Exit status and output of the command, in a project."""
    monkeypatch.chdir(project)
    options = {**OPTIONS, **{f"--{name.replace('_', '-')}": value for name, value in changed.items()}}
    result = CliRunner().invoke(cli, ["bootstrap", *(word for pair in options.items() for word in pair)])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def script() -> str:
    """What is printed for that project."""
    with pytest.MonkeyPatch.context() as patch:
        status, text = run(patch)
    assert status == 0
    return text


def commands(script: str) -> list[list[str]]:
    """The script's commands as words: what it asks, creates and changes, but no comment and no `"$(…)"`."""
    found: list[list[str]] = []
    for line in script.partition("\n# 1. ")[2].splitlines():
        inside = False
        for word in shlex.split(line, comments=True):
            if word in ("gcloud", "gh", "pulumi"):
                found.append([])
                inside = True
            inside = inside and word not in ("||", ";;")
            if inside:
                found[-1].append(word.rstrip(";"))
    return found


def test_the_script_is_one_that_a_shell_can_read(script: str) -> None:
    """Quotes inside quotes included."""
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_trust_is_bound_to_the_numbers_of_repository_and_owner(script: str) -> None:
    """A name can be taken by somebody else; `sub` has two forms."""
    [provider] = [words for words in commands(script) if "create-oidc" in words]
    updates = [words for words in commands(script) if "update-oidc" in words]
    assert {tuple(words[5:]) for words in updates} == {tuple(provider[5:])}
    [condition] = [word for word in provider if word.startswith("--attribute-condition=")]
    assert "assertion.repository_id == '101'" in condition
    assert "assertion.repository_owner_id == '202'" in condition


def test_only_main_in_a_guarded_environment_is_the_applying_identity(script: str) -> None:
    """A pull request's job runs on `refs/pull/N/merge`, and can at most preview."""
    [provider] = [words for words in commands(script) if "create-oidc" in words]
    [mapping] = [word for word in provider if word.startswith("--attribute-mapping=")]
    assert "assertion.ref == 'refs/heads/main' && 'environment' in assertion" in mapping
    bound = [words for words in commands(script) if "--role=roles/iam.workloadIdentityUser" in words]
    members = {words[4].partition("@")[0]: words[-1].rpartition("/")[2] for words in bound}
    assert members == {"readiness-preview": "preview", "readiness-apply": "apply"}


def test_the_nightly_drift_reads_from_main_alone(script: str) -> None:
    """Its environment has no reviewers, so a pull request must not read in it past those of `preview`."""
    [mapping] = {word for words in commands(script) for word in words if word.startswith("--attribute-mapping=")}
    reads = mapping.partition(" ? 'apply' : ")[2]
    assert "assertion.environment == 'drift' && assertion.ref == 'refs/heads/main'" in reads
    assert reads.endswith(" ? 'preview' : 'none'")


def with_demo(folder: Path, environment: str) -> Path:
    """A copy of the small project with a stack more, in the environment."""
    copy_project(folder, SMALL)
    text = (folder / "Pulumi.staging.yaml").read_text(encoding="utf-8").replace("-staging", "-demo")
    text = text.replace("name: staging", f"name: {environment}", 1)
    (folder / "Pulumi.demo.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_stack_more_has_its_environment_made_and_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By its file alone: else Google would refuse its job of apply.yml."""
    status, text = run(monkeypatch, with_demo(tmp_path, "demo"))
    assert status == 0, text
    [mapping] = {word for words in commands(text) for word in words if word.startswith("--attribute-mapping=")}
    trusted = re.findall(r"assertion\.environment == '([a-z]+)'", mapping.partition(" ? 'apply'")[0])
    assert trusted == ["demo", "production", "staging"]
    made = [words[-1].rpartition("/")[2] for words in commands(text) if words[:4] == ["gh", "api", "-X", "PUT"]]
    assert made == ["preview", "drift", *trusted]


@pytest.mark.parametrize("environment", ["preview", "drift"])
def test_a_stack_in_an_environment_of_the_reading_identity_is_refused(tmp_path: Path, environment: str) -> None:
    """Else a job that only previews could apply."""
    words = [word for pair in OPTIONS.items() for word in pair]
    result = readiness("bootstrap", *words, cwd=with_demo(tmp_path, environment))
    assert (result.status, result.out) == (1, "")
    assert f"Pulumi.demo.yaml: readiness:environment.name: is {environment}" in result.err


def test_no_identity_gets_a_role_that_rules_the_project(script: str) -> None:
    """Neither owner nor editor of everything, nor the right to act as another account."""
    roles = {word.removeprefix("--role=") for words in commands(script) for word in words if word.startswith("--role=")}
    ruling = re.compile(r"roles/(owner|editor|.*\.admin|iam\.serviceAccountUser)$")
    on_one_thing = {"roles/artifactregistry.admin", "roles/iam.serviceAccountUser"}
    assert {role for role in roles if ruling.match(role)} == on_one_thing
    in_projects = [words for words in commands(script) if words[:2] == ["gcloud", "projects"]]
    assert not any(ruling.match(word.removeprefix("--role=")) for words in in_projects for word in words)
    [on_registry] = [words for words in commands(script) if "--role=roles/artifactregistry.admin" in words]
    assert on_registry[:3] == ["gcloud", "artifacts", "repositories"], "on the one repository, not on the project"


def test_the_previewing_identity_can_write_nothing() -> None:
    """Viewers and readers only."""
    assert all(re.search(r"(viewer|reader|Viewer|Reviewer)$", right.preview) for right in RIGHTS.values())
    assert not {right.preview for right in RIGHTS.values()} & {right.apply for right in RIGHTS.values()}


def test_every_kind_that_a_plan_declares_can_be_read_and_written(plans: dict[str, Plan]) -> None:
    """Else the first update of the pipeline is refused half-way, with 403."""
    for stack in ("prod", "staging", "every-option"):
        needs_of(plans[stack].resources)
    with pytest.raises(RefusedError, match="names no role for gcp:new/thing:Thing"):
        needs_of([{"type": "gcp:new/thing:Thing", "inputs": {}}])


def test_no_role_is_given_that_nothing_declared_needs(plans: dict[str, Plan]) -> None:
    """A project without jobs and grants gives neither the right to run the one nor to make the other."""
    kinds = ("Account", "Job", "IAMMember", "IAMAuditConfig", "SecretIamMember", "RepositoryIamMember")
    fewer = needs_of(
        [resource for resource in plans["prod"].resources if resource["type"].rpartition(":")[2] not in kinds]
    )
    assert fewer.apply_roles == (
        "roles/logging.configWriter",
        "roles/monitoring.editor",
        "roles/serviceusage.serviceUsageAdmin",
    )
    assert (fewer.granted, fewer.secrets, fewer.accounts) == ((), (), ())


def test_the_right_to_grant_is_limited_to_the_roles_that_the_program_declares(script: str) -> None:
    """Else whoever merges could make the applying identity an owner."""
    on_admin = [words for words in commands(script) if "--role=roles/resourcemanager.projectIamAdmin" in words]
    [grant] = [words for words in on_admin if words[2] == "add-iam-policy-binding"]
    [condition] = [word for word in grant if word.startswith("--condition=")]
    assert condition.startswith("--condition=^:^title=declared-roles-only:expression=api.getAttribute(")
    limited = set(re.findall(r"'(roles/[^']+)'", condition))
    assert {"roles/cloudsql.client", "roles/logging.logWriter"} <= limited
    assert not any(role.endswith(("owner", "editor", "projectIamAdmin")) for role in limited)
    assert condition.count(":") == 2, "gcloud splits there"


def test_access_to_a_secret_is_granted_without_reading_any(script: str) -> None:
    """By a role of the project's own, on the one secret."""
    [role] = [words for words in commands(script) if words[:4] == ["gcloud", "iam", "roles", "create"]]
    assert role[-1] == "--permissions=secretmanager.secrets.getIamPolicy,secretmanager.secrets.setIamPolicy"
    on_secrets = [words[2:4] for words in commands(script) if words[:2] == ["gcloud", "secrets"]]
    granted = [words for words in on_secrets if words[0] != "describe"]
    assert granted == [["add-iam-policy-binding", f"db-password-{stack}"] for stack in ("prod", "staging")]


def test_acting_as_the_jobs_accounts_waits_until_they_exist(script: str) -> None:
    """The first update creates them; until then the script names them and goes on."""
    acting = [words for words in commands(script) if "--role=roles/iam.serviceAccountUser" in words]
    assert [words[4].partition("@")[0] for words in acting] == ["arr-v2-migrate-prod", "arr-v2-migrate-staging"]
    asked = [words[4] for words in commands(script) if words[2:4] == ["service-accounts", "describe"]]
    assert {words[4] for words in acting} < set(asked)


def test_state_is_private_versioned_and_encrypted_by_a_key_that_rotates(script: str) -> None:
    """What the state holds is as secret as what it manages."""
    assert "--public-access-prevention" in script
    assert "--versioning" in script
    assert "--rotation-period=90d" in script
    assert script.count("--secrets-provider=gcpkms://") == 2


def test_no_key_is_made(script: str) -> None:
    """Keyless: nothing that could leak."""
    assert "keys create" not in script.replace("kms keys create", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"repository": "acme"}, "OWNER/NAME"), ({"repository": "a/b;id"}, "OWNER/NAME"), ({"owner_id": "0"}, "owner-id")],
)
def test_what_is_no_repository_or_number_is_refused(
    changed: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the user's reaches the script unchecked."""
    status, text = run(monkeypatch, **changed)
    assert status != 0
    assert said in text
