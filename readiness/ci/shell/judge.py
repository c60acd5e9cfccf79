"""Finds what keeps a failure from ending a step's shell script, by the rules of `bash -e`.

Nothing is run. How a program handles its own failures is not visible here. What cannot be judged is a finding too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from readiness.ci.shell.background import lost_in_background
from readiness.ci.shell.commands import (
    arguments,
    asks_only,
    can_fail,
    command_name,
    ends_badly,
    ends_well,
    inner_scripts,
    is_afterthought,
    keeps_status,
    lenient_option,
    list_can_fail,
    lost,
    switches,
)
from readiness.ci.shell.reader import ShellReader
from readiness.ci.shell.tree import (
    Background,
    Chain,
    Command,
    CommandList,
    Compound,
    Node,
    Pipe,
    ShellSyntaxError,
    commands_in,
    functions_in,
    nodes_of,
)
from readiness.ci.shell.unreached import Unreached
from readiness.finding import Finding

_ECHOES = frozenset({"echo", "printf"})
# They read their input and succeed.
_FILTERS = frozenset({"head", "tail", "sed", "awk", "sort", "uniq", "wc", "tr", "cut", "ts", "nl", "column", "xargs"})
_PIPEFAIL = re.compile(r"\bset\s+-\w*o\s+pipefail\b|PIPESTATUS")
_STATUS = re.compile(r"\$\?|\$\{\?\}|PIPESTATUS")
# The conditions of `trap` that the shell meets at a failure, at its own end, or before every command.
_TRAPS = frozenset({"EXIT", "0", "ERR", "DEBUG"})
# `bash -c "bash -c …"`: deeper than this a script is not read.
_MAX_INNER_SCRIPTS = 5


def lost_failures(script: str, reader: ShellReader, *, dialect: str, pipefail: bool) -> list[Finding]:
    """Every place where a failure is lost, and every place that cannot be judged; lines count inside the script.

    `pipefail`: whether a pipe fails where any of its commands does. `dialect`: see `ShellReader.tree`. Raises
    RefusedError where there is no parser.
    """
    try:
        tree = reader.tree(script, dialect)
    except ShellSyntaxError as error:
        return [_unreadable(error)]
    shell = _Shell(reader=reader, dialect=dialect, pipefail=pipefail or _PIPEFAIL.search(script) is not None)
    return list(dict.fromkeys(_Judge(tree, shell).run()))


def runs_a_check(script: str, reader: ShellReader, dialect: str) -> bool:
    """Whether a command of the script can fail, even if its failure is lost. Unreadable: one may."""
    try:
        tree = reader.tree(script, dialect)
    except ShellSyntaxError:
        return True
    harmless = _harmless_functions(tree)
    return any(
        isinstance(node, Command) and can_fail(node, harmless) and not keeps_status(node)
        for node in nodes_of(tree, counting=True)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shell:
    """What runs a script. `level` counts the shells around it: 1 inside `bash -c`. `is_substitution`: `$( … )`.

    `errexit_off` says why -e has no effect in the whole script; empty where it has.
    """

    reader: ShellReader
    dialect: str
    pipefail: bool
    level: int = 0
    is_substitution: bool = False
    errexit_off: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a node is. `is_last`: its status is that of the script. `errexit_off`: why -e has no effect there."""

    is_last: bool
    errexit_off: str = ""
    is_condition: bool = False
    in_loop: bool = False
    in_function: bool = False

    def without_errexit(self, reason: str) -> _Place:
        return replace(self, errexit_off=self.errexit_off or reason)


