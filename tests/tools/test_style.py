"""`tools/style.py` reads the table of CONTRIBUTING.md, and sees each word and each long sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import ROOT
from tools import style

PHRASES = ["mend", "speaks of", "for ever", "word on the gate"]


def test_the_words_are_those_of_the_table() -> None:
    """Of the left column alone, each phrase of a cell for itself."""
    found = style.refused_words((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert {"mend", "mended", "speaks of", "would fight", "anew", "what is live"} <= set(found)
    assert not {"fix (verb)", "adopts", "the live resources"} & set(found)


def test_a_page_without_the_table_is_an_error() -> None:
    """An empty list would find nothing."""
    with pytest.raises(ValueError, match="has no table"):
        style.refused_words("# Contributing\n\n## Words\n\nNone.\n\n## Tests\n")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one\nMend it.", [(2, "Mend")]),
        ("it speaks\n  of a thing", [(1, "speaks of")]),
        ("waits for every one, and recommends an amendment", []),
        ("tests/fixtures/mend/ci.yml, and mend-alerts", []),
        ("It waits for ever. GitHub's own word on the gate.", [(1, "for ever"), (1, "word on the gate")]),
    ],
)
def test_a_word_is_found_whole_with_its_line(text: str, found: list[tuple[int, str]]) -> None:
    """In any case, and over a line's end; not inside another word or a path."""
    assert list(style.words_found(text, PHRASES)) == found


def test_docstrings_and_messages_are_read() -> None:
    """And comments and names are not."""
    source = '"""Mend it."""\nmend = 1  # mend\nraise ValueError("first\\nit speaks of x")\n'
    texts = list(style.texts_of_program(source))
    assert [(line, text) for line, text in texts if list(style.words_found(text, PHRASES))] == [
        (1, "Mend it."),
        (3, "first\nit speaks of x"),
    ]


LONG = " ".join(["word"] * 31)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"{LONG}.\n", 1),
        (f"- {LONG}\n", 1),
        (f"| a | {LONG} |\n", 1),
        (f"ok\n{' '.join(['word'] * 20)}\n{' '.join(['word'] * 11)}\n", 1),
        (f"{' '.join(['word'] * 30)}. {' '.join(['word'] * 30)}.\n", 0),
        (f"```text\n{LONG}\n```\n", 0),
        (f"`{LONG}` is code\n", 0),
        (", ".join(["[a long name](page.md)"] * 12) + "\n", 0),
        (f"[{' '.join(['word'] * 29)}](https://example.com/{'a-b/' * 20}) end\n", 0),
    ],
)
def test_a_sentence_of_more_than_30_words_is_found(text: str, count: int) -> None:
    """In paragraphs, items and cells; code, addresses and lists of links do not count."""
    assert len(list(style.long_sentences("page.md", text))) == count


def test_help_and_notifications_are_read() -> None:
    """The walk finds commands, options, and the notifications of the golden plans."""
    names = dict(style.texts_of_help())
    assert names["readiness snooze --help"].startswith("Pause the notifications")
    assert "readiness snooze --help, --for" in names
    notifications = list(style.texts_of_notifications())
    assert len(notifications) > 60
    assert all(len(text) > 100 for _, text in notifications)


def test_a_bad_repository_fails_with_the_place(tmp_path: Path) -> None:
    """A document, a message and a sentence of the README."""
    contributing = "# C\n\n## Words\n\n| instead of | write |\n|---|---|\n| mend, mends | fix |\n\n"
    files = {
        "CONTRIBUTING.md": contributing,
        "README.md": f"# A\n\n{LONG}.\n",
        "docs/a.md": "# A\n\nIt mends.\n",
        "readiness/a.py": 'MESSAGE = "mend"\n',
        "CHANGELOG.md": "It mends.\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    places = [line.partition(": ")[0] for line in style.problems(tmp_path)]
    assert places == ["docs/a.md:3", "readiness/a.py:1", "README.md:3"]


def test_the_repository_passes() -> None:
    """With status 0; `make check` runs the same."""
    done = subprocess.run([sys.executable, "-m", "tools.style"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    assert "-m tools.style" in makefile
    assert "codespell" in makefile
