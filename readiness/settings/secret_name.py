"""What a secret of a stack is called and how a valid value looks."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretName:
    """A secret setting `readiness:<name>`, and the setting that makes it needed: None where storing it is enough.

    `pattern` is the whole of a valid value, `form` says it in words.
    """

    name: str
    needed_by: tuple[str, ...] | None
    what: str
    form: str
    pattern: str

    def accepts(self, value: str) -> bool:
        """Whether the value can be what it is said to be; empty text and a line end never are."""
        return re.fullmatch(self.pattern, value) is not None

    @property
    def key(self) -> str:
        """The full configuration key."""
        return f"readiness:{self.name}"

    @property
    def set_command(self) -> str:
        """The command that stores it encrypted."""
        return f"pulumi config set --secret {self.key}"
