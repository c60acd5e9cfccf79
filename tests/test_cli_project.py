"""`--project DIR`: every command that reads a project reads the one that is named, wherever it is run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from readiness.cli.main import cli
from readiness.plan.offline_plan import Plan, plan_json
from tests.projects import FIRST_CUSTOMER, Command, copy_project, write_runbook

# These commands read no project, or create one.
WITHOUT_A_PROJECT = {
    "ci report", "comment", "init", "migrations lint", "pull-request fetch", "pull-request status", "schema",
}  # fmt: skip
# The options that a command needs before it reads the project.
NEEDED_OPTIONS = {
    "bootstrap": ("--repository=a/b", "--repository-id=1", "--owner-id=2", "--project-number=3"),
    "checks-honest": ("--workflows=.",),
    "diff": ("--base=HEAD",),
    "fix": ("--repository=.",),
    "pull-request plans": ("plans",),
    "snooze": ("--for=5",),
}


def commands_of(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run, by the words that run it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


COMMANDS = dict(commands_of(cli))
WITH_A_PROJECT = sorted(COMMANDS.keys() - WITHOUT_A_PROJECT)


def arguments_of(name: str, stack: str) -> list[str]:
    """A call of the command that gives every argument and option that it cannot do without."""
    takes_a_stack = any(parameter.name == "stack" and parameter.required for parameter in COMMANDS[name].params)
    return [*name.split(), *([stack] if takes_a_stack else []), *NEEDED_OPTIONS.get(name, ())]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder in which, and above which, there is no project."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project that is not around the current folder."""
    folder = tmp_path / "shop"
    folder.mkdir()
    write_runbook(copy_project(folder))
    return folder


def test_every_command_that_reads_a_project_has_the_option_project() -> None:
    """A new command has the option too, or is added to those that read none."""
    found = {name for name, command in COMMANDS.items() if any("--project" in param.opts for param in command.params)}
    assert found - {"init"} == set(WITH_A_PROJECT)


@pytest.mark.parametrize("name", WITH_A_PROJECT)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("absent", "error: --project: absent does not exist. Name the folder that has Pulumi.yaml"),
        ("file", "error: --project: file is not a folder. Name the folder that has Pulumi.yaml"),
        ("empty", "error: --project: empty has no Pulumi.yaml. Name the folder that has Pulumi.yaml"),
        ("", "error: --project: is empty. Name the folder that has Pulumi.yaml"),
    ],
)
def test_a_folder_without_a_project_is_one_error(
    command: Command, elsewhere: Path, name: str, given: str, said: str
) -> None:
    """And nothing is written. An unset variable is not the current folder."""
    (elsewhere / "file").write_text("", encoding="utf-8")
    (elsewhere / "empty").mkdir()
    done = command(*arguments_of(name, "prod"), "--project", given, cwd=elsewhere)
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines() == [f"{said}, or run the command inside it."]
    assert sorted(path.name for path in elsewhere.rglob("*")) == ["empty", "file"]


def test_the_error_is_a_document_where_one_is_asked_for(command: Command, elsewhere: Path) -> None:
    """A program that reads JSON finds the reason there."""
    done = command("check", "--format", "json", "--project", "absent", cwd=elsewhere)
    (finding,) = json.loads(done.out)["findings"]
    assert (done.status, finding["rule_id"], finding["file"]) == (1, "project-file-missing", "--project")


