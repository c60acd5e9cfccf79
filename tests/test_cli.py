"""The command line: the output and the exit status of every command, for right and wrong input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import jsonschema
import pytest

from readiness.cli.main import cli
from tests.edits import edit, line_of
from tests.projects import Command
from tests.sarif_structure import SARIF
from tests.settings.broken import STAGING, in_staging, place, write

# Their further options are the engine's.
PASSES_OPTIONS_ON = {
    name for name, command in cli.commands.items() if command.context_settings.get("ignore_unknown_options")
}
ON_STACKS = ("check", "plan", "rules", "preview")


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small one: one mistake in it stays one."""
    return small_project


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_a_summary(command: Command, name: str) -> None:
    """In the list of commands and on its own page."""
    done = command(name, "--help")
    assert done.status == 0
    assert done.out.startswith(f"Usage: readiness {name}")
    assert cli.commands[name].get_short_help_str()


@pytest.mark.parametrize("name", sorted(cli.commands.keys() - PASSES_OPTIONS_ON))
def test_an_unknown_option_is_one_line_that_says_where_help_is(command: Command, name: str) -> None:
    """Of every command that has its options to itself."""
    done = command(name, "--quux")
    assert (done.status, done.out) == (1, "")
    assert done.err == f"error: No such option '--quux'. See `readiness {name} --help`.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "No such command 'chek'. (Did you mean one of: 'check', 'schema'?) See `readiness --help`."),
        (["plan"], "Missing argument 'STACK'. See `readiness plan --help`."),
        (["plan", "staging", "prod"], "Got unexpected extra argument (prod). See `readiness plan --help`."),
        (
            ["plan", "staging", "--formt", "json"],
            "No such option '--formt'. Did you mean '--format'? See `readiness plan --help`.",
        ),
        (
            ["plan", "staging", "--format", "xml"],
            "Invalid value for '--format': 'xml' is not one of 'text', 'json', 'markdown'. "
            "See `readiness plan --help`.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_use_is_one_line_and_status_1(command: Command, arguments: list[str], said: str) -> None:
    """Click's own status would be 2, which `--exit-code` of `diff` means something else by."""
    done = command(*arguments)
    assert (done.status, done.out, done.err) == (1, "", f"error: {said}\n")


def test_no_command_at_all_shows_the_help_and_fails(command: Command) -> None:
    """A script that lost its arguments must notice."""
    done = command()
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("Usage: readiness")


@pytest.mark.parametrize("name", ON_STACKS)
def test_an_unknown_stack_is_refused_with_the_nearest(command: Command, name: str) -> None:
    """By every command that takes one."""
    done = command(name, "stagin")
    said = (
        "error: Pulumi.stagin.yaml: does not exist. Did you mean `staging`? Stacks with a file here: prod, staging.\n"
    )
    assert (done.status, done.text) == (1, said)


@pytest.mark.parametrize("name", ON_STACKS)
def test_a_broken_stack_stops_every_command_with_every_problem(project: Path, command: Command, name: str) -> None:
    """Nothing is planned from settings that are refused."""
    in_staging(project, "role: backend", "role: 5")
    in_staging(project, "- dev-alerts@example.com", "- dev-alerts")
    done = command(name, "staging", cwd=project)
    assert done.status == 1
    assert [line.split(": ")[1] for line in done.text.splitlines() if line.startswith("error: ")] == [
        place(project, "role: 5").removesuffix(": "),
        place(project, "- dev-alerts").removesuffix(": "),
    ]


def test_check_prints_ok_or_every_problem_of_each_stack(project: Path, command: Command) -> None:
    """All stacks by default; one that is broken does not hide another."""
    done = command("check")
    assert done.status == 0
    assert done.out.splitlines() == ["ok prod", "ok staging"]
    in_staging(project, "role: backend", "role: 5")
    done = command("check", cwd=project)
    assert done.status == 1
    assert "ok prod\n" in done.out
    assert "ok staging" not in done.out
    assert f"error: {place(project, 'role: 5')}readiness:services[0].role: must be text" in done.err
    assert command("check", "prod", cwd=project).status == 0
    assert command("check", "prod", "staging", "prod", cwd=project).out.count("ok prod") == 1


def test_a_mistake_that_stacks_share_is_printed_once(project: Path, command: Command) -> None:
    """Pulumi.yaml is read for each of them; none of them is ok."""
    edit(project, "cpu_ratio: 0.8", "cpu_ratio: 80", "Pulumi.yaml")
    done = command("check", cwd=project, CI="true")
    assert done.status == 1
    assert [line.split(":")[0] for line in done.err.splitlines() if "cpu_ratio" in line] == ["error", ""]
    assert done.out == ""


def test_a_missing_folder_of_workflows_is_refused_even_if_it_is_not_needed(command: Command) -> None:
    """A mistyped path must not look like a check that passed."""
    for folder in ("no-such-folder", "Pulumi.yaml"):
        done = command("check", "staging", "--workflows", folder)
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith(f"error: {folder}: cannot be read (")


def test_check_without_a_stack_is_an_error(project: Path, command: Command) -> None:
    """A check of nothing must not pass."""
    for name in ("staging", "prod"):
        (project / f"Pulumi.{name}.yaml").unlink()
    done = command("check", cwd=project)
    assert (done.status, done.out) == (1, "")
    assert "nothing to check" in done.err


def test_a_command_works_from_a_folder_below_the_project(project: Path, command: Command) -> None:
    """With the same bytes."""
    below = project / "docs" / "deep"
    below.mkdir(parents=True)
    assert command("plan", "staging", cwd=below).out == command("plan", "staging", cwd=project).out
    assert command("check", "staging", cwd=below).status == 0


def test_a_command_outside_a_project_is_an_error(tmp_path: Path, command: Command) -> None:
    """Except those that need none."""
    for arguments in (
        ["check"],
        ["plan", "staging"],
        ["preview", "staging"],
        ["rules", "staging"],
        ["runbook", "--check"],
    ):
        done = command(*arguments, cwd=tmp_path)
        assert (done.status, done.out) == (1, "")
        assert (
            done.err
            == "error: Pulumi.yaml: is neither in this folder nor above it. Run the command inside the project.\n"
        )
    assert command("schema", cwd=tmp_path).status == 0


def test_on_a_runner_every_problem_is_an_annotation_too(project: Path, command: Command) -> None:
    """GitHub shows it on the line of the pull request."""
    in_staging(project, "role: backend", "role: 5")
    said = "readiness:services[0].role: must be text, not the number 5. Put it in quotes (`backend`, `frontend`, …)."
    line = place(project, "role: 5").split(":")[1]
    annotation = f"::error file={STAGING},line={line}::{said}"
    for value in ("true", "1", "True"):
        assert annotation in command("check", "staging", cwd=project, CI=value).err.splitlines()
        assert annotation in command("plan", "staging", cwd=project, CI=value).err.splitlines()
    assert f"::warning file={STAGING}," in command("check", "staging", cwd=project, CI="true").err
    for value in ("", "false", "0"):
        assert "::error" not in command("check", "staging", cwd=project, CI=value).text


def test_check_prints_findings_as_json(project: Path, command: Command) -> None:
    """The document alone, also on a runner, with the status of the text."""
    in_staging(project, "role: backend", "role: 5")
    done = command("check", "--format", "json", cwd=project, CI="true")
    assert done.status == 1
    findings = json.loads(done.out)["findings"]
    (error,) = [finding for finding in findings if finding["severity"] == "error"]
    assert error == {
        "rule_id": "settings-invalid-value",
        "severity": "error",
        "file": STAGING,
        "line": line_of(project, "role: 5", STAGING),
        "key": "readiness:services[0].role",
        "message": "must be text, not the number 5",
        "hint": "Put it in quotes (`backend`, `frontend`, …)",
    }
    assert len(findings) == len(command("check", cwd=project).err.splitlines())


def test_check_without_errors_prints_a_document_with_warnings_alone_and_ends_with_0(command: Command) -> None:
    """As the text does."""
    done = command("check", "--format", "json")
    assert done.status == 0
    assert {finding["severity"] for finding in json.loads(done.out)["findings"]} == {"warning"}


def test_check_prints_findings_as_sarif(project: Path, command: Command) -> None:
    """Valid by the standard, each result with its rule and its line."""
    in_staging(project, "role: backend", "role: 5")
    done = command("check", "--format", "sarif", cwd=project)
    assert done.status == 1
    report = json.loads(done.out)
    jsonschema.validate(report, SARIF)
    (run,) = report["runs"]
    assert run["tool"]["driver"]["name"] == "readiness check"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    (error,) = [result for result in run["results"] if result["level"] == "error"]
    assert rules[error["ruleIndex"]] == error["ruleId"] == "settings-invalid-value"
    assert error["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": STAGING},
        "region": {"startLine": line_of(project, "role: 5", STAGING)},
    }


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_what_stops_a_check_is_in_the_document(
    project: Path, tmp_path_factory: pytest.TempPathFactory, command: Command, form: str
) -> None:
    """A program that fails, and a folder without a project: no other form of output, and status 1."""
    (project / "__main__.py").unlink()
    (project / "__main__.py").write_text("print('a word of the program')\nraise ValueError('no')\n", encoding="utf-8")
    failing = command("check", "--plan", "--format", form, cwd=project)
    outside = command("check", "--format", form, cwd=tmp_path_factory.mktemp("outside"))
    for done, said in (
        (failing, "the program fails: ValueError: no"),
        (outside, "is neither in this folder nor above"),
    ):
        assert done.status == 1
        assert said in json.dumps(json.loads(done.out))


