"""What `--help` shows, what a shell completes, and how every command ends."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from readiness.cli import progress as progress_line
from readiness.cli.arguments import MAX_NAME_CHARACTERS, Day, WholeNumber, complete_stacks, example_lines
from readiness.cli.main import cli
from readiness.cli.overview import GROUPS, OTHERS, leaf_commands, summary
from tests.projects import ROOT, SMALL, Command

COMMANDS = dict(leaf_commands(cli))
GROUPS_OF_COMMANDS = [name for name, found in cli.commands.items() if isinstance(found, click.Group)]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_command_is_in_one_group() -> None:
    """A command that is in none is listed under "Other commands", where nobody looks for it."""
    grouped = [name for names in GROUPS.values() for name in names]
    missing = sorted(COMMANDS.keys() - set(grouped))
    assert missing == [], f"add {', '.join(missing)} to GROUPS in readiness/cli/overview.py"
    assert sorted(grouped) == sorted(COMMANDS), "GROUPS names a command twice, or one that does not exist"


def test_a_command_without_a_group_is_still_shown(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a title of its own."""

    @click.command()
    def added() -> None:
        """Do something new."""

    monkeypatch.setitem(cli.commands, "added", added)
    assert re.search(rf"^{OTHERS}:\n  added +Do something new\.$", command("--help").out, flags=re.MULTILINE)


def test_the_overview_has_each_summary_on_one_line_of_80_columns(command: Command) -> None:
    """The whole first sentence, not cut and not wrapped."""
    shown = re.sub(" {2,}", "  ", command("--help", COLUMNS="80").out)
    for name, found in COMMANDS.items():
        assert f"\n  {name}  {summary(found)}\n" in shown, f"shorten the first sentence of `readiness {name} --help`"
        assert re.fullmatch(r"[A-Z].*[^.]\.", summary(found))


@pytest.mark.parametrize("group", GROUPS_OF_COMMANDS)
def test_the_help_of_a_group_has_each_summary_on_one_line_of_80_columns(command: Command, group: str) -> None:
    """The same sentences as in the overview."""
    shown = re.sub(" {2,}", "  ", command(group, "--help", COLUMNS="80").out)
    inner = cli.commands[group]
    assert isinstance(inner, click.Group)
    for name, found in inner.commands.items():
        assert f"\n  {name}  {summary(found)}\n" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_two_examples_that_can_be_parsed(command: Command, name: str) -> None:
    """Commands, options and arguments exist, and the values are allowed."""
    lines = example_lines(COMMANDS[name])
    assert len(lines) >= 2
    assert len(set(lines)) == len(lines)
    shown = command(*name.split(), "--help").out
    for line in lines:
        assert f"  readiness {line}\n" in shown, "click would join the lines of an example"
        assert parse_problem(name, line) is None


def parse_problem(name: str, line: str) -> str | None:
    """Why the example cannot be parsed; None for one that can. Files that it reads need not exist."""
    words = shlex.split(re.sub(r" (>>?|\|) .*", "", line).replace('"$PULL_REQUEST"', "17"))
    own = name.split()
    if words[: len(own)] != own:
        return f"the example is not of {name}"
    try:
        with cli.make_context("readiness", words[: len(own)], resilient_parsing=True) as context:
            COMMANDS[name].make_context(name, words[len(own) :], parent=context)
    except click.ClickException as error:
        return None if "does not exist" in error.format_message() else error.format_message()
    return None


@pytest.mark.parametrize("line", ["snooze prod --four 20", "snooze prod --for x", "snooze --for 20", "drill prod"])
def test_an_example_that_cannot_be_parsed_is_detected(line: str) -> None:
    """An option, a value, an argument, another command."""
    assert parse_problem("snooze", line) is not None


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_use_ends_with_1(command: Command, name: str) -> None:
    """Of every command: 2 means a difference, and only with --exit-code."""
    words = name.split()
    if COMMANDS[name].context_settings.get("ignore_unknown_options"):
        assert command(*words).status == 1, "the stack is missing"
        return
    done = command(*words, "--no-such-option")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: No such option")


