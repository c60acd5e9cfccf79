"""The scripts that a command hands to a shell, and what they make of failures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from readiness.ci.shell_harmless import arguments
from readiness.ci.shell_tree import Command

_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ash"})


@dataclass(frozen=True, slots=True)
class InnerScript:
    """`has_errexit`: the shell that runs it got `-e`, or for `eval` is the one around it."""

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


def turns_errexit(words: list[str], sign: str) -> bool:
    """Whether `set` or `shopt` turns -e on (`sign` is `-`) or off (`+`)."""
    if words[:1] == ["shopt"]:
        letter = "s" if sign == "-" else "u"
        return "errexit" in words and any(re.fullmatch(rf"-\w*{letter}\w*", word) for word in words)
    sign = re.escape(sign)
    pairs = zip(words, [*words[1:], ""], strict=True)
    return words[:1] == ["set"] and any(
        re.fullmatch(rf"{sign}\w*e\w*", word) or (re.fullmatch(rf"{sign}\w*o", word) and following == "errexit")
        for word, following in pairs
    )