def test_an_error_of_the_system_is_one_line_with_the_file(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """A folder above the project that may not be looked into."""

    def denied(_: object) -> None:
        raise PermissionError(13, "Permission denied", "above/Pulumi.yaml")

    monkeypatch.setattr("readiness.settings.stack_files.find_project_root", denied)
    done = command("check")
    assert (done.status, done.text) == (1, "error: Permission denied: above/Pulumi.yaml.\n")


def test_an_interrupt_ends_with_the_status_of_one(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """130, as shells say."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("readiness.settings.stack_files.find_project_root", interrupted)
    assert command("check").status == 130


def test_an_exit_status_of_a_command_is_passed_on(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """`diff --exit-code` and the engine's own."""

    @click.command()
    @click.argument("status", type=int)
    def end(status: int) -> None:
        sys.exit(status)

    monkeypatch.setitem(cli.commands, "end", end)
    assert [command("end", str(status)).status for status in (0, 1, 2, 255)] == [0, 1, 2, 255]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\xff", b"config:\n\ta: 1\n", b"- a\n", b"config: [1]\n", b"config: {a: &a [*a]}\n", b"[" * 600],
)
def test_no_file_makes_a_traceback(project: Path, command: Command, content: bytes) -> None:
    """Whatever the command: status 1 and lines that begin with `error: ` and the file."""
    write(project, content)
    for name in ON_STACKS:
        done = command(name, "staging", cwd=project)
        assert done.status == 1
        assert done.text
        assert all(line.startswith(f"error: {STAGING}") for line in done.text.splitlines()), done.text


def test_a_message_of_a_program_that_fails_is_one_line(project: Path, command: Command) -> None:
    """The settings are right, the program is not."""
    (project / "__main__.py").unlink()
    (project / "__main__.py").write_text("raise ValueError('several\\nlines')\n", encoding="utf-8")
    done = command("plan", "staging", cwd=project)
    assert done.status == 1
    assert done.err.startswith("error: ")
    assert "several" in done.err
    assert "Traceback" not in done.err
