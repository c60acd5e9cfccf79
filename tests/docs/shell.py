"""The commands in a page: those of its shell blocks, and those that stand in a line of text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

_BLOCK = re.compile(r"^( *)```(?:bash|sh|shell|console)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_FENCED = re.compile(r"^ *(```+).*?^ *\1", re.MULTILINE | re.DOTALL)
# Words of a shell that lead to a command, and what ends one.
_LEADING = frozenset({"if", "then", "while", "do", "else", "fi", "done", "!", "time", "sudo", "exec"})
_ENDS = frozenset({"|", "||", "&&", ";", "&", "(", ")", ";;"})


def shell_blocks(page: str) -> list[str]:
    """The shell blocks of a Markdown page, without the indent of the list that they stand in."""
    found: list[str] = []
    for indent, text in _BLOCK.findall(page):
        found.append("\n".join(line.removeprefix(indent) for line in text.splitlines()))
    return found


def commands_of_text(page: str, programs: frozenset[str]) -> list[list[str]]:
    """Whole commands in a line of text: in backquotes, and beginning with the name of a program."""
    codes = code_of_text(page, programs)
    return [words for code in codes for words in commands_of_block(code) if words[0] in programs]


def code_of_text(page: str, programs: frozenset[str]) -> list[str]:
    """What stands in backquotes in a line of text and begins with the name of a program and a word more."""
    codes = _INLINE.findall(_FENCED.sub("", page))
    return [code for code in codes if len(code.split()) > 1 and code.split()[0] in programs]


def commands_of_block(block: str) -> list[list[str]]:
    """The simple commands of a block as lists of words: pipes, lists and substitutions are taken apart.

    ValueError where a quotation is not closed.
    """
    joined = re.sub(r"\\\n\s*", " ", block)
    found: list[list[str]] = []
    for line in [*_whole_lines(joined), *re.findall(r"\$\(([^()]+)\)", joined)]:
        found += list(_simple_commands(line))
    return found


def _whole_lines(text: str) -> Iterator[str]:
    """Lines, of which a quotation may take several."""
    kept = ""
    for line in text.splitlines():
        kept = f"{kept}\n{line}" if kept else line
        try:
            shlex.split(kept, comments=True)
        except ValueError:
            continue
        yield kept
        kept = ""
    if kept:
        raise ValueError(f"a quotation is not closed: {kept}")


def _simple_commands(line: str) -> Iterator[list[str]]:
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    words: list[str] = []
    for token in [*reader, ";"]:
        if token in _ENDS:
            words = _without_leading(words)
            if words:
                yield words
            words = []
        else:
            words.append(token)


def _without_leading(words: list[str]) -> list[str]:
    """Without keywords, and without assignments before the command."""
    if words[:1] == ["export"]:
        return []
    while words and (words[0] in _LEADING or re.match(r"[A-Za-z_][A-Za-z0-9_]*=", words[0])):
        words = words[1:]
    return words
