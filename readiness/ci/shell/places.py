"""Where the commands of a script are written, so that one of them can be edited and the rest stays as it is.

Here-documents and comments are no commands. All offsets count characters of the script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.ci.shell.reader import ShellReader

_JsonNode = Mapping[str, Any]
# After `||`, these only say that something failed: the script goes on as if it had not.
_SAYS_ONLY = frozenset({"true", ":", "echo", "printf"})


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedWord:
    """A word as written, with its quotes, from `begin` to `end`."""

    text: str
    begin: int
    end: int

    @property
    def value(self) -> str:
        """The word without quotes around all of it."""
        is_quoted = len(self.text) > 1 and self.text[0] in "'\"" and self.text[-1] == self.text[0]
        return self.text[1:-1] if is_quoted else self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedCommand:
    """A simple command and its words, wherever in the script it is."""

    words: tuple[PlacedWord, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The words without quotes."""
        return tuple(word.value for word in self.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Swallowed:
    """What makes a success of a failure, from `begin` to `end`: `|| true`, `|| echo …`, a line `set +e`."""

    begin: int
    end: int


def placed_commands(script: str, reader: ShellReader, dialect: str = "bash") -> list[PlacedCommand]:
    """The simple commands in the order of the script. Raises ShellSyntaxError and RefusedError as the reader does."""
    places = _Places(script)
    statements = reader.statements(script, dialect)
    found = [places.command(node) for node in _nodes(statements) if node.get("Type") == "CallExpr" and node.get("Args")]
    return sorted(found, key=lambda command: command.words[0].begin)


def swallowed_failures(script: str, reader: ShellReader, dialect: str = "bash") -> list[Swallowed]:
    """The places that can be removed, among the commands of the script itself, not of its functions and conditions.

    `false || echo a || true` is two places. Raises ShellSyntaxError and RefusedError as the reader does.
    """
    places = _Places(script)
    found: list[Swallowed] = []
    for statement in reader.statements(script, dialect):
        command = statement.get("Cmd") or {}
        while command.get("Type") == "BinaryCmd" and command["Op"] == "||" and _says_only(command["Y"], places):
            begin = places.at(command["X"]["End"]["Offset"])
            found.append(Swallowed(begin=begin, end=places.at(command["Y"]["End"]["Offset"])))
            command = command["X"].get("Cmd") or {}
        if command.get("Type") == "CallExpr" and places.command(command).values == ("set", "+e"):
            begin, end = places.line_around(statement)
            if script[begin:end].strip() == "set +e":
                found.append(Swallowed(begin=begin, end=end))
    return sorted(found, key=lambda place: place.begin)


def _says_only(statement: _JsonNode, places: _Places) -> bool:
    command = statement.get("Cmd") or {}
    if command.get("Type") != "CallExpr" or statement.get("Redirs") or statement.get("Background"):
        return False
    values = places.command(command).values
    return bool(values) and (values[0] in _SAYS_ONLY or values == ("exit", "0"))


def _nodes(node: Any) -> Iterator[_JsonNode]:
    waiting: list[Any] = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            yield found
            waiting += found.values()
        elif isinstance(found, Sequence) and not isinstance(found, str):
            waiting += found


class _Places:
    """Turns `shfmt`'s offsets, which count bytes, into offsets of characters."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._raw = script.encode()

    def at(self, offset: int) -> int:
        return len(self._raw[:offset].decode("utf-8", "replace"))

    def line_around(self, statement: _JsonNode) -> tuple[int, int]:
        """From the begin of the statement's line to the begin of the next."""
        at = self.at(statement["Position"]["Offset"])
        end = self._script.find("\n", at)
        return self._script.rfind("\n", 0, at) + 1, len(self._script) if end < 0 else end + 1

    def command(self, node: _JsonNode) -> PlacedCommand:
        return PlacedCommand(words=tuple(self._word(word) for word in node.get("Args", ())))

    def _word(self, word: _JsonNode) -> PlacedWord:
        begin, end = self.at(word["Pos"]["Offset"]), self.at(word["End"]["Offset"])
        return PlacedWord(text=self._script[begin:end], begin=begin, end=end)
