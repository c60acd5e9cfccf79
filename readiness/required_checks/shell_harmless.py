"""Which commands cannot fail, and which only ask a question: neither shows whether the application works."""

from __future__ import annotations

import re

from readiness.required_checks.shell_tree import Chain, Command, CommandList, Compound, Node, Pipe

_CANNOT_FAIL = frozenset(
    {"true", ":", "echo", "printf", "date", "sleep", "cat", "tee", "break", "continue", "wait", "trap", "set", "shopt",
     "export", "local", "declare", "readonly", "unset", "shift", "umask", "clear"}
)  # fmt: skip
# Their status is that of the command after them.
_PREFIXES = frozenset({"command", "builtin", "env", "sudo", "time", "nohup", "exec"})
# They look something up, so that a script can take one way or the other.
_QUESTIONS = frozenset(
    {"test", "[", "which", "type", "hash", "grep", "egrep", "fgrep", "git", "gh", "cd", "pushd", "ls", "find", "diff",
     "cmp", "read", "let"}
)  # fmt: skip
# One word each in the tree.
_TESTS = ("[[", "((")
_ENDS = ("exit", "return")


def command_name(node: Node) -> str:
    """The name of a simple command after `sudo` and similar; empty where there is none."""
    return next(iter(arguments(node)), "")


def arguments(node: Node) -> list[str]:
    """The words of a simple command without quotes, beginning with its name; empty for any other node."""
    words = [word.value for word in node.words] if isinstance(node, Command) else []
    while words and words[0] in _PREFIXES and not (words[0] == "command" and words[1:2] in (["-v"], ["-V"])):
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = words[1:]
    if words and not words[0].startswith(_TESTS):
        words[0] = words[0].rpartition("/")[2]
    return words


def can_fail(node: Node, functions: frozenset[str]) -> bool:
    """Whether it can end with a failure. `functions` are the script's functions that cannot."""
    match node:
        case Command():
            return _command_can_fail(node, functions)
        case Pipe():
            return can_fail(node.parts[-1], functions) or node.negated
        case Chain():
            failing = can_fail(node.first, functions)
            for operator, part in node.rest:
                part_fails = can_fail(part, functions)
                failing = (failing or part_fails) if operator == "&&" else (failing and part_fails)
            return failing
        case CommandList():
            return any(can_fail(item, functions) for item in node.items)
        case Compound():
            return node.kind != "function" and any(can_fail(body, functions) for body in node.bodies)


def asks_only(node: Node) -> bool:
    """Whether it is a question such as `[ -f x ]`: the answer "no" is not a failure of the application."""
    if isinstance(node, Pipe):
        return asks_only(node.parts[-1])
    if isinstance(node, CommandList):
        return bool(node.items) and asks_only(node.items[-1])
    if isinstance(node, Chain):
        return all(asks_only(part) for part in (node.first, *(part for _, part in node.rest)))
    words = arguments(node)
    if not words:
        return isinstance(node, Command)
    return words[0] in _QUESTIONS or words[0].startswith(_TESTS) or words[:2] == ["command", "-v"]


def ends_well(node: Node) -> bool:
    """Whether it is `exit 0` or `return 0`."""
    words = arguments(node)
    return len(words) == 2 and words[0] in _ENDS and re.fullmatch(r"0+|\$\(\(\s*0\s*\)\)", words[1]) is not None


def ends_badly(node: Node) -> bool:
    """Whether it is `false`, or an `exit` or `return` with another status than 0."""
    words = arguments(node)
    return words[:1] == ["false"] or (bool(words) and words[0] in _ENDS and not ends_well(node))


def _command_can_fail(command: Command, functions: frozenset[str]) -> bool:
    words = arguments(command)
    if not words:
        # Of `x=$(make test)` the status is that of `make test`.
        return any(assignment.scripts for assignment in command.assignments)
    return not (words[0] in _CANNOT_FAIL or words[0] in functions or ends_well(command))
