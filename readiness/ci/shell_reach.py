"""Which commands of a script never run: after `exit` or `exec`, in a loop over nothing, after `if false`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from readiness.ci.shell_harmless import arguments, asks_only, can_fail, ends_badly, ends_well
from readiness.ci.shell_tree import Chain, Command, CommandList, Compound, Node, nodes_of
from readiness.ci.swallow import Swallow

_ARGUMENTS = frozenset({"$@", "$*", "${@}", "${*}"})
_NUMBER = re.compile(r"[+-]?\d+")


def never_run(tree: CommandList, functions: frozenset[str], *, has_arguments: bool) -> Iterator[Swallow]:
    """Where commands that could fail are never reached, each with what keeps them from running.

    `functions` are the script's functions that cannot fail. `has_arguments`: the script may be called with arguments.
    """
    sets_arguments = any(arguments(node)[:2] == ["set", "--"] for node in nodes_of(tree))
    enders = frozenset[str]()
    reach = _Reach(functions, enders, has_arguments=has_arguments or sets_arguments)
    for node in nodes_of(tree):
        if isinstance(node, Compound) and node.kind == "function" and _exits(reach, node.bodies[0]):
            enders |= {node.name}
            reach = _Reach(functions, enders, has_arguments=reach.has_arguments)
    yield from reach.of(tree, in_loop=False)


def is_switch(words: list[str], letter: str, name: str) -> bool:
    """Whether it is a `set` or `shopt` that turns an option on, as `set -n`, `set -o noexec`, `shopt -so noexec`."""
    if words[:1] == ["shopt"]:
        return name in words and any(re.fullmatch(r"-\w*s\w*", word) for word in words)
    pairs = zip(words, [*words[1:], ""], strict=True)
    return words[:1] == ["set"] and any(
        re.fullmatch(rf"-\w*{letter}\w*", word) or (re.fullmatch(r"-\w*o", word) and following == name)
        for word, following in pairs
    )


def _exits(reach: _Reach, body: CommandList) -> bool:
    """Whether a function always ends the script. `return` ends only the function."""
    for item in body.items:
        end = reach.end(item, in_loop=False)
        if end:
            return not end.startswith("return")
    return False


@dataclass(frozen=True, slots=True)
class _Reach:
    """`enders` are the functions that always end the script."""

    functions: frozenset[str]
    enders: frozenset[str]
    has_arguments: bool = False

    def of(self, node: Node, *, in_loop: bool, in_function: bool = False) -> Iterator[Swallow]:
        match node:
            case CommandList():
                for index, item in enumerate(node.items):
                    end = self.end(item, in_loop=in_loop)
                    if end and self._any_real(node.items[index + 1 :]):
                        yield Swallow(line=item.line, message=f"`{end}` ends it before what follows", hint="Remove it")
                        return
                    yield from self.of(item, in_loop=in_loop, in_function=in_function)
            case Chain():
                end = self.end(node.first, in_loop=in_loop)
                if end and self._any_real(part for _, part in node.rest):
                    yield Swallow(line=node.line, message=f"`{end}` ends it before what follows", hint="Remove it")
                elif end := self._dead_part(node):
                    yield _never(node.line, end)
                for part in (node.first, *(part for _, part in node.rest)):
                    yield from self.of(part, in_loop=in_loop, in_function=in_function)
            case Compound():
                in_function = in_function or node.kind == "function"
                for why, body in self._dead_bodies(node, in_function=in_function):
                    if self._any_real(body.items):
                        yield _never(node.line, why)
                for part in (*node.conditions, *node.bodies):
                    inside = node.kind == "loop" or (in_loop and node.kind != "function")
                    yield from self.of(part, in_loop=inside, in_function=in_function)
            case _:
                return

    def end(self, node: Node, *, in_loop: bool) -> str:
        """What always ends the list at this node without a failure of its own; empty where it may go on."""
        match node:
            case Command():
                return self._command_end(node, in_loop=in_loop)
            case Chain():
                parts = [("&&", node.first), *node.rest]
                for operator, part in parts:
                    if operator != "&&":
                        return ""
                    if end := self.end(part, in_loop=in_loop):
                        return end
                    if _constant(part) is not True:
                        return ""
                return ""
            case Compound() if node.kind == "group" or (node.kind == "if" and _constant(node.conditions[0])):
                ends = (self.end(item, in_loop=in_loop) for item in node.bodies[0].items)
                return next(filter(None, ends), "")
            case Compound() if node.kind == "loop" and _runs(node):
                ends = (self.end(item, in_loop=True) for item in node.bodies[0].items)
                end = next(filter(None, ends), "")
                return "" if end in ("break", "continue") else end
            case _:
                return ""

    def _command_end(self, command: Command, *, in_loop: bool) -> str:
        words = arguments(command)
        raw = [word.value for word in command.words]
        if raw[:1] == ["exec"] and words:
            return "" if words[0] == "false" else f"exec {words[0]}"
        if not words:
            return ""
        if words[0] in ("exit", "return"):
            is_failure = len(words) == 2 and _NUMBER.fullmatch(words[1]) and not ends_well(command)
            return "" if is_failure or len(words) > 2 or words[1:] == [""] else " ".join(words)
        if words[0] in ("break", "continue") and in_loop:
            return words[0]
        if words[0] in self.enders:
            return words[0]
        return " ".join(words) if is_switch(words, "n", "noexec") else ""

    def _dead_part(self, chain: Chain) -> str:
        operator, part = chain.rest[0]
        constant = _constant(chain.first)
        if constant is None or constant is (operator == "&&") or not self._any_real([part]):
            return ""
        return f"{arguments(chain.first)[0]} {operator}"

    def _dead_bodies(self, compound: Compound, *, in_function: bool) -> Iterator[tuple[str, CommandList]]:
        if compound.kind == "if":
            constant = _constant(compound.conditions[0])
            if constant is False:
                yield "if false", compound.bodies[0]
            elif constant:
                yield from (("if true", body) for body in compound.bodies[1:])
        elif compound.kind == "loop" and compound.conditions:
            if _constant(compound.conditions[0]) is compound.is_until:
                yield ("until true" if compound.is_until else "while false"), compound.bodies[0]
        elif compound.words is not None:
            values = [word.value for word in compound.words]
            if not values:
                yield "for … in", compound.bodies[0]
            elif set(values) <= _ARGUMENTS and not in_function and not self.has_arguments:
                yield 'for … in "$@"', compound.bodies[0]

    def _any_real(self, nodes: Iterable[Node]) -> bool:
        """Whether a command among them could fail and says something about the application."""
        return any(
            isinstance(found, Command)
            and can_fail(found, self.functions)
            and not asks_only(found)
            and not ends_badly(found)
            for node in nodes
            if not (isinstance(node, Compound) and node.kind == "function")
            for found in nodes_of(node)
        )


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


def _never(line: int, why: str) -> Swallow:
    message = f"`{why}` never runs what follows it"
    return Swallow(line=line, message=message, hint="Remove it, or write a condition or words that make it run")
