"""Reading shell scripts with `shfmt`: positions, expressions, batches, limits, and the program itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from readiness.ci import shell_reader, shfmt
from readiness.ci.shell_reader import parse, parse_all
from readiness.ci.shell_script import read_ahead, swallows
from readiness.ci.shell_tree import Command, CommandList, ShellSyntaxError
from readiness.refusal import RefusedError
from tests.ci.test_swallowed import job
from tests.ci.workflows import messages

BROKEN = ["echo 'no end", "cat <<EOF\nno end", "make &&", "make ||", "if make; then", "echo $(", "f()", "{ make"]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was handed to `shfmt`, one entry a run; nothing was read before."""
    seen: list[bytes] = []

    def counted(script: bytes, dialect: str, *, deadline_seconds: float) -> object:
        seen.append(script)
        return shfmt.syntax_tree(script, dialect, deadline_seconds=deadline_seconds)

    monkeypatch.setattr(shell_reader, "syntax_tree", counted)
    monkeypatch.setattr(shell_reader, "_read", {})
    return seen


def found(script: str) -> list[tuple[int, str]]:
    """Line and message of everything that swallows a failure."""
    return [(swallow.line, swallow.message) for swallow in swallows(script, pipefail=False)]


def test_words_keep_their_text_and_lose_their_quotes() -> None:
    """As the shell sees them; what it would compute stays as written."""
    (command,) = parse("""x=1 a\\ b "c \\"d\\"" 'e'$'f' "$(g "h")" ${{ i || 'j' }}/k \\\n l\r\n""").items
    assert isinstance(command, Command)
    assert [word.value for word in command.words] == [
        "a b", 'c "d"', "ef", '$(g "h")', "${{ i || 'j' }}/k", "l",
    ]  # fmt: skip
    assert [word.text for word in command.words][:2] == ["a\\ b", '"c \\"d\\""']
    assert [word.text for word in command.assignments] == ["x=1"]
    assert [len(word.scripts) for word in command.words] == [0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("x=${{ a\n  || b }}\nmake || true", 2),
        ("echo ${{ '}} || true' }}\nmake || true", 1),
        ("echo ä€𝄞 ${{ 'ü' }}\nmake || true", 1),
        ("make \\\n  --all \\\n  || true", 2),
        ('x="$(\n  make || true\n)"', 1),
        ("make\r\nmake || true\r\n", 1),
        ("\ufeffmake || true", 0),
        ("# a \\\nmake || true", 1),
    ],
)
def test_the_line_is_that_of_the_script_as_written(script: str, line: int) -> None:
    """Expressions over several lines, multi-byte characters and Windows line ends do not move it."""
    assert [each for each, _ in found(script)] == [line]


def test_an_error_after_an_expression_names_its_line() -> None:
    """`shfmt` sees the expression on one line."""
    with pytest.raises(ShellSyntaxError) as raised:
        parse("x=${{ a\n  || b }}\n\necho )")
    assert raised.value.line == 3


@pytest.mark.parametrize("script", ["set -x # a \\\ncheck || true", "echo ok # a \\\n# b \\\ncheck || true"])
def test_a_backslash_does_not_continue_a_comment(script: str) -> None:
    """`shfmt` says that it does; bash ends with 0 though the check failed."""
    assert len(found(script)) == 1
    done = subprocess.run(["bash", "-ec", f"check() {{ return 3; }}\n{script}"], capture_output=True, check=False)
    assert done.returncode == 0


def test_a_workflow_file_is_read_with_one_run(tmp_path: Path, runs: list[bytes]) -> None:
    """However many steps it has."""
    steps = "\n".join(f"      - run: make test-{index}" for index in range(200))
    assert messages(tmp_path, f"on:\n  pull_request:\njobs:\n  test:\n    steps:\n{steps}\n") == []
    assert len(runs) == 1


def test_scripts_for_inner_shells_are_one_more_run(runs: list[bytes]) -> None:
    """One for each level, however many there are."""
    scripts = [f"bash -c 'make {index} || true'" for index in range(50)]
    read_ahead(scripts, "bash")
    assert [found(script)[0][0] for script in scripts] == [0] * 50
    assert len(runs) == 2


@pytest.mark.parametrize("broken", BROKEN)
def test_one_broken_script_neither_hides_nor_changes_the_others(broken: str, runs: list[bytes]) -> None:
    """Its end would join the script after it."""
    scripts = ["make || true", broken, "echo 'it'", "EOF\n}\nfi )\n", "make || exit 0"]
    alone = [str(parse_all([script], "bash")) for script in scripts]
    shell_reader._read.clear()
    together = parse_all(scripts, "bash")
    assert [str([read]) for read in together] == alone
    assert [isinstance(read, CommandList) for read in together] == [True, False, True, False, True]
    assert len(runs) > len(scripts)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("echo 'a", "b' || true"),
        ("cat <<EOF", "make || true\nEOF\nmake"),
        ("make ||", "true"),
        ("make \\", "make || true"),
        ("f()", "{ make; }"),
        ("if make", "then :; fi"),
        ("echo ${{ 'a", "' }} || true"),
    ],
)
def test_two_scripts_are_not_read_as_one(first: str, second: str, runs: list[bytes]) -> None:
    """Together they would be a valid script."""
    alone = [str(parse_all([script], "bash")) for script in (first, second)]
    shell_reader._read.clear()
    assert [str([read]) for read in parse_all([first, second], "bash")] == alone


