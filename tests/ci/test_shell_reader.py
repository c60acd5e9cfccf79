"""Reading shell scripts with `shfmt`: positions, expressions, limits, and the program itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from readiness.ci.shell import reader, shfmt
from readiness.ci.shell.judge import lost_failures
from readiness.ci.shell.reader import ShellReader
from readiness.ci.shell.tree import Command, ShellSyntaxError
from readiness.finding import RefusedError
from tests.ci.test_steps import job
from tests.ci.workflows import messages


def found(script: str, limit_seconds: float = 60) -> list[tuple[int, str]]:
    """Line and message of every failure that the script loses; nothing was read before."""
    findings = lost_failures(script, ShellReader(limit_seconds), dialect="bash", pipefail=False)
    return [(finding.line or 0, finding.message) for finding in findings]


def test_words_keep_their_text_and_lose_their_quotes() -> None:
    """As the shell sees them; what it would compute stays as written."""
    (command,) = ShellReader().tree("""x=1 a\\ b "c \\"d\\"" 'e'$'f' "$(g "h")" ${{ i || 'j' }}/k \\\n l\r\n""").items
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
        ("x=${{ a\n  || b }}\nmake || true", 3),
        ("echo ${{ '}} || true' }}\nmake || true", 2),
        ("echo ä€𝄞 ${{ 'ü' }}\nmake || true", 2),
        ("make \\\n  --all \\\n  || true", 3),
        ('x="$(\n  make || true\n)"', 2),
        ("make\r\nmake || true\r\n", 2),
        ("\ufeffmake || true", 1),
        ("# a \\\nmake || true", 2),
    ],
)
def test_the_line_is_that_of_the_script_as_written(script: str, line: int) -> None:
    """Expressions over several lines, multi-byte characters and Windows line ends do not move it."""
    assert [number for number, _ in found(script)] == [line]


def test_an_error_after_an_expression_names_its_line() -> None:
    """`shfmt` sees the expression on one line."""
    with pytest.raises(ShellSyntaxError) as raised:
        ShellReader().tree("x=${{ a\n  || b }}\n\necho )")
    assert raised.value.line == 3


@pytest.mark.parametrize("script", ["set -x # a \\\ncheck || true", "echo ok # a \\\n# b \\\ncheck || true"])
def test_a_backslash_does_not_continue_a_comment(script: str) -> None:
    """`shfmt` says that it does; bash ends with 0 though the check failed."""
    assert len(found(script)) == 1
    done = subprocess.run(["bash", "-ec", f"check() {{ return 3; }}\n{script}"], capture_output=True, check=False)
    assert done.returncode == 0


def test_a_script_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that cannot be read, and what it hands to another shell."""
    seen: list[bytes] = []

    def counted(script: bytes, dialect: str, *, deadline_seconds: float) -> object:
        seen.append(script)
        return shfmt.syntax_tree(script, dialect, deadline_seconds=deadline_seconds)

    monkeypatch.setattr(reader, "syntax_tree", counted)
    shared = ShellReader()
    for _ in range(3):
        for script in ("bash -c 'make || true'", "echo )"):
            assert len(lost_failures(script, shared, dialect="bash", pipefail=False)) == 1
    assert seen == [b"bash -c 'make || true'", b"make || true", b"echo )"]


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


@pytest.mark.parametrize(("count", "calls"), [(60, 2), (1_500, 1)])
def test_functions_that_call_one_another_are_looked_at_once(count: int, calls: int) -> None:
    """The number of calls doubles with every function, or they are nested deeper than Python's recursion limit."""
    functions = [f"f{number}() {{ {f'f{number + 1}; ' * calls}}}" for number in range(count)]
    script = "\n".join(functions)
    assert len(found(f"{script}\nf0 || exit 1")) == (count if calls > 1 else 0)
    assert found(f"{script}\ntrap f0 EXIT\nmake") == []


def test_nothing_is_ok_after_the_time_limit() -> None:
    """All scripts that are left cannot be read."""
    ((_, message),) = found("make test", limit_seconds=0)
    assert "the time limit is reached" in message


@pytest.mark.parametrize("limit", ["total", "script"])
def test_a_run_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str) -> None:
    """The program is killed at the limit for one script, and at the limit for all."""
    _program_is(monkeypatch, tmp_path, "exec sleep 600")
    if limit == "script":
        monkeypatch.setattr(reader, "SCRIPT_LIMIT_SECONDS", 0.2)
    ((_, message),) = found("make test", limit_seconds=0.2 if limit == "total" else 600)
    assert "the time limit is reached" in message


def test_without_the_program_one_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a platform without a wheel, too."""
    monkeypatch.setattr(shfmt, "_of_the_package", lambda: None)
    monkeypatch.setenv("PATH", "")
    shfmt._program.cache_clear()
    with pytest.raises(RefusedError, match=r"is not installed.*pip install shfmt-py.*go install mvdan\.cc/sh"):
        found("make test")


def test_an_old_program_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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
