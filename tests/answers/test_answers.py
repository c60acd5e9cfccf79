"""The recorded answers cover docs/commands.md, and a difference is seen. `make answers-check` compares all of them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.answers.commands import ON_A_CHECKOUT, commands_of, documented_commands
from tests.answers.corpus import MAX_LINES, RECORDED, Answer, differences, read_section, section_text
from tests.answers.scratch import PROJECTS, Scratch
from tests.answers.sections import SECTIONS

DOCUMENTED_COMMANDS = documented_commands()


@pytest.mark.parametrize(("command", "options"), DOCUMENTED_COMMANDS, ids=[name for name, _ in DOCUMENTED_COMMANDS])
@pytest.mark.parametrize("project", PROJECTS)
def test_every_documented_command_is_recorded_with_its_options(project: str, command: str, options: list[str]) -> None:
    """On each project: a new row of the page needs a recorded answer."""
    recorded = read_section((RECORDED / f"commands-{project}.txt").read_text(encoding="utf-8"))
    lines = [
        title for title in recorded if title.startswith(f"readiness {command} ") or title == f"readiness {command}"
    ]
    assert lines, f"no answer of `readiness {command}`"
    words = {word for line in lines for word in line.split()}
    assert [option for option in options if option not in words] == []


def test_the_tables_of_the_commands_page_are_found() -> None:
    """A table in another form would leave nothing to compare."""
    assert len(DOCUMENTED_COMMANDS) > 20
    assert ("cleanup gate", ["--format"]) in DOCUMENTED_COMMANDS
    assert ("check", ["--plan", "--workflows", "--format"]) in DOCUMENTED_COMMANDS


@pytest.mark.parametrize("project", PROJECTS)
def test_every_command_that_is_run_has_its_answer(project: str) -> None:
    """And each answer its command: the list and the record are of the same state."""
    recorded = read_section((RECORDED / f"commands-{project}.txt").read_text(encoding="utf-8"))
    on_a_checkout = {f"readiness {line}" for line in ON_A_CHECKOUT}
    without_repository = [title for title in recorded if ", with " not in title and title not in on_a_checkout]
    assert without_repository == [f"readiness {line}" for line in commands_of(project)]


def test_every_section_is_recorded() -> None:
    """And nothing else is."""
    assert sorted(path.stem for path in RECORDED.iterdir()) == sorted(SECTIONS)


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        (Answer(title="a", status=1, texts={"stdout": "one\n"}), ["-exit status 0", "+exit status 1"]),
        (Answer(title="a", status=0, texts={"stdout": "two\n"}), ["-  one", "+  two"]),
        (Answer(title="a", status=0, texts={"stderr": "one\n"}), ["---- stdout", "+--- stderr"]),
        (Answer(title="a", status=0, texts={"stdout": "one"}), ["+\\ no newline at the end"]),
        (Answer(title="a", status=0, texts={"stdout": "one\n" * (MAX_LINES + 1)}), [f"{MAX_LINES + 1} lines in all"]),
        (Answer(title="b", status=0, texts={"stdout": "one\n"}), ["--- recorded: a", "+++ now: b"]),
    ],
)
def test_whatever_differs_in_an_answer_is_shown(changed: Answer, shown: list[str]) -> None:
    """The status, a word, the stream, the last newline, a long text, a command that is new or gone."""
    recorded = section_text([Answer(title="a", status=0, texts={"stdout": "one\n"})])
    assert differences(recorded, recorded) == []
    found = "\n".join(differences(recorded, section_text([changed])))
    assert [part for part in shown if part not in found] == []


def test_a_long_text_that_differs_only_at_its_end_differs() -> None:
    """By its digest."""
    long, other = ("line\n" * MAX_LINES + end for end in ("one\n", "two\n"))
    sections = [section_text([Answer(title="a", status=0, texts={"stdout": text})]) for text in (long, other)]
    assert len(differences(*sections)) == 1


def test_two_answers_of_one_title_are_refused() -> None:
    """One of them would be compared with nothing."""
    with pytest.raises(ValueError, match="two answers have the title 'a'"):
        section_text([Answer(title="a", status=0)] * 2)


def test_the_same_command_gives_the_recorded_answer(tmp_path: Path) -> None:
    """Made here for the one command, with the machine's paths and today's date out of it."""
    scratch = Scratch(tmp_path)
    scratch.make("small")
    line = "check"
    made = section_text([scratch.answer(f"readiness {line}", shlex.split(line))])
    recorded = read_section((RECORDED / "commands-small.txt").read_text(encoding="utf-8"))
    assert read_section(made)[f"readiness {line}"] == recorded[f"readiness {line}"]


def test_a_recorded_command_reaches_no_network_and_finds_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment around it holds."""
    monkeypatch.setenv("GITHUB_TOKEN", "placeholder")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "placeholder")
    scratch = Scratch(tmp_path)
    scratch.make("root")
    assert "GITHUB_TOKEN is not set" in scratch.answer("a", ["deliver", "prod"]).texts["stderr"]
    assert (
        "the name api.github.com is not found" in scratch.answer("b", ["deliver", "prod", "--dry-run"]).texts["stderr"]
    )
    assert "no Google credentials" in scratch.answer("c", ["adopt", "prod"]).texts["stderr"]
