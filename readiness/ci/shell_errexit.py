"""Failures that -e does not notice: `bash` ignores it in conditions, before `&&` and `||`, and after `!`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from readiness.ci.shell_harmless import arguments, command_name, keeps_status
from readiness.ci.shell_tree import Background, Chain, Command, CommandList, Compound, Node, Pipe, nodes_of
from readiness.ci.swallow import Swallow

STATUS = re.compile(r"\$\?|\$\{\?\}|PIPESTATUS")


@dataclass(frozen=True, slots=True)
class Errexit:
    """`looks`: whether a node can fail and is no question. `bodies` are the script's functions."""

    looks: Callable[[Node], bool]
    bodies: Mapping[str, CommandList]

    def lost(self, node: Node, reason: str, called: frozenset[str] = frozenset()) -> Iterator[Swallow]:
        """What fails at a place where -e has no effect, while more commands follow in the same list.

        `reason` says why it has none there.
        """
        match node:
            case CommandList():
                for item, following in zip(node.items, node.items[1:], strict=False):
                    if self._is_lost(item, following):
                        message = f"the failure is lost: {reason}, and more commands follow"
                        hint = "Join the commands with `&&`, or write `|| exit 1` after each"
                        yield Swallow(line=item.line, message=message, hint=hint)
                parts = node.items
            case Compound():
                parts = () if node.kind == "function" else (*node.conditions, *node.bodies)
            case Chain():
                parts = (node.first, *(part for _, part in node.rest))
            case Pipe():
                parts = node.parts
            case Background():
                parts = ()
            case Command():
                name = command_name(node)
                is_new = name in self.bodies and name not in called
                parts = (self.bodies[name],) if is_new else ()
                called |= {name}
        for part in parts:
            yield from self.lost(part, reason, called)

    def _is_lost(self, item: Node, following: Node) -> bool:
        """Not where the next command looks at `$?`, nor where a `||` follows, which is judged by itself."""
        is_end = arguments(item)[:1] in (["exit"], ["return"])
        has_or = isinstance(item, Chain) and any(operator == "||" for operator, _ in item.rest)
        if isinstance(item, Compound | Background) or is_end or has_or or not self.looks(item):
            return False
        commands = [node for node in nodes_of(following) if isinstance(node, Command)]
        texts = [word.text for command in commands for word in (*command.assignments, *command.words)]
        return not keeps_status(following) and not any(STATUS.search(text) for text in texts)
