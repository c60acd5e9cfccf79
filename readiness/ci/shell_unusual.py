"""Commands that change what other commands mean, so that it is not known whether the script can fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from readiness.ci.shell_harmless import arguments
from readiness.ci.shell_tree import Command
from readiness.ci.swallow import Swallow


def unusual_commands(
    command: Command, words: Sequence[str], commands: Sequence[Command], dialect: str
) -> Iterator[Swallow]:
    """An alias that takes effect, `hash -p`, and `set` with computed options.

    bash expands aliases in scripts only with `expand_aliases`, other shells always.
    """
    expands = dialect != "bash" or any("expand_aliases" in arguments(other) for other in commands)
    is_alias = words[:1] == ["alias"] and expands and any("=" in word for word in words[1:])
    is_computed = words[:1] == ["set"] and any(word.startswith(("-", "+")) and "$" in word for word in words)
    if is_alias or list(words[:2]) == ["hash", "-p"]:
        shown = "alias" if is_alias else "hash -p"
        message = f"`{shown}` gives a command another meaning, so it is not known whether the script can fail"
        yield Swallow(line=command.line, message=message, hint="Write the command itself")
    if is_computed and "--" not in words:
        message = f"it is not known which options `{' '.join(words)}` turns on or off"
        yield Swallow(line=command.line, message=message, hint="Write the options themselves")
