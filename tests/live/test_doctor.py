"""`readiness doctor`: an empty machine, one that has everything, and each thing that can be missing or unknown."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.edits import endpoint_lines, write_real_addresses
from tests.live.loopback import Reply, Request, serving
from tests.projects import Command, Result, copy_project, write_runbook

PROJECT = "ytgrs-464303"
APPLICATION = "/repos/stellar-aiz/ai-resume-review-v2"
CI = "/repos/acme/readiness"
PROVIDER = "projects/33/locations/global/workloadIdentityPools/readiness/providers/github"
KEY = f"gcpkms://projects/{PROJECT}/locations/us-central1/keyRings/readiness/cryptoKeys/state"
ACCOUNT = f"readiness-apply@{PROJECT}.iam.gserviceaccount.com"
WORKFLOW = """\
on: {push: {branches: [main]}}
jobs:
  staging:
    environment: staging
    steps:
      - with:
          workload_identity_provider: ${{ vars.WORKLOAD_IDENTITY_PROVIDER }}
          service_account: ${{ vars.APPLY_IDENTITY }}
  prod:
    environment: {name: production}
    steps:
      - with: {account: "${{ vars.APPLY_IDENTITY }}"}
        env: {TOKEN: "${{ secrets.MANAGEMENT_TOKEN }}", OWN: "${{ secrets.GITHUB_TOKEN }}"}
"""
PULUMI = """#!/bin/sh
case "$1 $2" in
version*) echo "${PULUMI_SAYS_VERSION:-v3.999.0}" ;;
whoami*) [ -z "$PULUMI_IS_DOWN" ] || { echo "error: dial tcp: lookup x: no such host" >&2; exit 1; }; echo ada ;;
"stack export") [ -z "$PULUMI_HAS_NO_STACK" ] || { echo "error: no stack named '$4' found" >&2; exit 6; }; echo '{}' ;;
esac
"""


@dataclass
class World:
    """A project and everything around it; `answers` are what Google and GitHub say, by path."""

    project: Path
    programs: Path
    url: str
    answers: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)

    def answer(self, request: Request) -> Reply:
        """A path that has no answer does not exist."""
        path = request.path.partition("?")[0]
        if path in self.forbidden:
            return Reply(403, {"message": "Resource not accessible", "error": {"message": "denied"}})
        if path not in self.answers:
            return Reply(404, {"message": "Not Found", "error": {"message": "not found"}})
        found = self.answers[path]
        return Reply(200, found(request) if callable(found) else found, self.headers)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a machine on which nothing is missing."""
        return {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "PULUMI_BACKEND_URL": f"gs://{PROJECT}-readiness-state",
            "GOOGLE_OAUTH_ACCESS_TOKEN": "placeholder",
            "GITHUB_TOKEN": "placeholder",
            "GITHUB_API_URL": self.url,
        }


def program(folder: Path, name: str, script: str = "#!/bin/sh\n") -> None:
    """A program on PATH."""
    (folder / name).write_text(script, encoding="utf-8")
    (folder / name).chmod(0o755)


def enabled(*names: str) -> dict[str, Any]:
    """Google's list of enabled APIs."""
    return {"services": [{"name": f"projects/33/services/{name}.googleapis.com"} for name in names]}


