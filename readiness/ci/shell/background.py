"""Which commands a script starts with `&` without looking at their status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from readiness.ci.shell.commands import arguments, asks_only, awaited, can_fail, lost
from readiness.ci.shell.tree import Background, Command, CommandList, Compound, Node, nodes_of
from readiness.finding import Finding, Severity

_RUNNERS = (
    "pytest|py\\.test|tox|nox|unittest|jest|vitest|mocha|karma|ava|cypress|playwright|eslint|stylelint|prettier|tsc"
    "|ruff|flake8|black|isort|mypy|pyright|pyrefly|pylint|bandit|rspec|rubocop|phpunit|phpstan|ctest|golangci-lint"
    "|clippy|shellcheck|actionlint|tests?|lint|checks?|verify|spec"
)
# The name of a test runner or linter, or of a target such as `test:unit`.
_NAMED = re.compile(rf"(?:[\w.]+[:_-])*(?:{_RUNNERS})(?:[:_-][\w.-]*)?")
# `npm run start:test` starts what the tests talk to.
_SERVES = re.compile(r"start|serve|server|watch|dev|up|emulators?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_MESSAGE = "the script does not look at the status of `{} &`"


@dataclass(slots=True)
class _Job:
    """`by_bare_wait`: `wait` without a process ID waited for it, and returned 0."""

    node: Background
    variables: set[str] = field(default_factory=set)
    by_bare_wait: bool = False


def lost_in_background(tree: CommandList, functions: frozenset[str]) -> Iterator[Finding]:
    """A command in the background whose failure the script does not see.

    An error where it is a test or linter by its name, or where `wait` without a process ID waits for it. Otherwise it
    may be a server: nothing where the script also runs something that can fail, and else a warning.
    `functions` are the script's functions that cannot fail.
    """
    unseen = [job for job in _unawaited(tree) if _looks(job.node.started, functions)]
    is_server = any(
        isinstance(node, Command) and _looks(node, functions) and arguments(node)[:1] != ["wait"]
        for node in nodes_of(tree, counting=True)
    )
    for job in unseen:
        message = _MESSAGE.format(_shown(job.node))
        if job.by_bare_wait:
            message += ": `wait` without a process ID returns 0"
        if job.by_bare_wait or _is_named_check(job.node):
            hint = 'Remove `&`, or keep its process ID (`pid=$!`) and run `wait "$pid"`'
            yield lost(job.node.line, message, hint)
        elif not is_server:
            hint = "Make sure by hand that it is not the check; otherwise run `wait $!`"
            yield lost(job.node.line, message, hint, Severity.WARNING)


def _is_named_check(node: Node) -> bool:
    """Whether a command in it has the name of a test runner or linter among its first words, as `npm run test`."""
    for command in nodes_of(node):
        words = [word for word in arguments(command) if not word.startswith("-")][:4]
        words = [word.rpartition("/")[2] for word in words]
        serves = any(_SERVES.fullmatch(part) for word in words for part in re.split(r"[:_-]", word))
        if not serves and any(_NAMED.fullmatch(word) for word in words):
            return True
    return False


def _looks(node: Node, functions: frozenset[str]) -> bool:
    return can_fail(node, functions) and not asks_only(node)


def _shown(node: Background) -> str:
    commands = [command for command in nodes_of(node.started) if arguments(command)]
    looking = [command for command in commands if _looks(command, frozenset())]
    return next((" ".join(arguments(command)[:2]) for command in (*looking, *commands)), "( … )")


def _unawaited(tree: CommandList) -> list[_Job]:
    running: list[_Job] = []
    nodes = list(nodes_of(tree))
    loops = [node for node in nodes if isinstance(node, Compound) and node.kind == "loop"]
    in_loops = {id(node) for loop in loops for node in nodes_of(loop)}
    for node in nodes:
        if isinstance(node, Background):
            running.append(_Job(node=node))
        elif isinstance(node, Command):
            for assignment in node.assignments:
                name, _, value = assignment.value.partition("=")
                if running and value in ("$!", "${!}"):
                    running[-1].variables.add(name)
            _wait(running, arguments(node), in_loop=id(node) in in_loops)
    return running


def _wait(running: list[_Job], words: list[str], *, in_loop: bool) -> None:
    """Takes away the jobs whose status a `wait` returns: of several process IDs, that of the last."""
    if words[:1] != ["wait"] or not running:
        return
    asked = awaited(words)
    if not asked:
        for job in running:
            job.by_bare_wait = True
    elif in_loop:
        running.clear()
    elif asked[-1] == "-n":
        running.pop(0)
    elif name := _VARIABLE.fullmatch(asked[-1]):
        running[:] = [job for job in running if name.group(1) not in job.variables]
    else:
        running.pop()
