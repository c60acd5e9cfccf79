"""What `readiness --help` shows: every command with its summary, grouped by task, and the exit statuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.formatting import HelpFormatter

# Every command is in one group; `tests/test_cli_help.py` fails for a command that is in none.
GROUPS: dict[str, tuple[str, ...]] = {
    "Declare and plan": ("init", "schema", "check", "plan", "preview"),
    "Review": ("diff", "comment", "upgrade"),
    "Prove": ("test", "rules", "audit", "cleanup simulate", "cleanup gate"),
    "Apply": ("doctor", "plugins lock", "bootstrap", "adopt", "up", "verify", "drift"),
    "Operate": ("drill", "snooze", "rehearse", "runbook", "docs"),
    "Steps of the workflows": (
        "pull-request plans",
        "pull-request fetch",
        "pull-request status",
        "ci stacks",
        "ci scope",
        "ci begin",
        "ci report",
    ),
    "Application's repository": ("checks-honest", "fix", "deliver", "migrations lint"),
}
OTHERS = "Other commands"

EXIT_STATUSES = """\b
Exit status:
  0    it worked, and no error was found
  1    something is wrong: an error was found, or the command was used wrongly
  2    only with --exit-code of `diff` and `upgrade`: the plans differ
  130  you pressed Ctrl-C

Results go to stdout, findings and progress to stderr. `readiness COMMAND --help` has examples.
"""


class WholeSummaries(click.Group):
    """A group whose help shows each summary in full."""

    def format_commands(self, ctx: click.Context, formatter: HelpFormatter) -> None:
        """Writes the commands in the order in which they are listed."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(self.commands[name])) for name in self.list_commands(ctx)])


class Overview(click.Group):
    """The group of all commands, listed by task."""

    def format_commands(self, ctx: click.Context, formatter: HelpFormatter) -> None:
        """Writes one list for each task, with the whole first sentence of each command."""
        commands = dict(leaf_commands(self))
        grouped = {name for names in GROUPS.values() for name in names}
        others = tuple(name for name in commands if name not in grouped)
        # All lists have the same width, so that the summaries are aligned.
        width = max(map(len, commands))
        for title, names in {**GROUPS, OTHERS: others}.items():
            rows = [(f"{name:{width}}", summary(commands[name])) for name in names if name in commands]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def leaf_commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that is not a group, with its full name such as `cleanup gate`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaf_commands(command, f"{above}{name} ")
        elif not command.hidden:
            yield f"{above}{name}", command


def summary(command: click.Command) -> str:
    """The first sentence of the command's help, in full. A test keeps it on one line at 80 columns."""
    return command.get_short_help_str(limit=1000)
