"""Which commands of a script never run: after `exit` or `exec`, in a loop over nothing, after `if false`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from readiness.ci.shell.commands import arguments, asks_only, can_fail, ends_badly, ends_well, lost, switches
from readiness.ci.shell.tree import Chain, Command, CommandList, Compound, Node, commands_in, functions_in
from readiness.finding import Finding

_ARGUMENTS = frozenset({"$@", "$*", "${@}", "${*}"})
_NUMBER = re.compile(r"[+-]?\d+")


class Unreached:
    """Finds commands that could fail and never run.

    `harmless` are the script's functions that cannot fail. `has_arguments`: the script may be called with arguments.
    """

    def __init__(self, tree: CommandList, harmless: frozenset[str], *, has_arguments: bool) -> None:
        self._harmless = harmless
        self._has_arguments = has_arguments or any(
            arguments(command)[:2] == ["set", "--"] for command in commands_in(tree)
        )
        # Functions that always end the script, found in order. `return` ends only the function.
        self._enders: set[str] = set()
        for function in functions_in(tree):
            end = self._end_of_list(function.bodies[0], in_loop=False)
            if end and not end.startswith("return"):
                self._enders.add(function.name)

    def findings(self, node: Node, *, in_loop: bool, in_function: bool) -> Iterator[Finding]:
        """What the node itself keeps from running; the nodes below it are looked at by themselves."""
        # Of a chain only the first command always runs.
        items = node.items if isinstance(node, CommandList) else (node.first,) if isinstance(node, Chain) else ()
        others = [part for _, part in node.rest] if isinstance(node, Chain) else []
        for index, item in enumerate(items):
            end = self._end(item, in_loop=in_loop)
            if end and self._any_real([*items[index + 1 :], *others]):
                yield lost(item.line, f"`{end}` ends it before what follows", "Remove it")
                break
        for why, dead in _dead_parts(node, has_arguments=self._has_arguments or in_function):
            if self._any_real(dead):
                message = f"`{why}` never runs what follows it"
                yield lost(node.line, message, "Remove it, or write a condition or words that make it run")

    def _end(self, node: Node, *, in_loop: bool) -> str:
        """What always ends the list at this node without a failure of its own; empty where it may go on."""
        match node:
            case Command():
                return self._command_end(node, in_loop=in_loop)
            case Chain():
                for operator, part in (("&&", node.first), *node.rest):
                    end = self._end(part, in_loop=in_loop) if operator == "&&" else ""
                    if end or operator != "&&" or _constant(part) is not True:
                        return end
            case Compound() if node.kind == "group" or (node.kind == "if" and _constant(node.conditions[0])):
                return self._end_of_list(node.bodies[0], in_loop=in_loop)
            case Compound() if node.kind == "loop" and _runs(node):
                end = self._end_of_list(node.bodies[0], in_loop=True)
                return "" if end in ("break", "continue") else end
            case _:
                pass
        return ""

    def _end_of_list(self, body: CommandList, *, in_loop: bool) -> str:
        return next(filter(None, (self._end(item, in_loop=in_loop) for item in body.items)), "")

    def _command_end(self, command: Command, *, in_loop: bool) -> str:
        words = arguments(command)
        if not words:
            return ""
        if command.words[0].value == "exec":
            return "" if words[0] == "false" else f"exec {words[0]}"
        if words[0] in ("exit", "return"):
            is_failure = len(words) == 2 and _NUMBER.fullmatch(words[1]) and not ends_well(command)
            return "" if is_failure or len(words) > 2 or words[1:] == [""] else " ".join(words)
        if words[0] in self._enders or (in_loop and words[0] in ("break", "continue")):
            return words[0]
        return " ".join(words) if switches(words, "noexec", on=True) else ""

    def _any_real(self, nodes: Iterable[Node]) -> bool:
        """Whether a command among them could fail and says something about the application."""
        return any(
            can_fail(command, self._harmless) and not asks_only(command) and not ends_badly(command)
            for node in nodes
            if not (isinstance(node, Compound) and node.kind == "function")
            for command in commands_in(node)
        )


def _dead_parts(node: Node, *, has_arguments: bool) -> Iterator[tuple[str, Sequence[Node]]]:
    """Parts that a constant condition or a loop over nothing never runs, each with why."""
    match node:
        case Chain():
            operator, part = node.rest[0]
            if _constant(node.first) is (operator == "||"):
                yield f"{arguments(node.first)[0]} {operator}", [part]
        case Compound(kind="if"):
            constant = _constant(node.conditions[0])
            if constant is not None:
                dead = node.bodies[1:] if constant else node.bodies[:1]
                yield f"if {str(constant).lower()}", dead
        case Compound(kind="loop", conditions=(condition, *_)):
            if _constant(condition) is node.is_until:
                yield ("until true" if node.is_until else "while false"), node.bodies
        case Compound(words=words) if words is not None:
            if not words:
                yield "for … in", node.bodies
            elif {word.value for word in words} <= _ARGUMENTS and not has_arguments:
                yield 'for … in "$@"', node.bodies
        case _:
            return


def _constant(node: Node) -> bool | None:
    """Whether it always succeeds (`true`, `:`, `echo`) or always fails (`false`); None where that is open."""
    if isinstance(node, CommandList):
        return _constant(node.items[0]) if len(node.items) == 1 else None
    name = next(iter(arguments(node)), "")
    return True if name in ("true", ":", "echo") else False if name == "false" else None


def _runs(loop: Compound) -> bool:
    """Whether a loop certainly runs once: its words are known, or its condition is."""
    if loop.conditions:
        return _constant(loop.conditions[0]) is (not loop.is_until)
    return bool(loop.words) and not any(re.search(r"[$`*?\[]", word.text) for word in loop.words or ())
