"""What is known about commands: which can fail, which only ask a question, which change what other commands do.

Neither a command that cannot fail nor a question shows whether the application works.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from readiness.ci.shell.tree import Background, Chain, Command, CommandList, Compound, Node, Pipe, commands_in
from readiness.finding import Finding, Severity

_CANNOT_FAIL = frozenset(
    {"true", ":", "echo", "printf", "date", "sleep", "cat", "tee", "break", "continue", "wait", "trap", "set", "shopt",
     "export", "local", "declare", "readonly", "unset", "shift", "umask", "clear"}
)  # fmt: skip
# Their status is that of the command after them.
_PREFIXES = frozenset({"command", "builtin", "env", "sudo", "time", "nohup", "exec", "timeout"})
# They tidy up or show something. As a step's own command they may fail, but after `||` they hide what failed before.
_AFTERTHOUGHTS = frozenset(
    {"rm", "rmdir", "touch", "mkdir", "ls", "pwd", "id", "whoami", "uname", "hostname", "jobs", "seq", "basename",
     "dirname", "nproc", "logger", "tput", "df", "du", "free", "ps", "uptime", "head", "tail", "wc", "sort", "uniq"}
)  # fmt: skip
# They look something up, so that a script can take one way or the other.
_QUESTIONS = frozenset(
    {"test", "[", "which", "type", "hash", "grep", "egrep", "fgrep", "git", "gh", "cd", "pushd", "ls", "find", "diff",
     "cmp", "read"}
)  # fmt: skip
# One word each in the tree.
_TESTS = ("[[", "((", "let ")
_ENDS = ("exit", "return")
_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ash"})
_OPTION_LETTERS = {"errexit": "e", "noexec": "n"}
# Options of Jest and Vitest, npm, ESLint's and Stylelint's, Flake8, Pylint and Ruff, pytest's plugins, Maven, make.
_LENIENT = re.compile(
    r"--(?:passWithNoTests|pass-with-no-tests|pass-on-no-patterns|if-present|exit-zero|suppress-no-test-exit-code"
    r"|allow-empty-input|ignore-errors|fail-never|no-error-on-unmatched-pattern)(?:=(?!false\b).*)?"
    r"|-Dmaven\.test\.failure\.ignore(?:=true)?|--exit-code=0"
)


def lost(line: int, message: str, hint: str, severity: Severity = Severity.ERROR) -> Finding:
    """A place of a script where a failure is lost. `line` counts from 0; the caller adds the file and its lines."""
    rule_id = "required-check-failure-lost"
    return Finding(rule_id=rule_id, file="", line=line + 1, message=message, hint=hint, severity=severity)


def lenient_option(words: Sequence[str]) -> str | None:
    """The first option with which a test runner or linter passes although it checked nothing, or found something."""
    found = next((word for word in words if _LENIENT.fullmatch(word)), None)
    if found is None and "--exit-code" in words[:-1] and words[list(words).index("--exit-code") + 1] == "0":
        found = "--exit-code 0"
    is_make = bool(words) and words[0] in ("make", "gmake")
    return found or ("-i" if is_make and "-i" in words else None)


def command_name(node: Node) -> str:
    """The name of a simple command after `sudo` and similar; empty where there is none."""
    return next(iter(arguments(node)), "")


def arguments(node: Node) -> list[str]:
    """The words of a simple command without quotes, beginning with its name; empty for any other node."""
    words = [word.value for word in node.words] if isinstance(node, Command) else []
    while words and words[0] in _PREFIXES and not (words[0] == "command" and words[1:2] in (["-v"], ["-V"])):
        takes_duration = words[0] == "timeout"
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = words[1:]
        words = words[takes_duration:]
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
        case Background():
            return False
        case CommandList():
            return list_can_fail(node, functions)
        case Compound():
            return node.kind != "function" and any(
                list_can_fail(body, functions, follows_success=node.kind == "if" and index < len(node.conditions))
                for index, body in enumerate(node.bodies)
            )


def list_can_fail(node: CommandList, functions: frozenset[str], *, follows_success: bool = False) -> bool:
    """Whether a list can end with a failure. `echo found; exit` cannot: its status is that of `echo`.

    `follows_success`: the command before the list succeeded.
    """
    for item in node.items:
        if not (follows_success and keeps_status(item)) and can_fail(item, functions):
            return True
        follows_success = True
    return False


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


def is_afterthought(node: Node, functions: frozenset[str]) -> bool:
    """Whether all its commands only tidy up, show something, or cannot fail."""
    return all(
        command_name(command) in _AFTERTHOUGHTS or not can_fail(command, functions) for command in commands_in(node)
    )


def ends_well(node: Node) -> bool:
    """Whether it is `exit 0` or `return 0`, or has another status that counts as 0, such as 256."""
    words = arguments(node)
    if len(words) != 2 or words[0] not in _ENDS:
        return False
    if re.fullmatch(r"[+-]?\d{1,18}", words[1]):
        return int(words[1]) % 256 == 0
    return re.fullmatch(r"\$\(\(\s*0\s*\)\)", words[1]) is not None


def keeps_status(node: Node) -> bool:
    """Whether it is `exit`, `return`, `exit $?` or `return $?`: its status is that of the command before it."""
    words = arguments(node)
    return bool(words) and words[0] in _ENDS and (len(words) == 1 or words[1:] in (["$?"], ["${?}"]))


def awaited(words: list[str]) -> list[str]:
    """What a `wait` with these words waits for: process IDs and jobs, or `-n`; empty where it waits for all."""
    # `-p` has a variable behind it.
    asked = [word for before, word in pairwise(words) if before != "-p" and not word.startswith("-")]
    return asked or ["-n"] * any(word.startswith("-") and "n" in word for word in words)


def ends_badly(node: Node) -> bool:
    """Whether it is `false`, or an `exit` or `return` with another status than 0."""
    words = arguments(node)
    return words[:1] == ["false"] or (bool(words) and words[0] in _ENDS and not ends_well(node))


def _command_can_fail(command: Command, functions: frozenset[str]) -> bool:
    words = arguments(command)
    if not words:
        # Of `x=$(make test)` the status is that of `make test`.
        return any(assignment.scripts for assignment in command.assignments)
    if words[0] == "wait" and awaited(words):
        return True
    return not (words[0] in _CANNOT_FAIL or words[0] in functions or ends_well(command))


def switches(words: Sequence[str], option: str, *, on: bool) -> bool:
    """Whether `set` or `shopt` turns `errexit` or `noexec` on or off: `set -n`, `set -o noexec`, `shopt -so noexec`."""
    if words[:1] == ["shopt"]:
        letter = "s" if on else "u"
        return option in words and any(re.fullmatch(rf"-\w*{letter}\w*", word) for word in words)
    sign = "-" if on else r"\+"
    return words[:1] == ["set"] and any(
        re.fullmatch(rf"{sign}\w*{_OPTION_LETTERS[option]}\w*", word)
        or (re.fullmatch(rf"{sign}\w*o", word) and following == option)
        for word, following in zip(words, [*words[1:], ""], strict=True)
    )


@dataclass(frozen=True, slots=True)
class InnerScript:
    """A script that a command hands to a shell. `has_errexit`: that shell got `-e`, or it is the one around `eval`."""

    text: str
    has_errexit: bool


def inner_scripts(command: Command) -> list[InnerScript]:
    """What `eval`, a shell's option `-c`, or a shell without a file reads from a here-document."""
    words = arguments(command)
    if words[:1] == ["eval"]:
        return [InnerScript(" ".join(words[1:]), True)]
    shells = [index for index, word in enumerate(words) if word.rpartition("/")[2] in _SHELLS]
    if not shells:
        return []
    options = words[shells[0] + 1 :]
    texts = [words[index + 1] for index, word in enumerate(words[:-1]) if re.fullmatch(r"-\w*c", word)]
    if not texts and shells[0] == 0 and all(word.startswith(("-", "+")) for word in options):
        texts = list(command.inputs)
    before = options[: options.index(texts[0])] if texts and texts[0] in options else options
    has_errexit = any(re.fullmatch(r"-\w*e\w*", word) or word == "errexit" for word in before)
    return [InnerScript(text, has_errexit) for text in texts]
