"""The script of `readiness bootstrap`, run by bash: on nothing, on half of it, and where everything exists already."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from readiness.live.bootstrap import state_bucket
from tests.documents.cloud_model import RefusedCommandError, shell_of
from tests.edits import add
from tests.live.owners_cloud import OwnersCloud
from tests.projects import FIRST_CUSTOMER, SMALL, copy_project, readiness

pytestmark = pytest.mark.processes

PROJECT = "ytgrs-464303"
OTHER = "shop-staging"
REGISTRY = f"projects/{PROJECT}/locations/us-central1/repositories/ai-resume-review-v2"
SECRETS = [f"projects/{PROJECT}/secrets/db-password-{stack}" for stack in ("prod", "staging")]
ACCOUNTS = [f"accounts/arr-v2-migrate-{stack}@{PROJECT}.iam.gserviceaccount.com" for stack in ("prod", "staging")]
OPTIONS = ("--repository=acme/readiness", "--repository-id=101", "--owner-id=202", "--project-number=33")


def script_of(project: Path) -> str:
    """What the command prints for a project."""
    done = readiness("bootstrap", *OPTIONS, cwd=project)
    assert done.status == 0, done.text
    return done.out


@pytest.fixture(scope="module")
def script() -> str:
    """The script for the first customer: two stacks in one Google project."""
    return script_of(FIRST_CUSTOMER)


@pytest.fixture(scope="module")
def script_of_two(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script for two stacks in a Google project each."""
    folder = copy_project(tmp_path_factory.mktemp("two"), SMALL)
    with (folder / "Pulumi.staging.yaml").open("a", encoding="utf-8") as stream:
        stream.write(f"  gcp:project: {OTHER}\n")
    return script_of(folder)


def new_cloud() -> OwnersCloud:
    """Two empty projects, and a repository; the secrets of the database are stored, as an application needs them."""
    cloud = OwnersCloud(numbers={PROJECT: "33", OTHER: "44"}, repositories={"acme/readiness": 101})
    cloud.things |= {name: {"state": "ACTIVE"} for name in SECRETS}
    return cloud


