"""The sections of the recorded answers. Each is made by itself, so that processes can share the work."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tests.answers.commands import answers_of_help, answers_of_project
from tests.answers.corpus import Answer, section_text
from tests.answers.mutants import answers_of_mutants
from tests.answers.scratch import PROJECTS, Scratch
from tests.answers.scripts import answers_of_scripts, answers_of_workflows

# The longest first.
SECTIONS: dict[str, Callable[[Scratch], Iterable[Answer]]] = {
    **{f"commands-{name}": partial(answers_of_project, name) for name in PROJECTS},
    "checks-honest-scripts": answers_of_scripts,
    "settings": answers_of_mutants,
    "checks-honest-workflows": answers_of_workflows,
    "help": answers_of_help,
}


def made(section: str) -> str:
    """The text of a section as the commands answer now."""
    # A plan leaves many objects, which the default would look at again and again.
    gc.set_threshold(200_000, 50, 100)
    with tempfile.TemporaryDirectory(prefix="readiness-answers-") as folder:
        return section_text(SECTIONS[section](Scratch(Path(folder))))