@pytest.mark.parametrize("name", [name for name in WITH_A_PROJECT if "absent" in arguments_of(name, "absent")])
def test_the_stacks_are_those_of_the_project_that_is_named(
    command: Command, shop: Path, elsewhere: Path, name: str
) -> None:
    """Not those of the project around the current folder."""
    (shop / "Pulumi.staging.yaml").unlink()
    copy_project(elsewhere)
    done = command(*arguments_of(name, "absent"), "--project", "../shop", cwd=elsewhere)
    assert done.status == 1
    assert "Pulumi.absent.yaml: does not exist. Stacks with a file here: prod." in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "--plan"),
        ("check", "--format", "json"),
        ("rules", "prod"),
        ("plan", "prod"),
        ("preview", "prod"),
        ("runbook", "--check"),
        ("docs", "--check"),
        ("audit",),
        ("bootstrap", *NEEDED_OPTIONS["bootstrap"]),
        ("cleanup", "simulate", "prod"),
    ],
    ids=" ".join,
)
def test_a_command_answers_as_it_does_inside_the_project(
    command: Command, shop: Path, elsewhere: Path, arguments: tuple[str, ...]
) -> None:
    """Places included: files are named as in the project, and a plan names lines of its program."""
    inside = command(*arguments, cwd=shop)
    assert command(*arguments, "--project", str(shop), cwd=elsewhere) == inside
    assert list(elsewhere.iterdir()) == []


THREE_LINES = """\
from pulumi_gcp import serviceaccount

serviceaccount.Account("d", account_id="shop-deployer")
"""


@pytest.mark.parametrize("given", ["../shop", "../shop/../shop/", "../link"])
def test_a_plan_names_the_lines_of_the_program_however_the_folder_is_written(
    command: Command, shop: Path, elsewhere: Path, given: str
) -> None:
    """A path that is relative, not normal, or a link."""
    (shop / "__main__.py").unlink()
    (shop / "__main__.py").write_text(THREE_LINES, encoding="utf-8")
    (shop.parent / "link").symlink_to(shop)
    done = command("plan", "prod", "--format", "json", "--project", given, cwd=elsewhere)
    (resource,) = (found for found in json.loads(done.out)["resources"] if found["name"] == "d")
    assert resource["source"] == {"file": "__main__.py", "line": 3}


@pytest.mark.parametrize("arguments", [("plan", "prod"), ("rules", "prod"), ("check", "--plan")], ids=" ".join)
def test_a_project_without_a_program_is_one_error(
    command: Command, shop: Path, elsewhere: Path, arguments: tuple[str, ...]
) -> None:
    """The stack files alone can be checked, and not planned."""
    (shop / "__main__.py").unlink()
    done = command(*arguments, "--project", str(shop), cwd=elsewhere)
    assert done.status == 1
    said = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert said == ["error: __main__.py: does not exist. Write the Pulumi program beside Pulumi.yaml."]


def test_what_a_command_writes_is_written_into_the_project(command: Command, shop: Path, elsewhere: Path) -> None:
    """The documents, here: the current folder stays as it is."""
    done = command("docs", "--project", str(shop), cwd=elsewhere)
    assert (done.status, "wrote docs/ROLLBACK_RUNBOOK.md" in done.out) == (0, True)
    assert (shop / "docs" / "ROLLBACK_RUNBOOK.md").is_file()
    assert list(elsewhere.iterdir()) == []


def test_two_files_of_plans_are_compared_under_the_acknowledgements_of_the_project_that_is_named(
    command: Command, shop: Path, elsewhere: Path, plans: dict[str, Plan]
) -> None:
    """Without the option, the files can be compared anywhere; a wrong option is not passed over."""
    for name in ("old.json", "new.json"):
        (elsewhere / name).write_text(plan_json(plans["staging"]), encoding="utf-8")
    files = ("diff", "old.json", "new.json")
    assert command(*files, cwd=elsewhere).status == 0
    (shop / "acknowledged-weakenings.yaml").write_text("acknowledged: 7\n", encoding="utf-8")
    done = command(*files, "--project", str(shop), cwd=elsewhere)
    assert (done.status, done.err.startswith("error: acknowledged-weakenings.yaml")) == (1, True)


def test_the_default_is_the_nearest_folder_above(command: Command, shop: Path) -> None:
    """As the Pulumi CLI looks for it."""
    (shop / "docs" / "deep").mkdir()
    assert command("check", cwd=shop / "docs" / "deep") == command("check", cwd=shop)
    assert command("check", cwd=FIRST_CUSTOMER).status == 0