def whole_world(world: World) -> None:
    """Fills in what Google and GitHub say where nothing is missing."""
    apis = (
        "serviceusage", "cloudresourcemanager", "monitoring", "logging", "run", "iam", "secretmanager", "sqladmin",
        "artifactregistry", "containeranalysis", "containerscanning",
    )  # fmt: skip
    environment: dict[str, Any] = {
        "protection_rules": [{"type": "required_reviewers"}],
        "deployment_branch_policy": {},
    }
    provider = {
        "state": "ACTIVE",
        "attributeCondition": "assertion.repository_id == '101'",
        "attributeMapping": {"attribute.identity": "'production' 'staging'"},
    }
    world.headers = {"X-OAuth-Scopes": "repo, workflow"}
    world.answers = {
        f"/v1/projects/{PROJECT}/services": enabled(*apis),
        f"/v1/projects/{PROJECT}:testIamPermissions": lambda request: request.body,
        f"/v1/{PROVIDER}": provider,
        f"/v1/projects/-/serviceAccounts/{ACCOUNT}": {"email": ACCOUNT},
        APPLICATION: {"permissions": {"admin": True}},
        CI: {"id": 101, "default_branch": "main", "private": False},
        f"{CI}/branches/main": {"protected": True},
        f"{CI}/environments/staging": environment,
        f"{CI}/environments/production": environment,
        f"{CI}/actions/variables": {
            "variables": [
                {"name": "WORKLOAD_IDENTITY_PROVIDER", "value": PROVIDER},
                {"name": "APPLY_IDENTITY", "value": ACCOUNT},
            ]
        },
        f"{CI}/actions/organization-variables": {"variables": []},
        f"{CI}/actions/secrets": {"secrets": []},
        f"{CI}/environments/production/secrets": {"secrets": [{"name": "MANAGEMENT_TOKEN"}]},
        f"{CI}/environments/production/variables": {"variables": []},
        f"{CI}/environments/staging/variables": {"variables": []},
    }


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[World]]]:
    """The address at which the last world answers: the same for all tests, so that they share their plans."""
    worlds: list[World] = []
    with serving(lambda request: worlds[-1].answer(request)) as found:
        yield found.url, worlds


@pytest.fixture
def world(tmp_path: Path, server: tuple[str, list[World]]) -> World:
    """Everything is there."""
    project, programs = tmp_path / "project", tmp_path / "bin"
    for folder in (project, programs, tmp_path / "home"):
        folder.mkdir()
    copy_project(project)
    write_real_addresses(project)
    write_runbook(project)
    (project / ".github" / "workflows").mkdir(parents=True)
    (project / ".github" / "workflows" / "apply.yml").write_text(WORKFLOW, encoding="utf-8")
    program(programs, "pulumi", PULUMI)
    for name in ("pulumi-language-python", "gh", "gcloud"):
        program(programs, name)
    program(programs, "promtool", "#!/bin/sh\necho promtool, version 2.53.0\n")
    (project / ".venv" / "bin").mkdir(parents=True)
    program(project / ".venv" / "bin", "python")
    url, worlds = server
    found = World(project, programs, url)
    worlds.append(found)
    for stack in ("prod", "staging"):
        file = project / f"Pulumi.{stack}.yaml"
        text = file.read_text(encoding="utf-8")
        for number, name in enumerate(("first", "second"), start=101):
            placeholder = f"login: to-be-filled-in-{name}\n          id: 0"
            text = text.replace(placeholder, f"login: reviewer-{number}\n          id: {number}")
        endpoints = dict.fromkeys(("serviceUsage", "resourceManager", "iam"), url)
        file.write_text(f"{text}{endpoint_lines(endpoints)}secretsprovider: {KEY}\n", encoding="utf-8")
    whole_world(found)
    return found


def doctor(command: Command, world: World, *arguments: str, **environment: str) -> Result:
    """Runs it there, with the variables of that machine."""
    return command("doctor", *arguments, cwd=world.project, **{**world.environment, "CI": "", **environment})


def rows(done: Result) -> dict[tuple[str, str], list[tuple[str, list[str]]]]:
    """What a JSON report says: state and fix by subject and check."""
    found: dict[tuple[str, str], list[tuple[str, list[str]]]] = {}
    for row in json.loads(done.out)["rows"]:
        found.setdefault((row["subject"], row["check"]), []).append((row["state"], row["fix"]))
    return found


IN_CI = ("--ci", "--repository", "acme/readiness", "--format", "json")


def test_where_everything_is_there_it_ends_with_0_and_nothing_is_missing(command: Command, world: World) -> None:
    """Both stacks, Google, GitHub and CI; what only one command needs is not counted as needed."""
    done = doctor(command, world, *IN_CI)
    totals = json.loads(done.out)["totals"]
    assert (done.status, totals["missing"]) == (0, 0), done.out
    unknown = {key for key, found in rows(done).items() if any(state == "not known" for state, _ in found)}
    assert unknown == {(f"Google project {PROJECT}", "permissions")}, "the rights on single things"
    text = doctor(command, world, "--ci", "--repository", "acme/readiness")
    assert text.status == 0
    assert text.out.splitlines()[-1].startswith("0 missing, 1 not known, ")


