"""The commands of the rollback runbook, run in their order by bash against a model of Google Cloud and GitHub.

The tests assert what users get and what the next deployment does, never a text of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from readiness.documents.pages import page_texts
from tests.documents.cloud_model import Cloud, RefusedCommandError, cloud_of, shell_of
from tests.projects import settings_of

STACKS = [(stack, settings_of(stack)) for stack in ("staging", "prod")]
RUNBOOK = page_texts(STACKS)["docs/ROLLBACK_RUNBOOK.md"]
WORKFLOW = "production.yml"
FRONTEND = next(service.name for service in settings_of("prod").services if service.role == "frontend")
GOOD, BAD = ("good", "good value"), "bad"


def blocks_of(runbook: str, heading: str, stack: str) -> list[str]:
    """The shell blocks of a section in their order: those of the stack, and those that are the same for all."""
    section = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,3}} |\Z)", runbook, flags=re.MULTILINE | re.DOTALL)
    assert section is not None, f"the runbook has no section {heading}"
    found: list[str] = []
    whose, is_open = stack, False
    for line in section.group(2).splitlines():
        if named := re.fullmatch(r" *(?:(\w+):|<details><summary>(\w+)</summary>)", line):
            whose = named.group(1) or named.group(2)
        elif line.strip() == "```bash":
            found.append("" if whose == stack else "#")
            is_open = True
            continue
        elif line.strip() == "```":
            is_open, whose = False, stack
        elif found and is_open and found[-1] != "#":
            found[-1] += line.strip() + "\n"
    return [block for block in found if block not in ("", "#")]


class Reader:
    """A person with the runbook, who runs its blocks and replaces words in capitals with what the commands print."""

    def __init__(self, cloud: Cloud, run: Callable[[str], str], runbook: str, stack: str) -> None:
        self.cloud, self.stack, self._run, self._runbook = cloud, stack, run, runbook
        self._printed = ""

    def blocks(self, heading: str) -> Iterator[str]:
        """Runs one block after the other, and yields after each, so that the caller can check the state."""
        for block in blocks_of(self._runbook, heading, self.stack):
            filled = "".join(f"{self._filled_in(line)}\n" for line in block.splitlines())
            self._printed += self._run(filled)
            yield filled

    def _filled_in(self, line: str) -> str:
        """REVISION is the newest revision of the service that `revisions list` shows and that does not serve."""
        for service in self.cloud.services:
            if f" {service} " in line and "REVISION" in line:
                rows = re.findall(rf"^(yes|   )  (\S+)  {service}$", self._printed, flags=re.MULTILINE)
                line = line.replace("REVISION", next((name for active, name in rows if active != "yes"), "none"))
        for word, value in {"GOOD_VERSION": "1", "SECRET": "SESSION_KEY", "BACKUP_ID": "1"}.items():
            line = re.sub(rf"\b{word}\b", value, line)
        return line

    def services(self) -> list[tuple[str, str]]:
        """The label of the serving revision and the secret, for each service of the stack."""
        return [self.cloud.services[name].shows_users for name in self.cloud.services_of[self.stack]]

    def pinned(self) -> set[bool]:
        """Whether the traffic of the stack's services is pinned."""
        return {self.cloud.services[name].is_pinned for name in self.cloud.services_of[self.stack]}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    """Starts a reader of a runbook with its own project."""
    opened = []

    def begin(stack: str, runbook: str = RUNBOOK) -> Reader:
        cloud = cloud_of(STACKS)
        shell = shell_of(cloud, tmp_path)
        opened.append(shell)
        return Reader(cloud, shell.__enter__(), runbook, stack)

    yield begin
    for shell in opened:
        shell.__exit__(None, None, None)


def roll_back(reader: Reader) -> None:
    """The whole first scenario, from a bad deployment to the next good one."""
    others = {name: service.shows_users for name, service in reader.cloud.services.items()}
    names = reader.cloud.services_of[reader.stack]
    for name in names:
        reader.cloud.deploy(name, BAD)
        del others[name]
    assert {label for label, _ in reader.services()} == {BAD}
    steps = reader.blocks("A deployment failed")
    next(steps)
    assert reader.cloud.disabled_workflows == {WORKFLOW}, "nobody can deploy during the rollback"
    next(steps)
    assert {label for label, _ in reader.services()} == {BAD}, "looking changes nothing"
    next(steps)
    assert set(reader.services()) == {GOOD}
    assert reader.pinned() == {True}
    assert "verify" in next(steps), "the model's verify passes now"
    next(steps)
    assert reader.cloud.disabled_workflows == set()
    for name in names:
        reader.cloud.deploy(name, "fixed")
    assert set(reader.services()) == {GOOD}, "a deployment gets no traffic while it is pinned"
    next(steps)
    for name in names:
        service = reader.cloud.services[name]
        tagged = {tag: service.resolved(name).label for tag, name in service.tags.items()}
        assert tagged == {"next": "fixed"}, "the address to look at it"
    assert set(reader.services()) == {GOOD}
    next(steps)
    assert {label for label, _ in reader.services()} == {"fixed"}
    assert reader.pinned() == {False}
    for name in names:
        reader.cloud.deploy(name, "later")
    assert {label for label, _ in reader.services()} == {"later"}, "later deployments serve again"
    assert not list(steps), "the runbook has a block that this test does not know"
    assert {name: reader.cloud.services[name].shows_users for name in others} == others, "another stack was touched"


