"""What in a step's shell script keeps a failure from ending the step.

Read from the text, nothing is run: quotes, comments and here-documents are blanked first, command substitutions are
not. What a program itself makes of its failures is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Words that make a command of themselves succeed.
_SUCCEEDS = r"(?:true|:|/bin/true|echo|printf|exit\s+0|return\s+0)(?=[\s;&|)}]|$)"
_OR = re.compile(rf"\|\|\s*({_SUCCEEDS})")
_OR_GROUP = re.compile(r"\|\|\s*[({]([^(){}]*)[)}]")
_FAILS_AFTER_ALL = re.compile(r"\b(?:exit|return|false|kill)\b|=\$\?")
_LAST = re.compile(r"(?:\A|[;\n&])[ \t]*(true|:|exit[ \t]+0)[ \t]*;?\s*\Z")
_ERREXIT_OFF = re.compile(r"\bset\s+(?:\+\w*e\w*|\+o\s+errexit)\b")
_PIPE = re.compile(r"(?<!\|)\|(?!\|)&?\s*(tee|cat)\b")
# What only writes; nothing is looked at before such a pipe.
_CANNOT_FAIL = (["echo"], ["printf"], ["date"])
_PIPEFAIL = re.compile(r"\bset\s+-\w*o\s+pipefail\b|PIPESTATUS")
_LENIENT_FLAG = re.compile(r"(?<!\S)--(?:passWithNoTests|pass-with-no-tests|exit-zero|pass-on-no-patterns)\b")
_HERE_DOCUMENT = re.compile(r"(?<!<)<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Swallow:
    """Something at a line of the script; line 0 is the first."""

    line: int
    message: str
    mend: str


def swallows(script: str, *, pipefail: bool) -> Iterator[Swallow]:
    """Everything that swallows a failure. `pipefail`: whether the shell takes a pipe's first failure for its own."""
    code = blanked(script)
    for found in _OR.finditer(code):
        word = " ".join(found.group(1).split())
        message = f"`|| {word}` makes a success of the failure"
        yield _at(code, found, message, "Write only what stands before it: GitHub shows the failure")
    for found in _OR_GROUP.finditer(code):
        if not _FAILS_AFTER_ALL.search(found.group(1)):
            message = "what stands after `||` does not fail, which makes a success of the failure"
            yield _at(code, found, message, "Remove it, or end it with `exit 1`")
    for found in _LENIENT_FLAG.finditer(code):
        message = f"`{found.group()}` passes where nothing was looked at, or whatever was found"
        yield _at(code, found, message, "Remove the option")
    for found in _ERREXIT_OFF.finditer(code):
        if not re.search(r"\$\?|PIPESTATUS", script[found.end() :]):
            message = f"`{' '.join(found.group().split())}` lets the script go on after a failure"
            yield _at(code, found, message, "Remove it, or keep `$?` and end with `exit` and its value")
    for found in _PIPE.finditer(code):
        first = re.split(r"[\n;&|({]", code[: found.start()])[-1].split()[:1]
        if not pipefail and first not in _CANNOT_FAIL and not _PIPEFAIL.search(script):
            message = f"the failure before `| {found.group(1)}` is lost: the default shell has no pipefail"
            yield _at(code, found, message, "Write `shell: bash`, which has it")
    last = _LAST.search(code)
    if last:
        word = " ".join(last.group(1).split())
        message = f"ends with `{word}`, whatever stands before it"
        yield _at(code, last, message, "Remove it", group=1)


def _at(code: str, found: re.Match[str], message: str, mend: str, group: int = 0) -> Swallow:
    return Swallow(line=code.count("\n", 0, found.start(group)), message=message, mend=mend)


def blanked(script: str) -> str:
    """The script with quoted text, comments and here-documents as blanks, every line where it was."""
    return _Blanking(_without_here_documents(script)).run()


def _without_here_documents(script: str) -> str:
    kept: list[str] = []
    until: str | None = None
    lines = script.split("\n")
    for number, line in enumerate(lines):
        if until is not None:
            until = None if line.strip() == until else until
            kept.append("")
            continue
        kept.append(line)
        opened = _HERE_DOCUMENT.search(line)
        # Without the line that ends it, it is something else, which must not hide the rest of the script.
        if opened and opened.group(2) in map(str.strip, lines[number + 1 :]):
            until = opened.group(2)
    return "\n".join(kept)


class _Blanking:
    """One pass over the characters. `_closing` says what ends each thing that is open: a quote or a substitution."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._closing: list[str] = []

    def run(self) -> str:
        """The blanked text."""
        out: list[str] = []
        at, script = 0, self._script
        while at < len(script):
            kept, length = self._step(script, at)
            out.append(kept)
            at += length
        return "".join(out)

    def _step(self, script: str, at: int) -> tuple[str, int]:
        """What stays of the text from `at` on, and how much of it that was."""
        here, inside = script[at], self._closing[-1] if self._closing else ""
        if inside == "'":
            if here == "'":
                self._closing.pop()
            return _blank(here), 1
        if here == "\\" and at + 1 < len(script):
            return _blank(script[at : at + 2]), 2
        if script.startswith("$(", at):
            self._closing.append(")")
            return "$(", 2
        if here == inside:
            self._closing.pop()
            return (here if here == ")" else " "), 1
        if inside == '"':
            return _blank(here), 1
        if here in "'\"":
            self._closing.append(here)
            return " ", 1
        if here == "(":
            self._closing.append(")")
            return here, 1
        if here == "#" and (at == 0 or script[at - 1] in " \t\n;"):
            end = script.find("\n", at)
            return "", (end if end >= 0 else len(script)) - at
        return here, 1


def _blank(text: str) -> str:
    return "".join("\n" if each == "\n" else " " for each in text)