def test_an_empty_machine_lacks_everything_and_each_thing_has_a_way_to_it(
    command: Command, project: Path, tmp_path: Path
) -> None:
    """Without network, credentials or CLI: what could not be asked is not known, and never ok."""
    bare = dict.fromkeys(("GOOGLE_OAUTH_ACCESS_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "PULUMI_BACKEND_URL"), "")
    (tmp_path / "empty").mkdir()
    environment = {**bare, "PATH": str(tmp_path / "empty"), "HOME": str(tmp_path / "empty"), "CLOUDSDK_CONFIG": ""}
    done = command(
        "doctor", "prod", "--ci", "--repository", "acme/readiness", "--format", "json", cwd=project, **environment
    )
    found = rows(done)
    assert done.status == 1
    assert found["this machine", "Pulumi CLI"] == [("missing", ["https://www.pulumi.com/docs/install/"])]
    assert found["this machine", "gcloud"] == [("optional", ["https://cloud.google.com/sdk/docs/install"])]
    assert found["stack prod", "state backend"] == [("missing", [f"pulumi login gs://{PROJECT}-readiness-state"])]
    assert found["stack prod", "stack"] == [("not known", [])]
    assert found[f"Google project {PROJECT}", "Google credentials"] == [
        ("missing", ["gcloud auth application-default login"])
    ]
    assert found[f"Google project {PROJECT}", "enabled APIs"] == [("not known", [])]
    (state, fix) = found["GitHub repository stellar-aiz/ai-resume-review-v2", "GitHub token"][0]
    assert (state, fix[0]) == ("missing", 'export GITHUB_TOKEN="$(gh auth token)"')
    assert all(state == "missing" for state, _ in found["stack prod", "placeholder"])
    assert len(found["stack prod", "placeholder"]) >= 3
    assert [state for state, _ in found["CI of acme/readiness", "workflows"]] == ["missing"]


def test_without_a_network_nothing_that_was_not_asked_is_ok(command: Command, world: World) -> None:
    """Tokens are there; Google, GitHub and the backend do not answer."""
    world.forbidden = set()
    down = "http://127.0.0.1:9"
    for stack in ("prod", "staging"):
        file = world.project / f"Pulumi.{stack}.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace(world.url, down), encoding="utf-8")
    done = doctor(command, world, "prod", *IN_CI, GITHUB_API_URL=down, PULUMI_IS_DOWN="1")
    found = rows(done)
    for subject, check in (
        (f"Google project {PROJECT}", "Google credentials"),
        (f"Google project {PROJECT}", "enabled APIs"),
        ("GitHub repository stellar-aiz/ai-resume-review-v2", "GitHub token"),
        ("stack prod", "state backend"),
        ("stack prod", "stack"),
        ("CI of acme/readiness", "variables"),
        ("CI of acme/readiness", "workload identity"),
    ):
        assert [state for state, _ in found[subject, check]] == ["not known"], check
    assert done.status == 0, "nothing is known to be missing"
    assert json.loads(done.out)["totals"]["not known"] >= 9


GOOGLE = f"Google project {PROJECT}"
GITHUB = "GitHub repository stellar-aiz/ai-resume-review-v2"
OF_CI = "CI of acme/readiness"
# What is changed in the answers (None: it does not exist), and the row that then says so.
BROKEN: dict[str, tuple[str, Any, str, str, str, str]] = {
    "an API that the engine needs first": (
        f"/v1/projects/{PROJECT}/services", enabled("monitoring"), GOOGLE, "enabled APIs", "missing",
        f"gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com --project={PROJECT}",
    ),
    "a permission": (
        f"/v1/projects/{PROJECT}:testIamPermissions",
        lambda request: {"permissions": [name for name in request.body["permissions"] if "logging" not in name]},
        GOOGLE, "permissions", "missing", "--role=roles/logging.configWriter",
    ),
    "the application's repository": (APPLICATION, None, GITHUB, "GitHub token", "missing", "https://github.com/settings"),
    "the right to administer it": (
        APPLICATION, {"permissions": {"admin": False}}, GITHUB, "permissions", "missing", "https://github.com/settings",
    ),
    "an environment": (
        f"{CI}/environments/staging", None, OF_CI, "environments", "missing",
        "gh api -X PUT repos/acme/readiness/environments/staging",
    ),
    "reviewers": (
        f"{CI}/environments/production", {"deployment_branch_policy": {}}, OF_CI, "environments", "missing",
        "https://github.com/acme/readiness/settings/environments",
    ),
    "a branch policy": (
        f"{CI}/environments/staging", {"deployment_branch_policy": None}, OF_CI, "environments", "missing",
        "https://github.com/acme/readiness/settings/environments",
    ),
    "the variables": (f"{CI}/actions/variables", {"variables": []}, OF_CI, "variables", "missing", "bootstrap.sh"),
    "a secret": (
        f"{CI}/environments/production/secrets", {"secrets": []}, OF_CI, "secrets", "missing",
        "gh secret set MANAGEMENT_TOKEN --repo acme/readiness --env production",
    ),
    "the protection of main": (
        f"{CI}/branches/main", {"protected": False}, OF_CI, "branch protection", "missing",
        "https://github.com/acme/readiness/settings/rules",
    ),
    "the pool's provider": (f"/v1/{PROVIDER}", None, OF_CI, "workload identity", "missing", "bootstrap.sh"),
    "the pool's trust": (
        f"/v1/{PROVIDER}", {"state": "ACTIVE", "attributeCondition": "'102'"}, OF_CI, "workload identity", "missing",
        "bootstrap.sh",
    ),
    "the applying account": (
        f"/v1/projects/-/serviceAccounts/{ACCOUNT}", None, OF_CI, "workload identity", "missing", "bootstrap.sh",
    ),
}  # fmt: skip


# A job that can take the App, or the token of a person in its place.
EITHER = """\
on: {push: {branches: [main]}}
jobs:
  prod:
    environment: production
    steps:
      - with:
          account: ${{ vars.APPLY_IDENTITY }}
          client-id: ${{ vars.APPLY_APP_CLIENT_ID }}
          private-key: ${{ secrets.APPLY_APP_PRIVATE_KEY }}
      - env: {GITHUB_TOKEN: "${{ steps.app.outputs.token || secrets.MANAGEMENT_TOKEN }}"}
"""


@pytest.mark.parametrize(
    ("variable", "secret", "missing"),
    [
        (True, "APPLY_APP_PRIVATE_KEY", []),
        (False, "MANAGEMENT_TOKEN", []),
        (True, "", ["APPLY_APP_PRIVATE_KEY"]),
        (False, "", ["APPLY_APP_CLIENT_ID", "APPLY_APP_PRIVATE_KEY"]),
    ],
)
def test_of_the_app_and_the_token_of_a_person_one_is_enough(
    command: Command, world: World, variable: bool, secret: str, missing: list[str]
) -> None:
    """Without both, the App is named, with the page that registers it and the commands that store its values."""
    (world.project / ".github" / "workflows" / "apply.yml").write_text(EITHER, encoding="utf-8")
    if variable:
        named = world.answers[f"{CI}/actions/variables"]["variables"]
        world.answers[f"{CI}/actions/variables"] = {
            "variables": [*named, {"name": "APPLY_APP_CLIENT_ID", "value": "x"}]
        }
    world.answers[f"{CI}/environments/production/secrets"] = {"secrets": [{"name": secret}] if secret else []}
    done = doctor(command, world, *IN_CI)
    assert done.status == (1 if missing else 0)
    of_ci = [row for row in json.loads(done.out)["rows"] if row["subject"] == OF_CI and row["state"] == "missing"]
    assert [row["detail"].partition(" ")[0] for row in of_ci] == missing
    fix = [line for row in of_ci for line in row["fix"]]
    if "APPLY_APP_CLIENT_ID" in missing:
        assert "settings/apps/new?name=stellar-aiz-readiness-apply&" in fix[0]
        assert fix[1] == "gh variable set APPLY_APP_CLIENT_ID --repo acme/readiness --body CLIENT_ID_OF_THE_APP"
    if missing:
        key = "gh secret set APPLY_APP_PRIVATE_KEY --repo acme/readiness --env production"
        assert fix[-1] == f"{key} < PRIVATE_KEY_OF_THE_APP.pem"
    installed = [state for state, _ in rows(done).get((OF_CI, "GitHub Apps"), [])]
    assert installed == (["not known"] if variable else []), "GitHub shows only to the App where it is installed"


def test_an_environment_whose_names_may_not_be_read_is_not_taken_for_one_without_any(
    command: Command, world: World
) -> None:
    """GitHub answers 404 for what the token may not see; the environment itself is there."""
    del world.answers[f"{CI}/environments/production/secrets"]
    assert [state for state, _ in rows(doctor(command, world, *IN_CI))[OF_CI, "secrets"]] == ["not known"]


def test_reviewers_of_the_environment_drift_are_an_error(command: Command, world: World) -> None:
    """They would keep the night waiting. That it does not exist is one too."""
    workflow = WORKFLOW.replace("environment: staging", "environment: drift")
    (world.project / ".github" / "workflows" / "drift.yml").write_text(workflow, encoding="utf-8")
    world.answers[f"{CI}/environments/drift/variables"] = {"variables": []}
    done = doctor(command, world, *IN_CI)
    assert "drift does not exist" in done.out
    world.answers[f"{CI}/environments/drift"] = world.answers[f"{CI}/environments/production"]
    assert "drift has reviewers, for whom every night waits" in doctor(command, world, *IN_CI).out
    world.answers[f"{CI}/environments/drift"] = {"deployment_branch_policy": {"custom_branch_policies": True}}
    assert doctor(command, world, *IN_CI).status == 0


def test_commands_that_several_rows_need_are_in_the_text_once(command: Command, world: World) -> None:
    """A later row names the row that has them; the JSON has them in each."""
    world.answers[f"{CI}/actions/variables"] = {"variables": []}
    text = doctor(command, world, *IN_CI[:3]).out
    assert text.count("readiness bootstrap --repository acme/readiness") == 1
    assert "the same as for variables of CI of acme/readiness, above" in text
    found = rows(doctor(command, world, *IN_CI))[OF_CI, "workload identity"]
    assert found[0][1][0].startswith("readiness bootstrap --repository acme/readiness")


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_missing_there_is_named_with_the_command_that_gets_it(
    command: Command, world: World, what: str
) -> None:
    """One thing at a time; exit status 1."""
    path, answer, subject, check, state, fix = BROKEN[what]
    if answer is None:
        del world.answers[path]
    else:
        world.answers[path] = answer
    done = doctor(command, world, *IN_CI)
    assert done.status == 1
    found = [lines for found_state, lines in rows(done)[subject, check] if found_state == state]
    assert any(fix in line for lines in found for line in lines), rows(done)[subject, check]


@pytest.mark.parametrize(
    ("path", "subject", "check"),
    [
        (f"/v1/projects/{PROJECT}/services", GOOGLE, "enabled APIs"),
        (f"/v1/projects/{PROJECT}:testIamPermissions", GOOGLE, "permissions"),
        (APPLICATION, GITHUB, "GitHub token"),
        (f"{CI}/actions/variables", OF_CI, "variables"),
        (f"{CI}/actions/secrets", OF_CI, "secrets"),
        (f"{CI}/branches/main", OF_CI, "branch protection"),
        (f"/v1/{PROVIDER}", OF_CI, "workload identity"),
    ],
)
def test_what_the_credentials_may_not_read_is_not_known(
    command: Command, world: World, path: str, subject: str, check: str
) -> None:
    """403 says nothing about whether it is there."""
    world.forbidden = {path}
    states = {state for state, _ in rows(doctor(command, world, *IN_CI))[subject, check]}
    assert states == {"not known"}


def test_a_fine_grained_token_is_not_taken_for_one_that_may_write(command: Command, world: World) -> None:
    """GitHub names no scopes of it: what it may write shows when it writes."""
    world.headers = {}
    assert [state for state, _ in rows(doctor(command, world, *IN_CI))[GITHUB, "permissions"]] == ["not known"]
    world.headers = {"X-OAuth-Scopes": "read:org"}
    assert [state for state, _ in rows(doctor(command, world, *IN_CI))[GITHUB, "permissions"]] == ["missing"]


def test_a_private_repository_is_told_what_its_plan_may_not_protect(command: Command, world: World) -> None:
    """GitHub has no such protection on every plan: it is shown, and is no reason to fail."""
    world.answers[CI] = {"id": 101, "default_branch": "main", "private": True}
    world.answers[f"{CI}/branches/main"] = {"protected": False}
    world.answers[f"{CI}/environments/production"] = {"deployment_branch_policy": None}
    done = doctor(command, world, *IN_CI)
    assert done.status == 0
    assert [state for state, _ in rows(done)[OF_CI, "branch protection"]] == ["optional"]


def test_of_the_engine_each_thing_is_named(command: Command, world: World) -> None:
    """Stack, version, login."""
    subject = "stack staging"
    done = doctor(command, world, "staging", "--format", "json", PULUMI_HAS_NO_STACK="1")
    assert rows(done)[subject, "stack"] == [("missing", [f"pulumi stack init staging --secrets-provider={KEY}"])]
    assert done.status == 1
    old = rows(doctor(command, world, "staging", "--format", "json", PULUMI_SAYS_VERSION="v3.1.0"))
    assert [state for state, _ in old["this machine", "Pulumi CLI"]] == ["not known"]
    older = rows(doctor(command, world, "staging", "--format", "json", PULUMI_SAYS_VERSION="v2.1.0"))
    assert [state for state, _ in older["this machine", "Pulumi CLI"]] == ["missing"]
    (world.programs / "pulumi-language-python").unlink()
    found = rows(doctor(command, world, "staging", "--format", "json"))
    assert [state for state, _ in found["this machine", "Pulumi's Python language host"]] == ["missing"]


def test_a_passphrase_does_for_a_person_and_not_for_ci(command: Command, world: World) -> None:
    """A runner has none."""
    file = world.project / "Pulumi.staging.yaml"
    text = file.read_text(encoding="utf-8").replace(f"secretsprovider: {KEY}", "encryptionsalt: v1:x:v1:x:x")
    file.write_text(text, encoding="utf-8")
    found = rows(doctor(command, world, *IN_CI, PULUMI_CONFIG_PASSPHRASE=""))
    assert [state for state, _ in found["stack staging", "secrets provider"]] == ["ok"]
    assert [state for state, _ in found["stack staging, in CI", "secrets provider"]] == ["missing"]
    assert [state for state, _ in found["stack prod, in CI", "secrets provider"]] == ["ok"]


def test_settings_that_are_refused_are_named_by_file_and_line(command: Command, world: World) -> None:
    """And what depends on them is not known."""
    file = world.project / "Pulumi.staging.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("role: backend", "role: 5", 1), encoding="utf-8")
    done = doctor(command, world, "staging")
    assert done.status == 1
    assert "missing    settings: Pulumi.staging.yaml:" in done.out
    assert "not known  backend, stack and plan: the settings are refused" in done.out


def test_the_repository_of_ci_is_the_remote_of_the_checkout(command: Command, world: World) -> None:
    """Unless an option or the runner names one; without any of them it is not known."""
    arguments = ("--ci", "--format", "json")
    assert rows(doctor(command, world, *arguments, GITHUB_REPOSITORY=""))["CI", "repository"][0][0] == "not known"
    for words in (["init", "--quiet"], ["remote", "add", "origin", "git@github.com:acme/readiness.git"]):
        subprocess.run(["git", *words], cwd=world.project, check=True)
    assert (OF_CI, "variables") in rows(doctor(command, world, *arguments, GITHUB_REPOSITORY=""))
    assert ("CI of other/one", "repository") in rows(doctor(command, world, *arguments, GITHUB_REPOSITORY="other/one"))


def test_an_unknown_stack_and_a_repository_without_ci_are_one_error(command: Command, world: World) -> None:
    """Before anything is asked."""
    done = doctor(command, world, "nowhere")
    assert (done.status, done.out) == (1, "")
    assert "Pulumi.nowhere.yaml: does not exist." in done.err
    done = doctor(command, world, "--repository", "acme/readiness")
    assert (done.status, done.out) == (1, "")
    assert "--repository names the repository of --ci" in done.err


def test_no_credential_is_shown(command: Command, world: World) -> None:
    """Neither what is set nor what an answer repeats."""
    token = "ghp_" + "a" * 36
    done = doctor(command, world, *IN_CI, GITHUB_TOKEN=token, GOOGLE_OAUTH_ACCESS_TOKEN="ya29." + "b" * 40)
    assert token not in done.text
    assert "ya29." not in done.text
    assert os.environ.get("GITHUB_TOKEN") != token
