"""Cuts a shell script into words and operators, each with its line. Nothing is expanded and nothing is run.

Of redirections only their place is kept; comments and here-documents are left out. What stands in `${{ … }}` is a part
of its word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPERATOR = re.compile(r"&&|\|\||;;&|;;|;&|\|&|[;|&()]")
_REDIRECTION = re.compile(r"\d*(?:&>>|&>|>>|>&|>\||<<<|<<-|<<|<&|<>|>(?!\()|<(?!\())")
_COMMENT = re.compile(r"#[^\n]*")
_PLAIN = re.compile(r"[^\s;|&()<>'\"\\$`]+")
_TEST = re.compile(r"\[\[.*?\s\]\](?=[\s;&|)]|\Z)", re.DOTALL)
_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
# A here-document from its `<<` to the line that ends it. Without that line it is something else, such as a shift.
_DOCUMENT = re.compile(r"<<-?[ \t]*['\"\\]?(\w+)[^\n]*\n(?:.*\n)*?[ \t]*\1[ \t\r]*(?=\n|\Z)")
# What opens something that is one with its word, and what closes it.
_CLOSING = {"$((": "))", "$(": ")", "${": "}", "<(": ")", ">(": ")"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is `word`, `operator`, `redirection` or `end` (of a line); `text` as it stands; `line` 0 is the first."""

    kind: str
    text: str
    line: int


class ShellSyntaxError(Exception):
    """The script cannot be read. `line` 0 is the first."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line + 1} of the script cannot be read")


def tokens_of(script: str) -> list[Token]:
    """The tokens in their order. Raises ShellSyntaxError where a quote or a bracket has no end."""
    return _Cutter(script).run()


def unquoted(word: str) -> str:
    """The word without its quotes: `"a b"'c'` is `a bc`."""
    parts = re.findall(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)|([^'\"\\]+)", word, flags=re.DOTALL)
    return "".join(
        single + re.sub(r"\\([\"\\$`])", r"\1", double) + escaped + plain for single, double, escaped, plain in parts
    )


def substitutions(word: str) -> list[tuple[str, int]]:
    """The scripts in `$(…)` and backquotes outside single quotes, each with the lines of the word before it."""
    found: list[tuple[str, int]] = []
    at = 0
    quoted = False
    while at < len(word):
        if word[at] == "'" and not quoted:
            at = _end(word, at, 0)
        elif word[at] == "\\":
            at += 2
        elif word[at] == "`" or (word.startswith(("$(", "<(", ">("), at) and not word.startswith("$((", at)):
            end = _end(word, at, 0)
            begin = at + (1 if word[at] == "`" else 2)
            found.append((word[begin : end - 1], word.count("\n", 0, begin)))
            at = end
        else:
            quoted ^= word[at] == '"'
            at += 1
    return found


class _Cutter:
    def __init__(self, script: str) -> None:
        self._script = script
        self._at = 0
        self._line = 0
        self._tokens: list[Token] = []
        # Words that end here-documents which begin after this line.
        self._documents: list[str] = []

    def run(self) -> list[Token]:
        while self._at < len(self._script):
            self._step()
        return [*self._tokens, Token("end", "", self._line)]

    def _step(self) -> None:
        script, at = self._script, self._at
        if blank := _BLANK.match(script, at):
            self._move(blank.end())
        elif script[at] == "\n":
            self._tokens.append(Token("end", "\n", self._line))
            self._move(at + 1)
            self._pass_documents()
        elif comment := _COMMENT.match(script, at):
            self._move(comment.end())
        elif redirection := _REDIRECTION.match(script, at):
            self._move(redirection.end())
            self._redirect(redirection.group())
        elif operator := _OPERATOR.match(script, at):
            if script.startswith("((", at) and (end := script.find("))", at)) > 0:
                self._add("word", end + 2)
            else:
                self._add("operator", operator.end())
        else:
            self._add("word", self._end_of_word(at))

    def _add(self, kind: str, end: int) -> None:
        self._tokens.append(Token(kind, self._script[self._at : end], self._line))
        self._move(end)

    def _move(self, end: int) -> None:
        self._line += self._script.count("\n", self._at, end)
        self._at = end

    def _redirect(self, operator: str) -> None:
        """Passes the word after a redirection over; of a here-document, its text as well."""
        self._tokens.append(Token("redirection", "", self._line))
        if blank := _BLANK.match(self._script, self._at):
            self._move(blank.end())
        end = self._end_of_word(self._at)
        if operator.endswith(("<<", "<<-")) and not operator.endswith("<<<"):
            self._documents.append(unquoted(self._script[self._at : end]))
        self._move(end)

    def _pass_documents(self) -> None:
        for closing in self._documents:
            end = re.compile(rf"^[ \t]*{re.escape(closing)}[ \t\r]*(?:\n|\Z)", re.MULTILINE).search(
                self._script, self._at
            )
            # Without the line that ends it, it is something else, which must not hide the rest of the script.
            if end is not None:
                self._move(end.end())
        self._documents = []

    def _end_of_word(self, at: int) -> int:
        script = self._script
        if script.startswith("[[", at) and (test := _TEST.match(script, at)):
            return test.end()
        while at < len(script) and script[at] not in " \t\r\n":
            if plain := _PLAIN.match(script, at):
                at = plain.end()
            elif script[at] == "(" and script[at - 1] == "=":
                at = _closed(script, at + 1, ")", self._line)
            elif script[at] in "'\"`\\$" or script.startswith(("<(", ">("), at):
                at = _end(script, at, self._line)
            else:
                break
        return at


def _end(text: str, at: int, line: int) -> int:
    """Where a quote, a substitution or an escaped character that begins at `at` ends."""
    here = text[at]
    if text.startswith("${{", at) and (end := text.find("}}", at)) > 0:
        return end + 2
    for opening, closing in _CLOSING.items():
        if text.startswith(opening, at):
            return _closed(text, at + len(opening), closing, line)
    if here == "'":
        end = text.find("'", at + 1)
        if end < 0:
            raise ShellSyntaxError(line)
        return end + 1
    if here in '"`':
        return _closed(text, at + 1, here, line)
    return min(len(text), at + (2 if here == "\\" else 1))


def _closed(text: str, at: int, closing: str, line: int) -> int:
    """Behind `closing`, which what is quoted or nested does not hold."""
    while at < len(text):
        if text.startswith(closing, at):
            return at + len(closing)
        # Between double quotes a single one is a letter.
        nested = text[at] in "\\`$" or (closing != '"' and text[at] in "'\"")
        if nested:
            at = _end(text, at, line)
        elif text[at] == "(" and closing.startswith(")"):
            at = _closed(text, at + 1, ")", line)
        elif closing == ")" and (document := _DOCUMENT.match(text, at)):
            at = document.end()
        elif text[at] == "#" and closing == ")" and text[at - 1] in " \t\n(":
            end = text.find("\n", at)
            at = end if end >= 0 else len(text)
        else:
            at += 1
    raise ShellSyntaxError(line)
