"""The set-up of CI's identities is printed, trusts one repository by number, and gives no more than is used."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from click.testing import CliRunner

from readiness.cli import cli
from readiness.operate.bootstrap import APPLY_ROLES, PREVIEW_ROLES
from tests.projects import ROOT

OPTIONS = {
    "--repository": "acme/readiness",
    "--repository-id": "101",
    "--owner-id": "202",
    "--project-number": "864523342928",
}


def run(monkeypatch: pytest.MonkeyPatch, **changed: str) -> tuple[int, str]:
    """Exit status and output of the command, in this project."""
    monkeypatch.chdir(ROOT)
    options = {**OPTIONS, **{f"--{name.replace('_', '-')}": value for name, value in changed.items()}}
    result = CliRunner().invoke(cli, ["bootstrap", *(word for pair in options.items() for word in pair)])
    return result.exit_code, result.output


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> str:
    """What is printed for this project."""
    status, text = run(monkeypatch)
    assert status == 0
    return text


def commands(script: str) -> list[list[str]]:
    """The script's commands as words."""
    return [shlex.split(line) for line in script.splitlines() if re.match(r"(gcloud|gh|pulumi) ", line)]


def test_the_script_is_one_that_a_shell_can_read(script: str) -> None:
    """Quotes inside quotes included."""
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_trust_is_bound_to_the_numbers_of_repository_and_owner(script: str) -> None:
    """A name can be taken by somebody else; `sub` has two forms."""
    [provider] = [words for words in commands(script) if "create-oidc" in words]
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


def test_no_identity_gets_a_role_that_rules_the_project(script: str) -> None:
    """Neither owner nor editor of everything, nor the right to act as another account."""
    roles = set(re.findall(r"--role=(\S+)", script))
    ruling = re.compile(r"roles/(owner|editor|.*\.admin|iam\.serviceAccountUser)$")
    assert {role for role in roles if ruling.match(role)} == {"roles/artifactregistry.admin"}
    [on_registry] = [words for words in commands(script) if "--role=roles/artifactregistry.admin" in words]
    assert on_registry[:3] == ["gcloud", "artifacts", "repositories"], "on the one repository, not on the project"


def test_the_previewing_identity_can_write_nothing() -> None:
    """Viewers and readers only."""
    assert all(re.search(r"(viewer|reader|Viewer)$", role) for role in PREVIEW_ROLES)
    assert not set(PREVIEW_ROLES) & set(APPLY_ROLES)


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
