"""PromQL cut into tokens and laid out in lines: enough to compare two queries, not to evaluate one.

No parser is needed at run time: the syntax is checked where the rules are linted. What is no PromQL is cut too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["space", "text", "range", "number", "word", "comparison", "operator", "open", "close", "comma", "other"]

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
      | (?P<range>\[[^\]]*\])
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w:]))
      | (?P<word>[A-Za-z_:][\w:.]*|\d+[\w.]*)
      | (?P<comparison>=~|!~|==|!=|>=|<=|>|<|=)
      | (?P<operator>[-+*/%^@])
      | (?P<open>[({])
      | (?P<close>[)}])
      | (?P<comma>,)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)

_SET_OPERATORS = frozenset({"and", "or", "unless"})
# Deeper than anybody writes: the lines of a hostile text must not grow with it.
_MAX_INDENT = 20
# Words that a list of label names follows.
_LABEL_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query; `depth` counts the brackets that are open before it."""

    kind: Kind
    text: str
    depth: int


def tokens(query: str) -> list[Token]:
    """The query without spaces and comments."""
    found: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(query):
        kind: Kind = match.lastgroup or "other"  # type: ignore[assignment]
        if kind == "space":
            continue
        if kind == "close":
            depth = max(depth - 1, 0)
        found.append(Token(kind, match.group(), depth))
        if kind == "open":
            depth += 1
    return found


def lines(query: str) -> list[str]:
    """The query laid out: one matcher, one operand, one comparison a line, indented by depth."""
    layout = _Layout()
    for token in tokens(query):
        layout.add(token)
    layout.end_line()
    return layout.lines


class _Layout:
    """Where lines break: inside braces at commas, inside brackets before operators, never in a list of labels."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line = ""
        self._open: list[str] = []
        self._last = ""

    def add(self, token: Token) -> None:
        """Takes the next token."""
        inside = self._open[-1] if self._open else "block"
        if token.kind == "close" and self._open:
            self._open.pop()
            if inside != "labels":
                self.end_line(len(self._open) + 1)
        elif inside == "block" and _is_binary(token):
            self.end_line()
        self._line += self._spaced(token, inside)
        if token.kind == "open":
            kind = "matchers" if token.text == "{" else "labels" if self._last in _LABEL_LISTS else "block"
            self._open.append(kind)
            if kind != "labels":
                self.end_line(len(self._open) - 1)
        elif token.kind == "comma" and inside != "labels":
            self.end_line()
        self._last = token.text.lower()

    def end_line(self, depth: int | None = None) -> None:
        """Starts a new line; the ended one is indented by the brackets open at its beginning."""
        if self._line.strip():
            indent = min(len(self._open) if depth is None else depth, _MAX_INDENT)
            self.lines.append("  " * indent + self._line.strip())
        self._line = ""

    def _spaced(self, token: Token, inside: str) -> str:
        if token.kind == "open":
            return f" {token.text}" if self._last in _LABEL_LISTS or self._line.endswith(")") else token.text
        tight = token.kind in ("comma", "close", "range") or inside == "matchers" or self._last in ("(", "{", "")
        return token.text if tight else f" {token.text}"


def _is_binary(token: Token) -> bool:
    """Whether an operand ends before the token."""
    return token.kind in ("comparison", "operator") or (token.kind == "word" and token.text.lower() in _SET_OPERATORS)