def test_only_diff_and_upgrade_have_an_exit_code_of_their_own() -> None:
    """As the overview says."""
    having = {name for name, found in COMMANDS.items() for option in found.params if "--exit-code" in option.opts}
    assert having == {"diff", "upgrade"}


def test_the_overview_and_the_page_list_the_exit_statuses(command: Command) -> None:
    """In the overview and in the page; the README links to the page."""
    shown = command("--help").out
    assert re.findall(r"^    (\d+) ", shown, flags=re.MULTILINE) == ["0", "1", "2", "130"]
    assert re.findall(r"^\| `(\d+)` \|", PAGE, flags=re.MULTILINE) == ["0", "1", "2", "130"]


def types_of(command: click.Command) -> list[click.ParamType[Any]]:
    """The types of its options and arguments."""
    return [parameter.type for parameter in command.params]


def test_no_option_has_a_type_whose_messages_are_clicks_own() -> None:
    """ "'x' is not a valid integer range" helps nobody: use WholeNumber and Day."""
    refused = (click.IntRange, click.FloatRange, click.DateTime, type(click.INT), type(click.FLOAT), type(click.UUID))
    assert [
        name for name, found in COMMANDS.items() if any(isinstance(item, refused) for item in types_of(found))
    ] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["snooze", "prod", "--for", "x"], "'x' is not a whole number. Write one from 1 to 120."),
        (["snooze", "prod", "--for", "1.5"], "'1.5' is not a whole number. Write one from 1 to 120."),
        (["snooze", "prod", "--for", "0"], "0 is out of range. Write a whole number from 1 to 120."),
        (["snooze", "prod", "--for", "9" * 5000], f"'{'9' * 60}…' is not a whole number. Write one from 1 to 120."),
        (["comment", "x", "--file", "Pulumi.yaml"], "'x' is not a whole number. Write one of at least 1."),
        (["audit", "--date", "tomorrow"], "'tomorrow' is not a day of the calendar. Write it as 2026-11-30."),
        (["audit", "--date", "2026-02-30"], "'2026-02-30' is not a day of the calendar. Write it as 2026-11-30."),
        (["audit", "--date", "20261130"], "'20261130' is not a day of the calendar. Write it as 2026-11-30."),
        (
            ["rehearse", "staging", "--by", "x" * 101],
            f"a name has at most {MAX_NAME_CHARACTERS} characters, and this has 101.",
        ),
        (
            ["drill", "staging", "--received", "crane", "--by", "x" * 5000],
            f"a name has at most {MAX_NAME_CHARACTERS} characters, and this has 5000.",
        ),
    ],
)  # fmt: skip
def test_the_error_of_a_wrong_value_names_the_allowed_values(command: Command, arguments: list[str], said: str) -> None:
    """One line, status 1, nothing written."""
    done = command(*arguments, cwd=SMALL)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert not (SMALL / "records").exists()


def test_the_minimum_and_maximum_of_a_range_are_allowed() -> None:
    """Spaces around a number are allowed too."""
    number = WholeNumber(1, 120)
    assert [number.convert(value, None, None) for value in ("1", "120", " 7 ", 5)] == [1, 120, 7, 5]
    assert WholeNumber().convert("9" * 20, None, None) == int("9" * 20)
    assert Day().convert("2026-11-30", None, None).isoformat() == "2026-11-30"


def test_the_folder_of_workflows_is_checked_before_the_settings(command: Command) -> None:
    """The small project declares no ruleset; the folder that does not exist is still the first thing to say."""
    done = command("checks-honest", "--workflows", "/nope", cwd=SMALL)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: /nope: cannot be read (No such file or directory).")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_json_or_the_page_says_what_it_prints(name: str) -> None:
    """`docs/cli.md` has a row for every command."""
    (row,) = re.findall(rf"^\| `{name}` \| (.+) \|$", PAGE, flags=re.MULTILINE)
    options = [option for option in COMMANDS[name].params if "--format" in option.opts]
    formats = [choice for option in options if isinstance(option.type, click.Choice) for choice in option.type.choices]
    assert ("`--format json`" in row) == ("json" in formats)


