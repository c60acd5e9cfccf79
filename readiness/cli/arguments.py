"""Types, shell completion and examples of arguments. It imports only click and the standard library."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

PROJECT_FILE = "Pulumi.yaml"
EXAMPLES = "Examples:"
# A name is written into a record, on one line. The longest login of GitHub has 39 characters.
MAX_NAME_CHARACTERS = 100


def examples(*lines: str) -> str:
    """The end of a command's help, with one command on each line. Give them without `readiness`. A test parses them.

    `\\b` keeps click from joining the lines.
    """
    return "\n".join(("\b", EXAMPLES, *(f"  readiness {line}" for line in lines)))


def example_lines(command: click.Command) -> list[str]:
    """The examples of a command's help, without `readiness`."""
    return re.findall(r"^  readiness (.+)$", command.epilog or "", flags=re.MULTILINE)


def complete_stacks(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The stacks whose name begins with the text, of `--project` or of the nearest folder with a Pulumi.yaml.

    It reads only the names of files, so that a shell does not wait for an import of Pulumi.
    """
    from click.shell_completion import CompletionItem

    from readiness.settings.stack_names import stack_names

    named = context.params.get("project")
    start = Path(os.path.realpath(named or "."))
    folders = (start,) if named else (start, *start.parents)
    root = next((folder for folder in folders if os.path.lexists(folder / PROJECT_FILE)), None)
    chosen = context.params.get("stacks") or ()
    names = stack_names(root) if root is not None else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete) and name not in chosen]


def complete_folders(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Makes the shell complete folders."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


def complete_files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Makes the shell complete files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def format_option(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds `--format` with these forms; the first is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="The form of the result.",
    )


def stack_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the argument STACK."""
    return click.argument("stack", shell_complete=complete_stacks)(command)


def stacks_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the argument [STACK]..."""
    return click.argument("stacks", nargs=-1, metavar="[STACK]...", shell_complete=complete_stacks)(command)


class WholeNumber(click.ParamType[int]):
    """A whole number of at least `least`, and at most `most` where that is given."""

    name = "number"

    def __init__(self, least: int = 1, most: int | None = None) -> None:
        self.least = least
        self.most = most

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The range, such as `1..30`, if there is a maximum."""
        return "NUMBER" if self.most is None else f"{self.least}..{self.most}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises click.BadParameter with the allowed values."""
        wanted = f"of at least {self.least}" if self.most is None else f"from {self.least} to {self.most}"
        # Nobody means a longer number, and Python refuses to read a very long one.
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,20}\s*", value) is None:
            self.fail(f"{_shown(value)} is not a whole number. Write one {wanted}.", param, ctx)
        number = int(value)
        if number < self.least or (self.most is not None and number > self.most):
            self.fail(f"{number} is out of range. Write a whole number {wanted}.", param, ctx)
        return number


class Day(click.ParamType[date]):
    """A day of the calendar, such as 2026-11-30."""

    name = "day"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How to write a day."""
        return "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Raises click.BadParameter with an example."""
        if isinstance(value, date):
            return value
        try:
            # The form is checked too, because Python also reads 20261130 and 2026-W49-1.
            return date.fromisoformat(value if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else "")
        except ValueError:
            self.fail(f"{_shown(value)} is not a day of the calendar. Write it as 2026-11-30.", param, ctx)


def _shown(value: str) -> str:
    """The given value in quotes, shortened."""
    return repr(value if len(value) <= 60 else f"{value[:60]}…")
