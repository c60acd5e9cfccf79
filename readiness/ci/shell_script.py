"""Finds what keeps a failure from ending a step's shell script, by the rules of `bash -e`.

Nothing is run. How a program handles its own failures is not visible here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from readiness import clock
from readiness.ci.lenient_options import lenient_option
from readiness.ci.shell_background import lost_in_background
from readiness.ci.shell_errexit import STATUS, Errexit
from readiness.ci.shell_harmless import (
    arguments,
    asks_only,
    can_fail,
    command_name,
    ends_badly,
    ends_well,
    is_afterthought,
    keeps_status,
    list_can_fail,
)
from readiness.ci.shell_inner import inner_scripts, turns_errexit
from readiness.ci.shell_reach import never_run
from readiness.ci.shell_reader import TIME_LIMIT_SECONDS, parse, parse_all
from readiness.ci.shell_traps import action_ends_well, trap_action
from readiness.ci.shell_tree import (
    Background,
    Chain,
    Command,
    CommandList,
    Compound,
    Node,
    Pipe,
    ShellSyntaxError,
    commands_of,
    nodes_of,
)
from readiness.ci.shell_unusual import unusual_commands
from readiness.ci.swallow import Swallow

_ECHOES = frozenset({"echo", "printf"})
# They read their input and succeed.
_FILTERS = frozenset({"head", "tail", "sed", "awk", "sort", "uniq", "wc", "tr", "cut", "ts", "nl", "column", "xargs"})
_PIPEFAIL = re.compile(r"\bset\s+-\w*o\s+pipefail\b|PIPESTATUS")
# `bash -c "bash -c …"`: deeper than this a script is not read.
_MAX_INNER_SCRIPTS = 5


def read_ahead(scripts: Iterable[str], dialect: str) -> None:
    """Reads many scripts, and the scripts that they hand to a shell, with few runs of the parser.

    Raises RefusedError where there is no parser.
    """
    deadline_seconds = clock.monotonic_seconds() + TIME_LIMIT_SECONDS
    waiting = list(scripts)
    for _ in range(_MAX_INNER_SCRIPTS + 1):
        found = parse_all(waiting, dialect, deadline_seconds)
        trees = [tree for tree in found if isinstance(tree, CommandList)]
        waiting = [inner.text for tree in trees for command in commands_of(tree) for inner in inner_scripts(command)]
        if not waiting:
            return


def swallows(script: str, *, pipefail: bool, dialect: str = "bash") -> Iterator[Swallow]:
    """Everything that swallows a failure.

    `pipefail`: whether a pipe fails where any of its commands does. `dialect`: see `shell_reader.parse`.
    """
    read_ahead([script], dialect)
    try:
        tree = parse(script, dialect)
    except ShellSyntaxError as error:
        yield _unreadable(error)
        return
    judge = _Judge(tree, dialect, pipefail=pipefail or _PIPEFAIL.search(script) is not None)
    yield from dict.fromkeys(judge.run())


def looks_at_something(script: str, dialect: str = "bash") -> bool:
    """Whether the script has a command that can fail, even if its failure is swallowed. Unreadable: it may have one."""
    try:
        tree = parse(script, dialect)
    except ShellSyntaxError:
        return True
    functions = _harmless_functions(tree)
    return any(
        isinstance(node, Command) and can_fail(node, functions) and not keeps_status(node)
        for node in nodes_of(tree, counting=True)
    )


class _Judge:
    """Walks over the tree of one script; the scripts inside it have judges of their own.

    `level` counts the shells around the script: 1 inside `bash -c`. `errexit_off` says why -e has no effect in it.
    """

    def __init__(
        self,
        tree: CommandList,
        dialect: str,
        *,
        pipefail: bool,
        is_whole: bool = True,
        level: int = 0,
        errexit_off: str = "",
    ) -> None:
        self._tree = tree
        self._dialect = dialect
        self._level = level
        self._pipefail = pipefail
        self._is_whole = is_whole
        self._errexit_off = errexit_off
        self._functions = _harmless_functions(self._tree)
        self._bodies = {
            node.name: node.bodies[0]
            for node in nodes_of(self._tree)
            if isinstance(node, Compound) and node.kind == "function"
        }
        self._errexit = Errexit(self._looks, self._bodies)
        self._commands = [node for node in nodes_of(self._tree) if isinstance(node, Command)]
        # What `echo` prints is for people, and no command acts on it.
        self._read = [
            "" if command_name(command) in _ECHOES else " ".join(w.text for w in (*command.assignments, *command.words))
            for command in self._commands
        ]

    def run(self) -> Iterator[Swallow]:
        """In no particular order."""
        yield from self._of(self._tree, is_last=True)
        if self._errexit_off:
            yield from self._errexit.lost(self._tree, self._errexit_off)
        yield from never_run(self._tree, self._functions, has_arguments=self._level > 0 or not self._is_whole)
        yield from lost_in_background(self._tree, self._functions)
        if self._is_whole:
            yield from self._of_the_end()
        for command in self._commands:
            yield from self._of_command(command)

    def _of(self, node: Node, *, is_last: bool, is_condition: bool = False) -> Iterator[Swallow]:
        """What a node and the nodes below it swallow. `is_last`: its status is that of the script."""
        match node:
            case CommandList():
                for index, item in enumerate(node.items):
                    last = is_last and index == len(node.items) - 1
                    yield from self._of(item, is_last=last, is_condition=is_condition)
            case Chain():
                yield from self._of_chain(node, is_last=is_last, is_condition=is_condition)
            case Pipe():
                yield from self._of_pipe(node, is_last=is_last, is_condition=is_condition)
            case Compound():
                yield from self._of_compound(node, is_last=is_last)
            case Background():
                yield from self._of(node.started, is_last=True, is_condition=is_condition)
            case Command():
                return

    def _of_chain(self, chain: Chain, *, is_last: bool, is_condition: bool) -> Iterator[Swallow]:
        parts = [("", chain.first), *chain.rest]
        for index, (operator, node) in enumerate(parts):
            hides = any(self._looks(each) for _, each in parts[:index]) and is_afterthought(node, self._functions)
            if operator == "||" and (not self._can_fail(node) or (hides and not self._keeps_status_for_later(node))):
                yield _after_or(node)
            following = parts[index + 1 :]
            if is_last or is_condition or not following or any(each != "&&" for each, _ in following):
                continue
            if self._looks(node) and not any(self._can_fail(each) for _, each in following):
                message = f"the failure before `&& {command_name(following[0][1])}` is lost: more commands follow"
                yield Swallow(line=node.line, message=message, hint="Write the two on lines of their own")
        for _, node in parts[:-1]:
            yield from self._errexit.lost(node, "-e has no effect before `&&` and `||`")
        for _, node in parts:
            yield from self._of(node, is_last=is_last, is_condition=is_condition)

    def _of_pipe(self, pipe: Pipe, *, is_last: bool, is_condition: bool) -> Iterator[Swallow]:
        if pipe.negated and not is_condition and self._looks(pipe.parts[-1]):
            message = "`!` makes a success of the failure, and a success does not end the script"
            yield Swallow(line=pipe.line, message=message, hint="Remove it")
        if pipe.negated:
            yield from self._errexit.lost(pipe.parts[-1], "-e has no effect after `!`")
        *before, final = pipe.parts
        name = command_name(final)
        # Inside a substitution a filter is there to read something out, as in `$(git tag | tail -1)`.
        is_lost = not self._can_fail(final) or (self._is_whole and name in _FILTERS)
        if is_lost and not self._pipefail and any(self._looks(each) for each in before):
            message = f"the failure before `| {name or '('}` is lost: the default shell has no pipefail"
            yield Swallow(line=final.line, message=message, hint="Write `shell: bash`, which has it")
        for node in pipe.parts:
            yield from self._of(node, is_last=is_last, is_condition=is_condition)

    def _of_compound(self, compound: Compound, *, is_last: bool) -> Iterator[Swallow]:
        if compound.kind == "if":
            looking = [each for each in compound.conditions if self._looks(each)]
            if looking and not self._has_failing_body(compound):
                message = "what `if` asks for may fail, and neither way fails the step"
                yield Swallow(line=looking[0].line, message=message, hint="End the way of the failure with `exit 1`")
        for condition in compound.conditions:
            yield from self._errexit.lost(condition, "-e has no effect in a condition")
            yield from self._of(condition, is_last=False, is_condition=True)
        # The status of a subshell or a function is looked at where it ends, the last turn of a loop's alone.
        last = True if compound.kind in ("subshell", "function") else is_last and compound.kind != "loop"
        for body in compound.bodies:
            yield from self._of(body, is_last=last)

    def _of_the_end(self) -> Iterator[Swallow]:
        items = self._tree.items
        for index, node in enumerate(items):
            is_final = index == len(items) - 1
            words = " ".join(arguments(node))
            if is_final and (ends_well(node) or words in ("true", ":")):
                yield Swallow(
                    line=node.line, message=f"ends with `{words}`, whatever stands before it", hint="Remove it"
                )
            elif ends_well(node):
                yield Swallow(line=node.line, message=f"`{words}` ends it before what follows", hint="Remove it")

    def _of_command(self, command: Command) -> Iterator[Swallow]:
        words = arguments(command)
        if option := lenient_option(words):
            message = f"`{option}` passes where nothing was looked at, or whatever was found"
            yield Swallow(line=command.line, message=message, hint="Remove the option")
        if turns_errexit(words, "+") and not self._status_is_kept(command):
            message = f"`{' '.join(words)}` lets the script go on after a failure"
            hint = "Remove it, or keep `$?` and end with `exit` and its value"
            yield Swallow(line=command.line, message=message, hint=hint)
        yield from self._of_trap(command, words)
        yield from unusual_commands(command, words, self._commands, self._dialect)
        yield from self._of_substitutions(command)
        yield from self._of_inner_scripts(command)

    def _of_trap(self, command: Command, words: list[str]) -> Iterator[Swallow]:
        action, at_end = trap_action(words)
        if not action:
            return
        if re.fullmatch(r"\$\{?\w+\}?", action):
            message = f"it is not known what `trap` runs ({action}), so it is not known whether the script can fail"
            yield Swallow(line=command.line, message=message, hint="Write the commands themselves")
            return
        try:
            ends = action_ends_well(parse(action, self._dialect), self._bodies, at_end=at_end)
        except ShellSyntaxError as error:
            yield _moved(_unreadable(error), command.line)
            return
        if ends:
            message = f"`trap` ends the script well, whatever failed: {action}"
            yield Swallow(line=command.line, message=message, hint="Remove `exit 0`, or what else ends the script")

    def _of_substitutions(self, command: Command) -> Iterator[Swallow]:
        """Of several substitutions in one assignment command, the status of the last counts."""
        scripts = [tree for word in command.assignments for tree in word.scripts]
        if not command.words and any(self._looks(tree) for tree in scripts[:-1]):
            message = "the failure of a substitution is lost: the status is that of the last one in the command"
            yield Swallow(line=command.line, message=message, hint="Write each assignment on a line of its own")

    def _of_inner_scripts(self, command: Command) -> Iterator[Swallow]:
        for tree in (tree for word in (*command.words, *command.assignments) for tree in word.scripts):
            inherits = self._dialect != "bash" or any("inherit_errexit" in text for text in self._read)
            off = "" if inherits or command.words else "bash turns -e off in `$( … )`"
            yield from self._inner(tree, is_whole=False, level=self._level, errexit_off=off).run()
        for inner in inner_scripts(command):
            try:
                if self._level >= _MAX_INNER_SCRIPTS:
                    raise ShellSyntaxError(0, f"more than {_MAX_INNER_SCRIPTS} shells are nested")
                tree = parse(inner.text, self._dialect)
            except ShellSyntaxError as error:
                yield _moved(_unreadable(error), command.line)
                continue
            has_errexit = inner.has_errexit or any(
                turns_errexit(arguments(node), "-") for node in nodes_of(tree) if isinstance(node, Command)
            )
            off = "" if has_errexit else "the inner shell runs without -e"
            judge = self._inner(tree, is_whole=True, level=self._level + 1, errexit_off=off)
            yield from (_moved(swallow, command.line) for swallow in judge.run())

    def _inner(self, tree: CommandList, *, is_whole: bool, level: int, errexit_off: str) -> _Judge:
        return _Judge(
            tree, self._dialect, pipefail=self._pipefail, is_whole=is_whole, level=level, errexit_off=errexit_off
        )

    def _can_fail(self, node: Node) -> bool:
        """Also where it keeps a status that something asks for later: `|| status=$?`."""
        return can_fail(node, self._functions) or self._keeps_status_for_later(node)

    def _has_failing_body(self, compound: Compound) -> bool:
        return any(
            list_can_fail(body, self._functions, follows_success=index < len(compound.conditions))
            or self._keeps_status_for_later(body)
            for index, body in enumerate(compound.bodies)
        )

    def _keeps_status_for_later(self, node: Node) -> bool:
        kept = [each for each in nodes_of(node) if isinstance(each, Command) and not each.words]
        return any(self._is_used(each) for each in kept)

    def _looks(self, node: Node) -> bool:
        return can_fail(node, self._functions) and not asks_only(node)

    def _is_used(self, assignment: Command) -> bool:
        """Whether a later command other than `echo` reads what is assigned."""
        names = "|".join(re.escape(re.split(r"\[|\+?=", word.text, maxsplit=1)[0]) for word in assignment.assignments)
        read = re.compile(rf"\$\{{?#?!?(?:{names})\b|\(\(.*\b(?:{names})\b", re.DOTALL)
        after = self._commands.index(assignment) + 1
        return any(read.search(each) for each in self._read[after:])

    def _status_is_kept(self, switch: Command) -> bool:
        """Whether after `set +e` the status is looked at, and something can end the script with it."""
        at = self._commands.index(switch) + 1
        after = self._commands[at:]
        asked = any(STATUS.search(each) for each in self._read[at:]) or any(keeps_status(each) for each in after)
        before = [switch, *after]
        ends = any(
            ends_badly(command) and not (keeps_status(command) and not can_fail(before[index], self._functions))
            for index, command in enumerate(after)
        )
        return asked and (ends or asks_only(after[-1]))


def _after_or(node: Node) -> Swallow:
    if isinstance(node, Command) and node.words:
        words = arguments(node)
        shown = " ".join(words[: 2 if ends_well(node) else 1])
        message = f"`|| {shown}` makes a success of the failure"
        return Swallow(
            line=node.line, message=message, hint="Write only what stands before it: GitHub shows the failure"
        )
    message = "what stands after `||` does not fail, which makes a success of the failure"
    return Swallow(line=node.line, message=message, hint="Remove it, or end it with `exit 1`")


def _unreadable(error: ShellSyntaxError) -> Swallow:
    message = f"the script cannot be read here ({error.reason}), so it is not known whether it can fail"
    return Swallow(line=error.line, message=message, hint="Correct it, or write it shorter and more plainly")


def _harmless_functions(tree: CommandList) -> frozenset[str]:
    """Functions of the script that cannot fail, each judged by those before it."""
    found: frozenset[str] = frozenset()
    for node in nodes_of(tree):
        if isinstance(node, Compound) and node.kind == "function" and not can_fail(node.bodies[0], found):
            found |= {node.name}
    return found


def _moved(swallow: Swallow, lines: int) -> Swallow:
    return replace(swallow, line=swallow.line + lines)
