"""How a function refuses its input: an exception that carries every finding."""

from __future__ import annotations

from collections.abc import Iterable

from readiness.finding import Finding
from readiness.finding_formats import text_line


class RefusedError(Exception):
    """Input that the product does not go on with; carries every problem found."""

    def __init__(self, problems: Iterable[Finding]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(text_line(problem) for problem in self.problems))
