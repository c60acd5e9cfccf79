"""`python -m tools.style` finds words that the project does not use, and sentences that are too long.

The words are the left column of the table below "Words" in CONTRIBUTING.md, so that there is one list. They are
looked for in documents and in every text of the toolkit and the components: messages, help and docstrings. A sentence
of the README, of a command's help or of a notification has at most `MAX_WORDS` words.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from readiness.cli.main import cli
from readiness.cli.overview import leaf_commands
from readiness.resource_types import ALERT_POLICY

ROOT = Path(__file__).resolve().parents[1]
MAX_WORDS = 30
# Released sections of the changelog keep the words of their time.
_UNCHECKED = ("CHANGELOG.md", "CONTRIBUTING.md")
_DOCUMENTS = ("*.md",)
_PROGRAMS = ("readiness/*.py", "components/*.py", "__main__.py")


def refused_words(contributing: str) -> list[str]:
    """The phrases of the left column of the table below the heading "Words"."""
    section = contributing.partition("\n## Words\n")[2].partition("\n## ")[0]
    table = re.search(r"^\| instead of \| write \|\n\|---\|---\|\n((?:\|.*\n)+)", section, flags=re.MULTILINE)
    if table is None:
        raise ValueError('CONTRIBUTING.md has no table "instead of | write" below "Words"')
    cells = [row.split("|")[1] for row in table[1].splitlines()]
    return [phrase.strip() for cell in cells for phrase in cell.split(",")]


def words_found(text: str, phrases: list[str]) -> Iterator[tuple[int, str]]:
    """Line and phrase of each refused phrase, whole words in any case, also across a line's end."""
    choices = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)
    for found in re.finditer(rf"\b(?:{choices})\b(?![/-])", text, flags=re.IGNORECASE):
        yield text.count("\n", 0, found.start()) + 1, " ".join(found[0].split())


def texts_of_program(source: str) -> Iterator[tuple[int, str]]:
    """Line and value of each text of a Python file, docstrings included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def sentences(markdown: str) -> Iterator[tuple[int, str]]:
    """Line and text of each sentence, item or table cell. Code blocks, links' addresses and tags are left out."""
    block: list[tuple[int, str]] = []
    is_code = False
    for number, line in enumerate([*markdown.splitlines(), ""], start=1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
            continue
        is_row = line.startswith("|")
        if is_code or is_row or not line.strip() or re.match(r"\s*([-*#]|\d+\.) ", line) or line.startswith("    "):
            yield from _sentences_of(block)
            block = []
        if is_row:
            for cell in line.strip("|").split("|"):
                yield from _sentences_of([(number, cell)])
        elif not is_code and line.strip() and not line.startswith("    "):
            block.append((number, line))
    yield from _sentences_of(block)


def _sentences_of(block: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    if not block:
        return
    text = re.sub(r"\]\([^)]*\)", "]", " ".join(line.strip() for _, line in block))
    if not re.sub(r"\[[^\]]*\]|[,\s]", "", text):
        return  # a list of links
    for sentence in re.split(r"(?<=[.!?:;])\**\s+", re.sub(r"<[^>]+>", " ", text)):
        yield block[0][0], sentence


def count_of_words(sentence: str) -> int:
    """Words with a letter. A piece of code is one."""
    return len(re.findall(r"\S*[A-Za-z]\S*", re.sub(r"`[^`]*`", "code", sentence)))


def long_sentences(name: str, markdown: str) -> Iterator[str]:
    """A line for each sentence that has more than `MAX_WORDS` words."""
    for line, sentence in sentences(markdown):
        if (count := count_of_words(sentence)) > MAX_WORDS:
            yield f"{name}:{line}: a sentence has {count} words, and at most {MAX_WORDS} are allowed: {sentence[:90]}…"


def texts_of_help() -> Iterator[tuple[str, str]]:
    """The help of each command: its description, and that of each option."""
    for name, command in leaf_commands(cli):
        yield f"readiness {name} --help", command.help or ""
        options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
        yield from ((f"readiness {name} --help, {option.opts[0]}", option.help or "") for option in options)


def texts_of_notifications() -> Iterator[tuple[str, str]]:
    """The text of each notification of the golden plans."""
    for golden in sorted((ROOT / "tests" / "golden").glob("*.json")):
        plan = json.loads(golden.read_text(encoding="utf-8"))
        for resource in plan["resources"]:
            if resource["type"] == ALERT_POLICY:
                content = resource["inputs"].get("documentation", {}).get("content", "")
                yield f"{golden.name}: {resource['inputs'].get('displayName')}", content


def problems(root: Path = ROOT) -> Iterator[str]:
    """A line for each problem."""
    phrases = refused_words((root / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    for name in _tracked(root, *_DOCUMENTS):
        if name not in _UNCHECKED and not name.startswith("tests/"):
            text = (root / name).read_text(encoding="utf-8")
            yield from (f"{name}:{line}: do not write `{found}`" for line, found in words_found(text, phrases))
    for name in _tracked(root, *_PROGRAMS):
        for first, text in texts_of_program((root / name).read_text(encoding="utf-8")):
            for line, found in words_found(text, phrases):
                yield f"{name}:{first + line - 1}: do not write `{found}`"
    yield from long_sentences("README.md", (root / "README.md").read_text(encoding="utf-8"))
    for name, text in (*texts_of_help(), *texts_of_notifications()):
        yield from long_sentences(name, text)


def _tracked(root: Path, *patterns: str) -> list[str]:
    command = ["git", "ls-files", "-z", "--", *patterns]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def main() -> int:
    """The exit status: 1 if there is a problem."""
    found = list(dict.fromkeys(problems()))
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} places to rewrite. CONTRIBUTING.md, Words, says what to write instead.", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
