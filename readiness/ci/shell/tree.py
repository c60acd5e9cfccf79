"""A shell script's syntax tree: lists of commands, pipelines, `&&` and `||`, and compound commands."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

# No real step comes near it; Python's own recursion limit is about five times as deep.
MAX_DEPTH = 50
_JsonNode = Mapping[str, Any]


class ShellSyntaxError(Exception):
    """The script cannot be read. `line` 0 is the first."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line + 1} of the script cannot be read: {reason}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """`text` is as written, `value` is without quotes; `scripts` are its command and process substitutions."""

    text: str
    value: str
    scripts: tuple[CommandList, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A simple command: its words, and the assignments before them. `[[ … ]]`, `(( … ))` and `let …` are one word.

    `inputs` are the texts of its here-documents and here-strings.
    """

    words: tuple[Word, ...]
    assignments: tuple[Word, ...]
    line: int
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipe:
    """Commands joined by `|`. Only a negated pipe can have a single part."""

    parts: tuple[Node, ...]
    negated: bool
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """`first`, then the nodes that follow it, each with its `&&` or `||`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """A command that ends with `&`: the shell does not wait for it, and starting it always succeeds."""

    started: Node
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandList:
    """Commands one after the other. `line` is that of the word or bracket that opens the list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Compound:
    """`kind` is `group`, `subshell`, `if`, `loop`, `case` or `function`.

    `conditions` are tested and `bodies` run; `name` is that of a function. `is_until`: a loop that ends when its
    condition holds. `words` are those that a `for` goes through; None for anything else.
    """

    kind: str
    conditions: tuple[CommandList, ...]
    bodies: tuple[CommandList, ...]
    line: int
    name: str = ""
    is_until: bool = False
    words: tuple[Word, ...] | None = None


Node = Command | Pipe | Chain | Background | CommandList | Compound


def nodes_of(node: Node, *, counting: bool = False) -> Iterator[Node]:
    """The node and all below it in the order of the script, substitutions apart.

    `counting`: only those whose status can be the script's. What `if` and loops test, the bodies of functions, and what
    the shell does not wait for, are left out.
    """
    yield node
    match node:
        case Pipe():
            children = node.parts
        case Chain():
            children = (node.first, *(part for _, part in node.rest))
        case Background():
            children = () if counting else (node.started,)
        case CommandList():
            children = node.items
        case Compound():
            is_left_out = counting and node.kind == "function"
            children = () if is_left_out else (*(() if counting else node.conditions), *node.bodies)
        case Command():
            children = ()
    for child in children:
        yield from nodes_of(child, counting=counting)


def commands_in(node: Node) -> list[Command]:
    """The simple commands of the node in the order of the script, substitutions apart."""
    return [found for found in nodes_of(node) if isinstance(found, Command)]


def functions_in(tree: CommandList) -> list[Compound]:
    """The functions that the script defines, in order."""
    return [node for node in nodes_of(tree) if isinstance(node, Compound) and node.kind == "function"]


def tree_of(statements: Sequence[_JsonNode], source: bytes) -> CommandList:
    """The tree of a script from `shfmt`'s statements; `source` is the script.

    Raises ShellSyntaxError for a construct that the judge does not know, or more than MAX_DEPTH levels.
    """
    return _Converter(source).command_list(statements, 0)