def restore_the_secret(reader: Reader) -> None:
    """A bad secret, which new instances have read."""
    reader.cloud.secrets["SESSION_KEY"].append("bad value")
    for name in reader.cloud.services_of[reader.stack]:
        reader.cloud.deploy(name, "good")
    assert set(reader.services()) == {("good", "bad value")}
    steps = reader.blocks("A bad configuration or secret")
    next(steps)
    assert reader.cloud.secrets["SESSION_KEY"] == ["good value", "bad value"], "looking changes nothing"
    next(steps)
    assert reader.cloud.secrets["SESSION_KEY"] == ["good value", "bad value", "good value"]
    assert set(reader.services()) == {("good", "bad value")}, "instances that run keep what they have read"
    next(steps)
    if reader.pinned() == {True}:
        *_, _unpin = reader.blocks("A deployment failed")
    assert set(reader.services()) == {GOOD}
    assert reader.pinned() == {False}
    assert not list(steps), "the runbook has a block that this test does not know"


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_a_bad_deployment_is_rolled_back_and_the_next_deployment_serves(
    start: Callable[..., Reader], stack: str
) -> None:
    """The old revision serves after the third step. Traffic is unpinned at the end."""
    roll_back(start(stack))


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_a_bad_secret_is_replaced_and_new_instances_read_the_good_value(
    start: Callable[..., Reader], stack: str
) -> None:
    """No command prints the value."""
    restore_the_secret(start(stack))


def test_a_bad_secret_is_replaced_while_traffic_is_pinned(start: Callable[..., Reader]) -> None:
    """The new instances get traffic only after the traffic is unpinned, as the step states."""
    reader = start("prod")
    for name in reader.cloud.services_of["prod"]:
        service = reader.cloud.services[name]
        service.traffic = service.revisions[0].name
    reader.cloud.secrets["SESSION_KEY"] = ["good value"]
    steps = reader.blocks("A bad configuration or secret")
    for _ in steps:
        pass
    assert reader.pinned() == {True}, "new instances of a new revision get no traffic"
    assert "--to-latest" in blocks_of(RUNBOOK, "A deployment failed", "prod")[-1]
    for _ in reader.blocks("A deployment failed"):
        pass
    assert (reader.pinned(), set(reader.services())) == ({False}, {GOOD})


def test_the_database_is_restored_into_a_copy_first(start: Callable[..., Reader]) -> None:
    """The original instance keeps its data until the third step overwrites it on purpose."""
    reader = start("prod")
    live = reader.cloud.databases[settings_of("prod").required_database.instance]
    live.data = "damaged"
    steps = reader.blocks("Data is lost or wrong")
    next(steps)
    next(steps)
    (copy,) = [found for name, found in reader.cloud.databases.items() if name.endswith("-restored")]
    assert (live.data, copy.data) == ("damaged", "data of yesterday")
    next(steps)
    assert live.data == "data of yesterday"
    for heading in ("It does not answer, or refuses connections", "A migration failed or was wrong"):
        for _ in reader.blocks(heading):
            pass
    assert (live.restarts, live.backups["2"]) == (1, "data of yesterday")


def test_writes_are_stopped_and_allowed_again(start: Callable[..., Reader]) -> None:
    """Only the backend rejects requests."""
    reader = start("prod")
    (backend,) = [service.name for service in settings_of("prod").services if service.role == "backend"]
    steps = reader.blocks("Stop the writes")
    next(steps)
    closed = {name for name, service in reader.cloud.services.items() if service.ingress == "internal"}
    assert closed == {backend}
    next(steps)
    assert {service.ingress for service in reader.cloud.services.values()} == {"all"}


@pytest.mark.parametrize(
    ("scenario", "old", "new"),
    [
        (roll_back, "workflow disable", "workflow enable"),
        (roll_back, "workflow disable production.yml", "workflow disable prod.yml"),
        (roll_back, "workflow enable", "workflow list"),
        (roll_back, "--sort-by=~metadata", "--sort-by=metadata"),
        (roll_back, "--to-revisions=REVISION=100", "--to-revision=REVISION=100"),
        (roll_back, "--to-revisions=REVISION=100", "--to-revisions=REVISION=10"),
        (roll_back, "--to-revisions=REVISION=100", "--to-latest"),
        (roll_back, "--update-tags=next=LATEST", "--to-latest"),
        (roll_back, "--update-tags=next=LATEST", "--set-tags=next=LATEST"),
        (roll_back, "--to-latest", "--to-revisions=LATEST"),
        (roll_back, "--to-latest", "--clear-tags"),
        (roll_back, f"update-traffic {FRONTEND}", f"update-traffic {FRONTEND.replace('prod', 'staging')}"),
        (roll_back, "--region=us-central1", "--region=europe-west1"),
        (restore_the_secret, "secrets versions access GOOD_VERSION", "secrets versions access latest"),
        (restore_the_secret, "--data-file=-", "--data-file"),
        (restore_the_secret, "--update-labels=secrets-read=", "--labels=secrets-read="),
        (restore_the_secret, f"services update {FRONTEND}", f"services update-traffic {FRONTEND}"),
    ],
)  # fmt: skip
def test_a_wrong_command_in_the_runbook_fails(
    start: Callable[..., Reader], scenario: Callable[[Reader], None], old: str, new: str
) -> None:
    """A reviewer could overlook each of these changes."""
    assert old in RUNBOOK
    with pytest.raises((RefusedCommandError, AssertionError, StopIteration)):
        scenario(start("prod", RUNBOOK.replace(old, new)))