class _Judge:
    """Walks over the tree of one script; the scripts inside it have judges of their own."""

    def __init__(self, tree: CommandList, shell: _Shell) -> None:
        self._tree = tree
        self._shell = shell
        self._harmless = _harmless_functions(tree)
        self._bodies = {function.name: function.bodies[0] for function in functions_in(tree)}
        # Functions that are called where -e has no effect, each once, and those of them that are still to be looked at.
        self._called: set[str] = set()
        self._waiting: list[tuple[Node, _Place]] = []
        self._commands = commands_in(tree)
        # What `echo` prints is for people, and no command acts on it.
        self._read = ["" if command_name(command) in _ECHOES else _text(command) for command in self._commands]
        may_have_arguments = shell.level > 0 or shell.is_substitution
        self._unreached = Unreached(tree, self._harmless, has_arguments=may_have_arguments)

    def run(self) -> Iterator[Finding]:
        """In no particular order."""
        self._waiting = [(self._tree, _Place(is_last=True, errexit_off=self._shell.errexit_off))]
        while self._waiting:
            yield from self._of(*self._waiting.pop())
        yield from lost_in_background(self._tree, self._harmless)
        if not self._shell.is_substitution:
            yield from self._of_the_end()
        for command in self._commands:
            yield from self._of_command(command)

    def _of(self, node: Node, place: _Place) -> Iterator[Finding]:
        """What a node and the nodes below it lose."""
        yield from self._unreached.findings(node, in_loop=place.in_loop, in_function=place.in_function)
        match node:
            case CommandList():
                yield from self._of_list(node, place)
            case Chain():
                yield from self._of_chain(node, place)
            case Pipe():
                yield from self._of_pipe(node, place)
            case Compound():
                yield from self._of_compound(node, place)
            case Background():
                yield from self._of(node.started, _Place(is_last=True, is_condition=place.is_condition))
            case Command():
                name = command_name(node)
                if place.errexit_off and name in self._bodies and name not in self._called:
                    self._called.add(name)
                    self._waiting.append((self._bodies[name], replace(place, is_last=True, in_function=True)))

    def _of_list(self, commands: CommandList, place: _Place) -> Iterator[Finding]:
        for item, following in zip(commands.items, [*commands.items[1:], None], strict=False):
            if place.errexit_off and following is not None and self._is_lost_before(item, following):
                message = f"the failure is lost: {place.errexit_off}, and more commands follow"
                yield lost(item.line, message, "Join the commands with `&&`, or write `|| exit 1` after each")
            yield from self._of(item, replace(place, is_last=place.is_last and following is None))

    def _is_lost_before(self, item: Node, following: Node) -> bool:
        """Without -e. Not where the next command looks at `$?`, nor where a `||` follows, which is judged by itself."""
        is_end = arguments(item)[:1] in (["exit"], ["return"])
        has_or = isinstance(item, Chain) and any(operator == "||" for operator, _ in item.rest)
        if isinstance(item, Compound | Background) or is_end or has_or or not self._looks(item):
            return False
        asks = any(_STATUS.search(_text(command)) for command in commands_in(following))
        return not keeps_status(following) and not asks

    def _of_chain(self, chain: Chain, place: _Place) -> Iterator[Finding]:
        parts = [("", chain.first), *chain.rest]
        for index, (operator, node) in enumerate(parts):
            hides = any(self._looks(part) for _, part in parts[:index]) and is_afterthought(node, self._harmless)
            if operator == "||" and (not self._can_fail(node) or (hides and not self._keeps_status_for_later(node))):
                yield _after_or(node)
            following = parts[index + 1 :]
            if (
                following
                and not place.is_last
                and not place.is_condition
                and all(later == "&&" for later, _ in following)
                and self._looks(node)
                and not any(self._can_fail(part) for _, part in following)
            ):
                message = f"the failure before `&& {command_name(following[0][1])}` is lost: more commands follow"
                yield lost(node.line, message, "Write the two on lines of their own")
        before_last = place.without_errexit("-e has no effect before `&&` and `||`")
        for _, node in parts[:-1]:
            yield from self._of(node, before_last)
        yield from self._of(parts[-1][1], place)

    def _of_pipe(self, pipe: Pipe, place: _Place) -> Iterator[Finding]:
        if pipe.negated and not place.is_condition and self._looks(pipe.parts[-1]):
            message = "`!` turns the failure into a success, and a success does not end the script"
            yield lost(pipe.line, message, "Remove it")
        *before, final = pipe.parts
        name = command_name(final)
        # Inside a substitution a filter is there to read something out, as in `$(git tag | tail -1)`.
        is_lost = not self._can_fail(final) or (not self._shell.is_substitution and name in _FILTERS)
        if is_lost and not self._shell.pipefail and any(self._looks(part) for part in before):
            message = f"the failure before `| {name or '('}` is lost: the default shell has no pipefail"
            yield lost(final.line, message, "Write `shell: bash`, which has it")
        for part in before:
            yield from self._of(part, place)
        yield from self._of(final, place.without_errexit("-e has no effect after `!`") if pipe.negated else place)

    def _of_compound(self, compound: Compound, place: _Place) -> Iterator[Finding]:
        is_function, is_loop = compound.kind == "function", compound.kind == "loop"
        if compound.kind == "if":
            looking = [condition for condition in compound.conditions if self._looks(condition)]
            if looking and not any(
                list_can_fail(body, self._harmless, follows_success=index < len(compound.conditions))
                or self._keeps_status_for_later(body)
                for index, body in enumerate(compound.bodies)
            ):
                message = "what `if` asks for may fail, and neither way fails the step"
                yield lost(looking[0].line, message, "End the way of the failure with `exit 1`")
        inside = replace(
            place,
            # The status of a subshell or a function is looked at where it ends, the last turn of a loop's alone.
            is_last=compound.kind in ("subshell", "function") or (place.is_last and not is_loop),
            is_condition=False,
            errexit_off="" if is_function else place.errexit_off,
            in_loop=is_loop or (place.in_loop and not is_function),
            in_function=place.in_function or is_function,
        )
        for condition in compound.conditions:
            tested = replace(inside, is_last=False, is_condition=True)
            yield from self._of(condition, tested.without_errexit("-e has no effect in a condition"))
        for body in compound.bodies:
            yield from self._of(body, inside)

    def _of_the_end(self) -> Iterator[Finding]:
        for node in self._tree.items:
            words = " ".join(arguments(node))
            if node is not self._tree.items[-1] and ends_well(node):
                yield lost(node.line, f"`{words}` ends it before what follows", "Remove it")
            elif node is self._tree.items[-1] and (ends_well(node) or words in ("true", ":")):
                yield lost(node.line, f"ends with `{words}`, whatever stands before it", "Remove it")

    def _of_command(self, command: Command) -> Iterator[Finding]:
        words = arguments(command)
        if option := lenient_option(words):
            message = f"`{option}` passes where nothing was looked at, or whatever was found"
            yield lost(command.line, message, "Remove the option")
        if switches(words, "errexit", on=False) and not self._status_is_kept(command):
            message = f"`{' '.join(words)}` makes the script continue after a failure"
            yield lost(command.line, message, "Remove it, or keep `$?` and end with `exit` and its value")
        if self._changes_meanings(words):
            yield _known_when_it_runs(command)
        if words[:1] == ["trap"]:
            yield from self._of_trap(command, words)
        yield from self._of_substitutions(command)
        yield from self._of_inner_scripts(command)

    def _changes_meanings(self, words: list[str]) -> bool:
        """Whether only a run shows what other commands then do. bash expands aliases if asked to, others always."""
        expands = self._shell.dialect != "bash" or any("expand_aliases" in text for text in self._read)
        is_alias = words[:1] == ["alias"] and expands and any("=" in word for word in words[1:])
        is_computed = any(re.match(r"[-+].*\$", word) for word in words)
        return is_alias or words[:2] == ["hash", "-p"] or (words[:1] == ["set"] and is_computed and "--" not in words)

    def _of_trap(self, command: Command, words: list[str]) -> Iterator[Finding]:
        action, *names = (words[2:] if words[1:2] == ["--"] else words[1:]) or [""]
        conditions = _TRAPS & {name.upper() for name in names}
        if not action or action.startswith("-") or not conditions:
            return
        if re.fullmatch(r"\$\{?\w+\}?", action):
            yield _known_when_it_runs(command)
            return
        try:
            tree = self._shell.reader.tree(action, self._shell.dialect)
        except ShellSyntaxError as error:
            yield _moved(_unreadable(error), command.line)
            return
        if self._action_ends_well(tree, at_end=conditions <= {"EXIT", "0"}):
            message = f"`trap` ends the script well, whatever failed: {action}"
            yield lost(command.line, message, "Remove `exit 0`, or what else ends the script")

    def _action_ends_well(self, action: CommandList, *, at_end: bool) -> bool:
        """Whether a trap's action, or a function that it calls, ends the script with another status than the failure's.

        As the first command, `exit` keeps the status of the failure. In an action that runs at the end (`at_end`),
        `exit` without `$?` keeps it everywhere.
        """
        waiting, called = [action], set[str]()
        while waiting:
            for index, command in enumerate(commands_in(waiting.pop())):
                words = arguments(command)
                keeps = index == 0 or (at_end and len(words) == 1)
                if words[:1] == ["exit"] and (ends_well(command) or (keeps_status(command) and not keeps)):
                    return True
                if words and command.words[0].value == "exec":
                    return True
                name = command_name(command)
                if name in self._bodies and name not in called:
                    called.add(name)
                    waiting.append(self._bodies[name])
        return False

    def _of_substitutions(self, command: Command) -> Iterator[Finding]:
        """Of several substitutions in one assignment command, the status of the last counts."""
        scripts = [tree for word in command.assignments for tree in word.scripts]
        if not command.words and any(self._looks(tree) for tree in scripts[:-1]):
            message = "the failure of a substitution is lost: the status is that of the last one in the command"
            yield lost(command.line, message, "Write each assignment on a line of its own")
        inherits = self._shell.dialect != "bash" or any("inherit_errexit" in text for text in self._read)
        off = "" if inherits or command.words else "bash turns -e off in `$( … )`"
        for tree in (tree for word in (*command.words, *command.assignments) for tree in word.scripts):
            yield from _Judge(tree, replace(self._shell, is_substitution=True, errexit_off=off)).run()

    def _of_inner_scripts(self, command: Command) -> Iterator[Finding]:
        for inner in inner_scripts(command):
            try:
                if self._shell.level >= _MAX_INNER_SCRIPTS:
                    raise ShellSyntaxError(0, f"more than {_MAX_INNER_SCRIPTS} shells are nested")
                tree = self._shell.reader.tree(inner.text, self._shell.dialect)
            except ShellSyntaxError as error:
                yield _moved(_unreadable(error), command.line)
                continue
            has_errexit = inner.has_errexit or any(
                switches(arguments(node), "errexit", on=True) for node in nodes_of(tree)
            )
            off = "" if has_errexit else "the inner shell runs without -e"
            shell = replace(self._shell, level=self._shell.level + 1, is_substitution=False, errexit_off=off)
            yield from (_moved(finding, command.line) for finding in _Judge(tree, shell).run())

    def _looks(self, node: Node) -> bool:
        return can_fail(node, self._harmless) and not asks_only(node)

    def _can_fail(self, node: Node) -> bool:
        """Also where it keeps a status that something asks for later: `|| status=$?`."""
        return can_fail(node, self._harmless) or self._keeps_status_for_later(node)

    def _keeps_status_for_later(self, node: Node) -> bool:
        """Whether it assigns a variable that a later command other than `echo` reads."""
        return any(not command.words and self._is_read_later(command) for command in commands_in(node))

    def _is_read_later(self, assignment: Command) -> bool:
        names = "|".join(re.escape(re.split(r"\[|\+?=", word.text, maxsplit=1)[0]) for word in assignment.assignments)
        read = re.compile(rf"\$\{{?#?!?(?:{names})\b|\(\(.*\b(?:{names})\b", re.DOTALL)
        return any(read.search(text) for text in self._read[self._commands.index(assignment) + 1 :])

    def _status_is_kept(self, switch: Command) -> bool:
        """Whether after `set +e` the status is looked at, and something can end the script with it."""
        at = self._commands.index(switch) + 1
        after = self._commands[at:]
        asked = any(_STATUS.search(text) for text in self._read[at:]) or any(keeps_status(command) for command in after)
        ends = any(
            ends_badly(command) and not (keeps_status(command) and not can_fail(before, self._harmless))
            for before, command in zip([switch, *after], after, strict=False)
        )
        return asked and (ends or asks_only(after[-1]))