def test_each_shell_is_read_in_its_own_dialect(tmp_path: Path) -> None:
    """In `sh`, `&>` runs the command in the background: what follows the `||` belongs to another one."""
    (message,) = messages(tmp_path, job("run: make && x=(1 2)\n        shell: sh"))
    assert "cannot be read here (" in message
    assert messages(tmp_path, job("run: make && x=(1 2)\n        shell: bash")) == []


def test_scripts_in_other_languages_are_not_read(tmp_path: Path) -> None:
    """R, and Python with its version."""
    assert messages(tmp_path, job("run: tests <- c(1)\n        shell: Rscript {0}")) == []
    assert messages(tmp_path, job("run: print('a' 'b')\n        shell: python3.12 {0}")) == []


HOSTILE = {
    "subshells": "(" * 32_000,
    "substitutions": "$(" * 10_000 + "a" + ")" * 10_000,
    "closed substitutions": "echo " + "$(" * 2_000 + "a" + ")" * 2_000,
    "groups": "{ " * 6_000 + "a;" + "}; " * 4_000,
    "time": "time " * 6_000 + "a",
    "chain": "a&&" * 10_000 + "a",
    "functions": "f() " * 5_000 + "{ a; }",
    "expansions": "echo " + "${a:-" * 4_000 + "}" * 4_000,
    "51 levels": "( " * 51 + "a" + " )" * 51,
    "quote": "'" + "a" * 30_000,
    "here-documents": "cat <<A\n" * 4_000,
    "expressions": "${{" * 10_000,
    "shells": "eval " * 100 + "a",
    "too long": "a\n" * 16_001,
    "null byte": "make \0|| true",
    "lone surrogate": "make \ud800",
    "coprocess": "coproc make",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_script_is_one_finding(name: str) -> None:
    """Never a traceback, and never ok."""
    ((_, message),) = found(HOSTILE[name])
    assert "cannot be read here (" in message


def test_nothing_is_ok_after_the_time_limit(monkeypatch: pytest.MonkeyPatch, runs: list[bytes]) -> None:
    """All scripts that are left cannot be read."""
    monkeypatch.setattr("readiness.ci.shell_script.TIME_LIMIT_SECONDS", 0)
    ((_, message),) = found("make test")
    assert "the time limit is reached" in message


def test_a_run_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runs: list[bytes]) -> None:
    """The program is killed at the limit."""
    _program_is(monkeypatch, tmp_path, "exec sleep 600")
    monkeypatch.setattr("readiness.ci.shell_script.TIME_LIMIT_SECONDS", 0.2)
    ((_, message),) = found("make test")
    assert "the time limit is reached" in message


def test_without_the_program_one_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, runs: list[bytes]) -> None:
    """On a platform without a wheel, too."""
    monkeypatch.setattr(shfmt, "_of_the_package", lambda: None)
    monkeypatch.setenv("PATH", "")
    shfmt._program.cache_clear()
    with pytest.raises(RefusedError, match=r"is not installed.*pip install shfmt-py.*go install mvdan\.cc/sh"):
        found("make test")


def test_an_old_program_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runs: list[bytes]) -> None:
    """Its tree has another form."""
    _program_is(monkeypatch, tmp_path, "exec cat", version="3.8.0")
    with pytest.raises(RefusedError, match=r"is too old: .* '3\.8\.0', and 3\.14 or later"):
        found("make test")


@pytest.mark.parametrize("search_path", [".", "", "bin", "{here}"])
def test_a_program_of_the_working_folder_is_never_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, search_path: str
) -> None:
    """Whoever wrote the folder would choose the program."""
    for folder in (tmp_path, tmp_path / "bin"):
        folder.mkdir(exist_ok=True)
        _write_program(folder, "exec cat", "3.14.1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", search_path.format(here=tmp_path))
    assert shfmt._on_path() is None


def test_the_program_on_path_is_used_where_the_package_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a platform without a wheel."""
    _program_is(monkeypatch, tmp_path, "exec cat")
    assert shfmt._program() == str(tmp_path / "shfmt")


@pytest.fixture(autouse=True)
def _search_again() -> Iterator[None]:
    shfmt._program.cache_clear()
    yield
    shfmt._program.cache_clear()


def _program_is(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str, version: str = "v3.14.1") -> None:
    _write_program(folder, body, version)
    monkeypatch.setattr(shfmt, "_of_the_package", lambda: None)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def _write_program(folder: Path, body: str, version: str) -> None:
    program = folder / "shfmt"
    program.write_text(f'#!/bin/sh\n[ "$1" != --version ] || {{ echo {version}; exit 0; }}\n{body}\n', encoding="utf-8")
    program.chmod(0o755)
