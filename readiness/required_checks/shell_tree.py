"""A shell script as a tree: lists of commands, pipes, `&&` and `||`, and the compound commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from readiness.required_checks.shell_words import ShellSyntaxError, Token, tokens_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A simple command: its words as they stand, assignments before it apart."""

    words: tuple[str, ...]
    assignments: tuple[str, ...]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipe:
    """One command after the other; with one part alone only where it is negated."""

    parts: tuple[Node, ...]
    negated: bool
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """`first`, then what follows with its `&&` or `||`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sequence:
    """Commands one after the other; `background` holds the indexes of those that nobody waits for."""

    items: tuple[Node, ...]
    background: frozenset[int]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Compound:
    """`kind` is `group`, `subshell`, `if`, `loop`, `case` or `function`.

    `conditions` are tested and `bodies` run; a function's name is `name`.
    """

    kind: str
    conditions: tuple[Sequence, ...]
    bodies: tuple[Sequence, ...]
    line: int
    name: str = ""


Node = Command | Pipe | Chain | Sequence | Compound

_SEPARATORS = frozenset({";", "&"})
_CLOSERS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})


# No step is that long; what is longer would take long to read.
MAX_CHARACTERS = 32_000


def parse(script: str) -> Sequence:
    """The whole script. Raises ShellSyntaxError where it is none, or is too long or nested too deep."""
    if len(script) > MAX_CHARACTERS:
        raise ShellSyntaxError(0)
    try:
        return _parsed(script)
    except RecursionError:
        raise ShellSyntaxError(0) from None


def _parsed(script: str) -> Sequence:
    parser = _Parser(tokens_of(script))
    found = parser.sequence()
    if not parser.is_at_the_end():
        raise ShellSyntaxError(parser.line)
    return found


def every(node: Node, *, conditions: bool = True) -> Iterator[Node]:
    """The node and all below it, in the order of the script; what `if` and loops test on request alone."""
    yield node
    for child in _children(node, conditions=conditions):
        yield from every(child, conditions=conditions)


def _children(node: Node, *, conditions: bool) -> tuple[Node, ...]:
    match node:
        case Pipe():
            return node.parts
        case Chain():
            return (node.first, *(each for _, each in node.rest))
        case Sequence():
            return node.items
        case Compound():
            return (*(node.conditions if conditions else ()), *node.bodies)
        case _:
            return ()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def line(self) -> int:
        """Of the next token."""
        return self._next.line

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def is_at_the_end(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._tokens) - 1

    def sequence(self) -> Sequence:
        """Up to a word that closes something, or the end."""
        line, items, background = self.line, list[Node](), set[int]()
        while True:
            while self._next.kind == "end" and not self.is_at_the_end():
                self._at += 1
            token = self._next
            if self.is_at_the_end() or token.text in _CLOSERS or token.text in (")", ";;", ";&", ";;&"):
                return Sequence(items=tuple(items), background=frozenset(background), line=line)
            items.append(self._chain())
            if self._next.kind == "operator" and self._next.text in _SEPARATORS:
                if self._next.text == "&":
                    background.add(len(items) - 1)
                self._at += 1

    def _chain(self) -> Node:
        line, first, rest = self.line, self._pipe(), list[tuple[str, Node]]()
        while self._next.text in ("&&", "||"):
            operator = self._take()
            self._pass_ends()
            rest.append((operator, self._pipe()))
        return Chain(first=first, rest=tuple(rest), line=line) if rest else first

    def _pipe(self) -> Node:
        line, negated = self.line, False
        while self._next.text in ("!", "time"):
            negated ^= self._take() == "!"
        parts = [self._command()]
        while self._next.text in ("|", "|&") and self._next.kind == "operator":
            self._at += 1
            self._pass_ends()
            parts.append(self._command())
        return Pipe(parts=tuple(parts), negated=negated, line=line) if negated or len(parts) > 1 else parts[0]

    def _command(self) -> Node:
        found = self._command_alone()
        while self._next.kind == "redirection":
            self._at += 1
        return found

    def _command_alone(self) -> Node:
        token = self._next
        if token.text == "(" and token.kind == "operator":
            return self._enclosed("subshell", ")")
        compound = {"{": self._group, "if": self._if, "while": self._loop, "until": self._loop, "for": self._for}
        compound |= {"select": self._for, "case": self._case, "function": self._function}
        if token.kind == "word" and token.text in compound:
            return compound[token.text]()
        if token.kind not in ("word", "redirection"):
            raise ShellSyntaxError(token.line)
        if [each.text for each in self._tokens[self._at + 1 : self._at + 3]] == ["(", ")"]:
            return self._function()
        return self._simple()

    def _simple(self) -> Command:
        line, words, assignments = self.line, list[str](), list[str]()
        while self._next.kind in ("word", "redirection"):
            if self._next.kind == "redirection":
                self._at += 1
                continue
            word = self._take()
            name, equals, _ = word.partition("=")
            is_assignment = bool(equals) and name.removesuffix("+").isidentifier() and not words
            (assignments if is_assignment else words).append(word)
        return Command(words=tuple(words), assignments=tuple(assignments), line=line)

    def _group(self) -> Compound:
        return self._enclosed("group", "}")

    def _enclosed(self, kind: str, closing: str) -> Compound:
        line = self.line
        self._at += 1
        body = self.sequence()
        self._expect(closing)
        return Compound(kind=kind, conditions=(), bodies=(body,), line=line)

    def _if(self) -> Compound:
        line, conditions, bodies = self.line, list[Sequence](), list[Sequence]()
        while self._next.text in ("if", "elif"):
            self._at += 1
            conditions.append(self.sequence())
            self._expect("then")
            bodies.append(self.sequence())
        if self._next.text == "else":
            self._at += 1
            bodies.append(self.sequence())
        self._expect("fi")
        return Compound(kind="if", conditions=tuple(conditions), bodies=tuple(bodies), line=line)

    def _loop(self) -> Compound:
        line = self.line
        self._at += 1
        condition = self.sequence()
        return Compound(kind="loop", conditions=(condition,), bodies=(self._do(),), line=line)

    def _for(self) -> Compound:
        line = self.line
        while self._next.text != "do":
            if self.is_at_the_end():
                raise ShellSyntaxError(line)
            self._at += 1
        return Compound(kind="loop", conditions=(), bodies=(self._do(),), line=line)

    def _do(self) -> Sequence:
        self._expect("do")
        body = self.sequence()
        self._expect("done")
        return body

    def _case(self) -> Compound:
        line, bodies = self.line, list[Sequence]()
        while self._next.text != "in":
            if self.is_at_the_end():
                raise ShellSyntaxError(line)
            self._at += 1
        self._at += 1
        self._pass_ends()
        while self._next.text != "esac":
            while self._next.text != ")":
                if self.is_at_the_end():
                    raise ShellSyntaxError(line)
                self._at += 1
            self._at += 1
            bodies.append(self.sequence())
            if self._next.text in (";;", ";&", ";;&"):
                self._at += 1
            self._pass_ends()
        self._expect("esac")
        return Compound(kind="case", conditions=(), bodies=tuple(bodies), line=line)

    def _function(self) -> Compound:
        line = self.line
        if self._next.text == "function":
            self._at += 1
        name = self._take()
        if self._next.text == "(":
            self._at += 1
            self._expect(")")
        self._pass_ends()
        inner = self._command()
        body = Sequence(items=(inner,), background=frozenset(), line=inner.line)
        return Compound(kind="function", conditions=(), bodies=(body,), line=line, name=name)

    def _take(self) -> str:
        if self.is_at_the_end():
            raise ShellSyntaxError(self.line)
        self._at += 1
        return self._tokens[self._at - 1].text

    def _expect(self, text: str) -> None:
        self._pass_ends()
        if self._next.text != text:
            raise ShellSyntaxError(self._next.line)
        self._at += 1

    def _pass_ends(self) -> None:
        while self._next.kind == "end" and not self.is_at_the_end():
            self._at += 1
