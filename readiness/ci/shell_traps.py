"""Actions of `trap` that end a script with 0 whatever failed."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.ci.shell_harmless import arguments, ends_well, keeps_status
from readiness.ci.shell_tree import Command, CommandList, nodes_of

# Those that the shell runs at a failure, or at its own end, or before every command.
_CONDITIONS = frozenset({"EXIT", "0", "ERR", "DEBUG"})


def trap_action(words: list[str]) -> tuple[str, bool]:
    """What a `trap` with these words runs at a failure or at the end; empty where it runs nothing then.

    Also whether it runs at the end only, where `exit` alone keeps the script's status.
    """
    rest = words[2:] if words[1:2] == ["--"] else words[1:]
    if words[:1] != ["trap"] or not rest or rest[0].startswith("-"):
        return "", False
    conditions = _CONDITIONS & {word.upper() for word in rest[1:]}
    return (rest[0] if conditions else ""), conditions <= {"EXIT", "0"}


def action_ends_well(
    action: CommandList, bodies: Mapping[str, CommandList], *, at_end: bool, called: frozenset[str] = frozenset()
) -> bool:
    """Whether the action, or a function that it calls, ends the script with another status than the failure's.

    As the first command, `exit` keeps the status of the failure. In an action that runs at the end (`at_end`), `exit`
    without `$?` keeps it everywhere. `bodies` are the script's functions.
    """
    commands = [node for node in nodes_of(action) if isinstance(node, Command)]
    for index, command in enumerate(commands):
        words = arguments(command)
        keeps = index == 0 or (at_end and len(words) == 1)
        if ends_well(command) and words[0] == "exit":
            return True
        if words[:1] == ["exit"] and keeps_status(command) and not keeps:
            return True
        if [word.value for word in command.words][:1] == ["exec"] and words:
            return True
        name = words[0] if words else ""
        if (
            name in bodies
            and name not in called
            and action_ends_well(bodies[name], bodies, at_end=at_end, called=called | {name})
        ):
            return True
    return False