@dataclass
class Desk:
    """Where an owner runs a script; `cloud` is what the programs lead to."""

    cloud: OwnersCloud
    _run: Callable[[str], str]
    _folder: Path

    def run(self, script: str) -> str:
        """Runs it as a file, and returns both streams. Raises RefusedCommandError where it stops."""
        (self._folder / "script.sh").write_text(script, encoding="utf-8")
        return self._run(f"bash {self._folder}/script.sh 2>&1")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk before an empty cloud."""
    cloud = new_cloud()
    with shell_of(cloud, tmp_path, ("gcloud", "gh", "pulumi")) as run:
        yield Desk(cloud, run, tmp_path)


def test_a_fresh_project_is_set_up_and_the_second_run_changes_nothing(script: str, desk: Desk) -> None:
    """Down to the registry, the variables and the stacks."""
    said = desk.run(script)
    cloud = desk.cloud
    assert REGISTRY in cloud.things
    assert cloud.environments == {"drift": False, "preview": False, "production": False, "staging": False}
    assert cloud.variables == {
        "/WORKLOAD_IDENTITY_PROVIDER": (
            "projects/33/locations/global/workloadIdentityPools/readiness/providers/github"
        ),
        "/PULUMI_BACKEND_URL": f"gs://{state_bucket(PROJECT)}",
        "/PREVIEW_IDENTITY": f"readiness-preview@{PROJECT}.iam.gserviceaccount.com",
        "/APPLY_IDENTITY": f"readiness-apply@{PROJECT}.iam.gserviceaccount.com",
    }
    assert cloud.stacks.keys() == {"prod", "staging"}
    assert "--versioning" in cloud.things[f"buckets/{state_bucket(PROJECT)}"]
    assert said.count("not yet: the account arr-v2-migrate") == 2, "the first apply creates them"
    before, created = copy.deepcopy(cloud.state), list(cloud.created)
    assert "creating:" not in desk.run(script)
    assert (cloud.state, cloud.created) == (before, created)


def commands_for_the_apps(said: str, folder: Path) -> str:
    """What the script shows for the two Apps, with what an owner fills in."""
    key = folder / "key.pem"
    key.write_text("planted", encoding="utf-8")
    shown = [line.strip() for line in said.splitlines() if line.startswith("    gh ")]
    assert len(shown) == 5
    filled_in = {"PRIVATE_KEY_OF_THE_APP.pem": str(key), "CLIENT_ID_OF_THE_APP": "Iv1.planted"}
    text = "\n".join(shown)
    for word, value in filled_in.items():
        assert word in text
        text = text.replace(word, value)
    return text


def test_each_app_is_a_page_and_the_commands_that_store_its_id_and_key(script: str, desk: Desk) -> None:
    """The one that reads for two environments, the one that writes for one. Afterwards no App is asked for."""
    said = desk.run(script)
    reads, writes = [line.strip() for line in said.splitlines() if "/settings/apps/new?" in line]
    assert reads.startswith("https://github.com/organizations/stellar-aiz/settings/apps/new?")
    assert "public=false&webhook_active=false&actions=read&administration=read&issues=read&secrets=read" in reads
    assert "actions=read&administration=write&issues=write&secrets=write" in writes
    assert "contents" not in writes, "no file is committed by the program"
    desk.run(commands_for_the_apps(said, desk._folder))
    assert {"/PREVIEW_APP_CLIENT_ID", "/APPLY_APP_CLIENT_ID"} < desk.cloud.variables.keys()
    assert desk.cloud.secrets == {
        "preview/PREVIEW_APP_PRIVATE_KEY", "drift/PREVIEW_APP_PRIVATE_KEY", "production/APPLY_APP_PRIVATE_KEY",
    }  # fmt: skip
    assert "GitHub App" not in desk.run(script)
    desk.cloud.secrets.remove("drift/PREVIEW_APP_PRIVATE_KEY")
    assert desk.run(script).count("not yet: the GitHub App that reads ") == 1


def test_a_project_with_the_token_of_a_person_is_not_asked_for_the_app_that_writes(script: str, desk: Desk) -> None:
    """It is the form of earlier releases, and the workflow still takes it."""
    desk.cloud.secrets.add("production/MANAGEMENT_TOKEN")
    said = desk.run(script)
    assert "not yet: the GitHub App that reads " in said
    assert "not yet: the GitHub App that writes to " not in said


def test_an_app_that_commits_files_may_write_them(tmp_path: Path) -> None:
    """With `managed_files.delivery: commit`."""
    folder = copy_project(tmp_path)
    add(folder, "  readiness:managed_files: {delivery: commit}\n")
    assert "secrets=write&contents=write&workflows=write" in script_of(folder)


def test_after_the_first_apply_it_is_run_again_and_ends_with_nothing_left(script: str, desk: Desk) -> None:
    """The identity may then act as the accounts of the jobs."""
    desk.run(commands_for_the_apps(desk.run(script), desk._folder))
    desk.cloud.things |= {name: {"state": "ACTIVE"} for name in ACCOUNTS}
    said = desk.run(script)
    assert "not yet" not in said
    assert said.splitlines()[-1] == "Everything is set up."
    acting = {row[0] for row in desk.cloud.bindings if row[1] == "roles/iam.serviceAccountUser"}
    assert acting == set(ACCOUNTS)


@pytest.mark.parametrize("call", [3, 29, 60])
def test_a_run_that_broke_off_is_finished_by_the_next_one(script: str, desk: Desk, call: int) -> None:
    """Wherever it stopped: the end is that of one whole run."""
    desk.run(script)
    whole, calls = copy.deepcopy(desk.cloud.state), desk.cloud.calls
    assert call < calls
    vars(desk.cloud).update(vars(new_cloud()))
    desk.cloud.fails_at = call
    try:
        desk.run(script)
    except RefusedCommandError:
        desk.cloud.fails_at = None
        desk.run(script)
    assert desk.cloud.state == whole


def test_what_exists_is_adopted_as_it_is(script: str, desk: Desk) -> None:
    """The registry of the application, and environments whose protection a PUT would take away."""
    desk.run(script)
    desk.cloud.things[REGISTRY]["labels"] = "terraform"
    desk.cloud.environments = dict.fromkeys(desk.cloud.environments, True)
    desk.run(script)
    assert desk.cloud.things[REGISTRY]["labels"] == "terraform"
    assert all(desk.cloud.environments.values())


def test_what_was_deleted_lately_is_brought_back(script: str, desk: Desk) -> None:
    """Google keeps pool, provider and role for weeks, and refuses to create them again in that time."""
    desk.run(script)
    whole = copy.deepcopy(desk.cloud.state)
    deleted = [name for name in desk.cloud.things if "workloadIdentityPools" in name or "/roles/" in name]
    assert len(deleted) == 3
    for name in deleted:
        desk.cloud.things[name]["state"] = "DELETED"
    desk.run(script)
    assert desk.cloud.state == whole


def test_a_limit_of_the_right_to_grant_that_is_out_of_date_is_replaced(script: str, desk: Desk) -> None:
    """A second binding beside it would still allow what the first one allows."""
    desk.run(script)
    (limited,) = [row for row in desk.cloud.bindings if row[1] == "roles/resourcemanager.projectIamAdmin"]
    old = (*limited[:3], limited[3].replace("'roles/cloudsql.client'", "'roles/owner'"))
    assert old != limited
    desk.cloud.bindings.remove(limited)
    desk.cloud.bindings.add(old)
    desk.run(script)
    assert [row for row in desk.cloud.bindings if row[1] == limited[1]] == [limited]


def test_a_secret_that_is_not_stored_is_named_and_stops_nothing(script: str, desk: Desk) -> None:
    """Its value is nobody's but the person's who runs the script; the rest is set up."""
    del desk.cloud.things[SECRETS[0]]
    said = desk.run(script)
    assert f"not yet: the secret db-password-prod of {PROJECT} does not exist; store its value with: " in said
    assert desk.cloud.stacks.keys() == {"prod", "staging"}
    assert "Do that, then run this script again." in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("numbers", "repositories", "said"),
    [
        ({PROJECT: "34"}, {"acme/readiness": 101}, f"error: the number of the project {PROJECT} is 34"),
        ({PROJECT: "33"}, {"acme/readiness": 102}, "error: the id of acme/readiness is 102"),
    ],
)
def test_a_wrong_number_stops_it_before_anybody_is_trusted(
    script: str, desk: Desk, numbers: dict[str, str], repositories: dict[str, int], said: str
) -> None:
    """The pool would trust a repository of somebody else, or nobody."""
    desk.cloud.numbers, desk.cloud.repositories = numbers, repositories
    with pytest.raises(RefusedCommandError):
        desk.run(script)
    with pytest.raises(RefusedCommandError, match="script"):
        desk.run(script)
    assert not any("workloadIdentityPools" in name for name in desk.cloud.things)
    assert said in desk._run(f"bash {desk._folder}/script.sh 2>&1 || true")


def test_a_bucket_of_that_name_in_another_project_is_not_used(script: str, desk: Desk) -> None:
    """Whoever made it would own the state, with every secret in it."""
    desk.cloud.things[f"buckets/{state_bucket(PROJECT)}"] = {"--project": "someone", "state": "ACTIVE"}
    with pytest.raises(RefusedCommandError):
        desk.run(script)
    assert desk.cloud.login == ""


def test_two_google_projects_have_an_identity_and_a_key_each(script_of_two: str, desk: Desk) -> None:
    """One state, one pool and one identity that reads; the identity of a project may change that one alone."""
    desk.run(script_of_two)
    cloud = desk.cloud
    applying = {project: f"readiness-apply@{project}.iam.gserviceaccount.com" for project in (PROJECT, OTHER)}
    for project, account in applying.items():
        member = f"serviceAccount:{account}"
        granted = {row[0] for row in cloud.bindings if row[2] == member}
        assert {name for name in granted if name.startswith("projects/") and name.count("/") == 1} == {
            f"projects/{project}"
        }
        keys = {name for name in granted if "cryptoKeys" in name}
        assert keys == {f"projects/{project}/locations/us-central1/keyRings/readiness/cryptoKeys/state"}
        trusted = [row[2] for row in cloud.bindings if row[0] == f"accounts/{account}"]
        assert [name.rpartition("/")[2] for name in trusted] == [f"apply-{project}"]
    assert cloud.variables["production/APPLY_IDENTITY"] == applying[PROJECT]
    assert cloud.variables["staging/APPLY_IDENTITY"] == applying[OTHER]
    assert cloud.variables["/PREVIEW_IDENTITY"] == f"readiness-preview@{PROJECT}.iam.gserviceaccount.com"
    assert {stack: key.split("/")[1] for stack, key in cloud.stacks.items()} == {"prod": PROJECT, "staging": OTHER}
    (provider,) = [thing for name, thing in cloud.things.items() if "/providers/" in name]
    mapping = provider["--attribute-mapping"]
    assert f"(assertion.environment == 'production')) ? 'apply-{PROJECT}' : " in mapping
    assert f"(assertion.environment == 'staging')) ? 'apply-{OTHER}' : " in mapping
    before = copy.deepcopy(cloud.state)
    assert "creating:" not in desk.run(script_of_two)
    assert cloud.state == before


def test_a_registry_that_the_program_would_create_too_is_warned_of(tmp_path: Path) -> None:
    """The script creates it first, because the identity is granted its rights on it."""
    folder = copy_project(tmp_path, SMALL)
    file = folder / "Pulumi.prod.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("adopt: true", "adopt: false"), encoding="utf-8")
    done = readiness("bootstrap", *OPTIONS, cwd=folder)
    assert done.status == 0
    assert "readiness:image_registry.adopt: is false, and the script creates ai-resume-review-v2" in done.err
    assert "image_registry.adopt" not in readiness("bootstrap", *OPTIONS, cwd=SMALL).err
