"""Every command of docs/uninstall.md, in its order: what is left is what the page says stays, and nothing else."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.engine.kinds import (
    ACCOUNT,
    API,
    BOOTSTRAP,
    BRANCH_POLICY,
    BUCKET,
    ENVIRONMENT,
    JOB,
    REPOSITORY,
    REPOSITORY_FILE,
)
from tests.engine.world import SHOPS_PROJECT, World
from tests.projects import EVERY_OPTION, ROOT

pytestmark = pytest.mark.engine

PAGE = ROOT / "docs" / "uninstall.md"
# The rows of the page's table whose first column names what stays.
STAYS = {REPOSITORY, ENVIRONMENT, BRANCH_POLICY, API, BUCKET, REPOSITORY_FILE}
CUSTOMER = {"PROJECT": "ytgrs-464303", "REGION": "us-central1"}
STEPS_OF_A_STACK = ("1. Name the stack", "2. Delete the migration job", "3. Delete everything", "4. Forget the rest")
AFTER_THE_LAST = "5. After the last stack"


@pytest.mark.parametrize("stack", ["prod", EVERY_OPTION])
def test_after_every_command_of_the_guide_nothing_is_left_but_what_it_says_stays(applied: World, stack: str) -> None:
    """The owner of the shared resources; for the first customer the other stack first, as the page says."""
    project = CUSTOMER["PROJECT"] if stack == "prod" else SHOPS_PROJECT
    made_by_bootstrap(applied, project)
    stacks = ["staging", "prod"] if stack == "prod" else [EVERY_OPTION]
    before = environments_and_registries(applied)
    others = {key for key, thing in applied.cloud.things.items() if not is_of(project, thing)}
    for name in stacks:
        uninstall(applied, name, project)
    run(applied, commands_below(AFTER_THE_LAST).replace("$PROJECT", project))
    left = {key for key, thing in applied.cloud.things.items() if is_of(project, thing)}
    assert {type_ for type_, _ in left} <= STAYS, Counter(type_ for type_, _ in left)
    assert others <= applied.cloud.things.keys(), "nothing of another project is touched"
    assert environments_and_registries(applied) == before, "what stays is as it was"
    buckets = {
        name.rpartition("/")[2]: thing for (type_, name), thing in applied.cloud.things.items() if type_ == BUCKET
    }
    assert "lifecycleState" not in buckets["_Default"]


def test_the_other_stack_of_the_project_is_whole_while_one_is_removed(applied: World) -> None:
    """Staging alone: prod has no drift, and no reason for another apply."""
    uninstall(applied, "staging", CUSTOMER["PROJECT"])
    assert "staging" not in applied.done("stack", "ls").out
    done = applied.readiness("drift", "prod")
    assert done.status == 0, done.text


def test_the_page_has_no_command_that_the_test_does_not_run() -> None:
    """Each block of the page is below one of the headings that the test runs."""
    blocks = re.findall(r"^```bash\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    run_here = sum(len(blocks_below(heading)) for heading in (*STEPS_OF_A_STACK, AFTER_THE_LAST))
    assert len(blocks) == run_here > 0


def uninstall(world: World, stack: str, project: str, region: str = CUSTOMER["REGION"]) -> None:
    """Steps 1 to 4 with the values of a stack in place of the page's own."""
    jobs = [entry["inputs"]["name"] for entry in world.engine.resources(stack) if entry["type"] == JOB]
    values = {"STACK": stack, "PROJECT": project, "REGION": region, **({"JOB": jobs[0]} if jobs else {})}
    script = "".join(map(commands_below, STEPS_OF_A_STACK))
    if not jobs:
        script, count = re.subn(r"^(JOB=|gcloud run jobs delete ).*\n", "", script, flags=re.MULTILINE)
        assert count == 2, "what the page says to leave out"
    for name, value in values.items():
        script, count = re.subn(rf"^{name}=.*$", f"{name}={value}", script, flags=re.MULTILINE)
        assert count == 1, name
    run(world, script)


def run(world: World, script: str) -> None:
    """Line by line as somebody would: the first command that fails ends it."""
    done = world.shell(script)
    assert done.status == 0, done.text


def commands_below(heading: str) -> str:
    """The commands of a section of the page."""
    return "".join(blocks_below(heading))


def blocks_below(heading: str) -> list[str]:
    """Its blocks."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [text for text in sections if text.startswith(heading)]
    return re.findall(r"^```bash\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)


def made_by_bootstrap(world: World, project: str) -> None:
    """What step 5 deletes."""
    things = world.cloud.things
    for name in ("readiness-apply", "readiness-preview"):
        things[ACCOUNT, f"projects/{project}/serviceAccounts/{name}@{project}.iam.gserviceaccount.com"] = {
            "project": project
        }
    for name in (
        f"projects/{project}/locations/global/workloadIdentityPools/readiness",
        f"projects/{project}/roles/readinessSecretGrants",
    ):
        things[BOOTSTRAP, name] = {"project": project}


def is_of(project: str, thing: dict[str, object]) -> bool:
    """Whether a live thing belongs to a Google project, or to the GitHub repository that goes with it."""
    repositories = {CUSTOMER["PROJECT"]: "ai-resume-review-v2", SHOPS_PROJECT: "shop.app"}
    return project in (thing.get("project"), None) or thing.get("repository") == repositories[project]


def environments_and_registries(world: World) -> dict[tuple[str, str], object]:
    """What must be untouched."""
    kept = {REPOSITORY, ENVIRONMENT, BRANCH_POLICY}
    return {key: dict(thing) for key, thing in world.cloud.things.items() if key[0] in kept}
