"""The project that docs/components.md shows, as files.

The page is for people who install the wheel, which has the components in `readiness`. In a checkout they are beside it.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.projects import ROOT

PAGE = (ROOT / "docs" / "components.md").read_text(encoding="utf-8")
STACK = "live"


def page_blocks(language: str) -> list[str]:
    """The page's blocks of a language, in order; the first one in Python is the program."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def write_program(folder: Path, *, for_the_wheel: bool = False) -> Path:
    """Writes the program, its `Pulumi.yaml` and the file of the stack `live` into the folder, and returns it.

    The program imports the components of the checkout, or as the page has it those of an installed wheel.
    """
    program = page_blocks("python")[0]
    text = program if for_the_wheel else program.replace("from readiness.components.", "from components.")
    (folder / "__main__.py").write_text(text, encoding="utf-8")
    (folder / "Pulumi.yaml").write_text(page_blocks("yaml")[0], encoding="utf-8")
    (folder / f"Pulumi.{STACK}.yaml").write_text("config: {}\n", encoding="utf-8")
    return folder