def _text(command: Command) -> str:
    return " ".join(word.text for word in (*command.assignments, *command.words))


def _known_when_it_runs(command: Command) -> Finding:
    message = f"only a run shows what `{' '.join(arguments(command))}` changes"
    hint = "Write the commands and options themselves"
    return lost(command.line, f"{message}, so it is not known whether the script can fail", hint)


def _after_or(node: Node) -> Finding:
    if isinstance(node, Command) and node.words:
        words = arguments(node)
        message = f"`|| {' '.join(words[: 2 if ends_well(node) else 1])}` turns the failure into a success"
        return lost(node.line, message, "Keep only the command before it: GitHub shows the failure")
    message = "what stands after `||` does not fail, which turns the failure into a success"
    return lost(node.line, message, "Remove it, or end it with `exit 1`")


def _unreadable(error: ShellSyntaxError) -> Finding:
    message = f"the script cannot be read here ({error.reason}), so it is not known whether it can fail"
    return lost(error.line, message, "Correct it, or write it shorter and more plainly")


def _harmless_functions(tree: CommandList) -> frozenset[str]:
    """Functions of the script that cannot fail, each judged by those before it."""
    found: frozenset[str] = frozenset()
    for function in functions_in(tree):
        if not can_fail(function.bodies[0], found):
            found |= {function.name}
    return found


def _moved(finding: Finding, lines: int) -> Finding:
    return replace(finding, line=(finding.line or 1) + lines)