def test_every_stack_on_a_command_line_is_completed() -> None:
    """Arguments and options alike; `init` names stacks that do not exist yet."""
    named = [
        (name, parameter)
        for name, found in COMMANDS.items()
        for parameter in found.params
        if parameter.name in ("stack", "stacks") and name != "init"
    ]
    assert len(named) > 15
    wrong = [name for name, parameter in named if parameter._custom_shell_complete is not complete_stacks]
    assert wrong == []


def completed(shell: str, words: str, folder: Path) -> list[str]:
    """What a shell is offered for the last word of a command line."""
    environment = {"_READINESS_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "PATH": os.environ["PATH"]}
    count = len(words.split()) - (not words.endswith(" "))
    current = "" if words.endswith(" ") else words.split()[-1]
    environment["COMP_CWORD"] = current if shell == "fish" else str(count)
    code = (
        "import sys; from readiness.cli.main import cli\ntry:\n    cli.main([], prog_name='readiness')\nfinally:\n    "
    )
    code += "print([name for name in ('pulumi', 'pydantic', 'yaml') if name in sys.modules], file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "[]\n", "a shell does not wait for an import of Pulumi, pydantic or PyYAML"
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("readiness plan ", ["prod", "staging"]),
        ("readiness plan st", ["staging"]),
        ("readiness check prod ", ["staging"]),
        ("readiness diff --stack ", ["prod", "staging"]),
        ("readiness drill x", []),
        ("readiness plan --format j", ["json"]),
        ("readiness sn", ["snooze"]),
        ("readiness cleanup ga", ["gate"]),
        ("readiness snooze --fo", ["--for", "--format"]),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_options_and_stacks(shell: str, words: str, found: list[str]) -> None:
    """In the project's folder, from the names of its files."""
    lines = completed(shell, words, SMALL)
    shown = lines[1::3] if shell == "zsh" else [line.split(",", 1)[1].split("\t")[0] for line in lines]
    assert shown == found


def test_stacks_are_completed_below_the_project_of_another_one_and_outside(tmp_path: Path) -> None:
    """As the commands find their project; outside there are none."""
    (tmp_path / "Pulumi.yaml").write_text("name: x\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: [\n", encoding="utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert completed("bash", "readiness plan ", below) == ["plain,dev"]
    assert completed("bash", f"readiness plan --project {SMALL} ", below) == ["plain,prod", "plain,staging"]
    (tmp_path / "Pulumi.yaml").unlink()
    assert completed("bash", "readiness plan ", below) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_page_has_the_line_for_each_shell(shell: str) -> None:
    """And the line prints a script for the shell."""
    assert f"_READINESS_COMPLETE={shell}_source readiness" in PAGE
    environment = {"_READINESS_COMPLETE": f"{shell}_source", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "readiness"],
        cwd=SMALL,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert f"{shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("is_terminal", "ci", "shown"), [(True, "", True), (True, "true", False), (True, "1", False), (False, "", False)]
)
def test_progress_is_for_a_person_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, ci: str, shown: bool
) -> None:
    """Not for a pipe, a log or a CI runner; and the line is cleared at the end."""

    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("CI", ci)
    with progress_line.progress("planning prod"):
        assert ("planning prod …" in stream.getvalue()) is shown
    assert stream.getvalue().endswith("\r") is shown


def test_findings_go_to_stderr_and_results_to_stdout(small_project: Path, command: Command) -> None:
    """So that a pipe gets the result alone. A document of findings is the result itself."""
    done = command("check", cwd=small_project)
    assert done.out == "ok prod\nok staging\n"
    assert done.err.startswith("warning: ")
    (small_project / "bad.sql").write_text("CREATE TABLE a (id int);\nCOMMIT;\n", encoding="utf-8")
    done = command("migrations", "lint", "bad.sql", cwd=small_project)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: bad.sql:2: ")
    done = command("migrations", "lint", "bad.sql", "--format", "json", cwd=small_project)
    assert (done.status, done.err) == (1, "")
    assert json.loads(done.out)["findings"][0]["file"] == "bad.sql"