class _Converter:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._breaks = [found.start() for found in re.finditer(rb"\n", source)]

    def command_list(self, statements: Sequence[_JsonNode], line: int, depth: int = 0) -> CommandList:
        items = tuple(self._statement(statement, depth + 1) for statement in statements)
        return CommandList(items=items, line=line)

    def _line(self, node: _JsonNode) -> int:
        return bisect_left(self._breaks, node["Offset"])

    def _text(self, node: _JsonNode) -> str:
        begin, end = (node[place]["Offset"] for place in ("Pos", "End"))
        # `shfmt` counts the first half of a Windows line end to the word before it.
        return self._source[begin:end].decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\r")

    def _statement(self, statement: _JsonNode, depth: int) -> Node:
        line = self._line(statement["Position"])
        if depth > MAX_DEPTH:
            raise ShellSyntaxError(line, f"it is nested more than {MAX_DEPTH} levels deep")
        if statement.get("Coprocess") or statement.get("Disown"):
            raise ShellSyntaxError(line, "it starts a coprocess or a detached command")
        node = self._command(statement.get("Cmd") or {"Type": "CallExpr"}, line, depth)
        if isinstance(node, Command):
            node = replace(node, inputs=tuple(self._inputs(statement.get("Redirs", ()))))
        if statement.get("Negated"):
            node = Pipe(parts=node.parts if isinstance(node, Pipe) else (node,), negated=True, line=line)
        return Background(started=node, line=line) if statement.get("Background") else node

    def _inputs(self, redirections: Sequence[_JsonNode]) -> Iterator[str]:
        for redirection in redirections:
            if redirection["Op"] in ("<<", "<<-"):
                # `shfmt` counts the line that ends the text to it. The text begins on the next line.
                text = self._text(redirection["Hdoc"]) if "Hdoc" in redirection else ""
                yield "\n" + text[: text.rfind("\n") + 1]
            elif redirection["Op"] == "<<<":
                yield self._value(redirection["Word"])

    def _command(self, command: _JsonNode, line: int, depth: int) -> Node:
        match command["Type"]:
            case "CallExpr":
                words, assignments = command.get("Args", ()), command.get("Assigns", ())
                return self._simple(words, line, depth, assignments)
            case "DeclClause":
                return self._simple([command["Variant"], *command.get("Args", ())], line, depth)
            case "TestClause" | "ArithmCmd" | "LetClause":
                return self._simple([command], line, depth)
            case "BinaryCmd":
                return self._binary(command, line, depth)
            case "TimeClause":
                # The status is that of the timed command; `time` alone always succeeds.
                timed = command.get("Stmt")
                return self._statement(timed, depth + 1) if timed else Command(words=(), assignments=(), line=line)
            case _:
                return self._compound(command, line, depth)

    def _compound(self, command: _JsonNode, line: int, depth: int) -> Compound:
        kind, name = command["Type"], ""
        conditions: list[CommandList] = []
        words: tuple[Word, ...] | None = None
        match kind:
            case "Block" | "Subshell":
                kind, bodies = "group" if kind == "Block" else "subshell", [command.get("Stmts", ())]
            case "IfClause":
                kind, bodies, branch = "if", list[Sequence[_JsonNode]](), command
                while branch is not None:
                    if "Cond" in branch:
                        conditions.append(self.command_list(branch["Cond"], self._line(branch["Position"]), depth))
                    bodies.append(branch.get("Then", ()))
                    branch = branch.get("Else")
            case "WhileClause":
                kind, bodies = "loop", [command.get("Do", ())]
                conditions.append(self.command_list(command["Cond"], line, depth))
            case "ForClause":
                kind, bodies, loop = "loop", [command.get("Do", ())], command["Loop"]
                # Without `in`, `for` goes through the arguments. `for ((…))` has no words.
                if loop["Type"] == "WordIter":
                    given = (Word(text='"$@"', value="$@"),)
                    words = self._words(loop.get("Items", ()), depth) if "InPos" in loop else given
            case "CaseClause":
                kind, bodies = "case", [item.get("Stmts", ()) for item in command.get("Items", ())]
            case "FuncDecl" if "Name" in command:
                kind, bodies, name = "function", [[command["Body"]]], command["Name"]["Value"]
            case _:
                raise ShellSyntaxError(line, f"it has a construct that Readiness does not judge ({kind})")
        return Compound(
            kind=kind,
            conditions=tuple(conditions),
            bodies=tuple(self.command_list(body, line, depth) for body in bodies),
            line=line,
            name=name,
            is_until=bool(command.get("Until")),
            words=words,
        )

    def _binary(self, command: _JsonNode, line: int, depth: int) -> Node:
        """`shfmt` nests `a && b || c` to the left; here it is one chain, and `a | b | c` is one pipe."""
        operators = ("|", "|&") if command["Op"] in ("|", "|&") else ("&&", "||")
        parts: list[tuple[str, Node]] = []
        while True:
            parts.append((command["Op"], self._statement(command["Y"], depth)))
            left = command["X"]
            inner = left.get("Cmd") or {}
            if left.get("Negated") or inner.get("Type") != "BinaryCmd" or inner["Op"] not in operators:
                break
            command = inner
        first, rest = self._statement(left, depth), tuple(reversed(parts))
        if operators[0] == "|":
            return Pipe(parts=(first, *(node for _, node in rest)), negated=False, line=line)
        return Chain(first=first, rest=rest, line=line)

    def _simple(
        self, words: Sequence[_JsonNode], line: int, depth: int, assignments: Sequence[_JsonNode] = ()
    ) -> Command:
        return Command(words=self._words(words, depth), assignments=self._words(assignments, depth), line=line)

    def _words(self, nodes: Sequence[_JsonNode], depth: int) -> tuple[Word, ...]:
        return tuple(
            Word(text=self._text(node), value=self._value(node), scripts=tuple(self._substitutions(node, depth)))
            for node in nodes
        )

    def _value(self, node: _JsonNode) -> str:
        """Without quotes. What the shell would compute stays as written."""
        parts = node.get("Parts")
        return self._text(node) if parts is None else "".join(self._part(part) for part in parts)

    def _part(self, part: _JsonNode) -> str:
        match part["Type"]:
            case "Lit":
                return re.sub(r"\\(?:\n|(.))", r"\1", self._text(part))
            case "SglQuoted":
                return self._text(part).removeprefix("$")[1:-1]
            case "DblQuoted":
                return re.sub(r"\\([\"\\$`])", r"\1", self._text(part).removeprefix("$")[1:-1])
            case _:
                return self._text(part)

    def _substitutions(self, node: _JsonNode, depth: int) -> Iterator[CommandList]:
        waiting: list[Any] = [node]
        while waiting:
            found = waiting.pop()
            if isinstance(found, list):
                waiting += reversed(found)
            elif isinstance(found, dict) and found.get("Type") in ("CmdSubst", "ProcSubst"):
                yield self.command_list(found.get("Stmts", ()), self._line(found["Pos"]), depth)
            elif isinstance(found, dict):
                waiting += reversed(found.values())
