"""Both delivered programs: whole, as they are tested, and of the standard library alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from readiness.delivered.header import SHARED_MODULES, is_as_delivered, is_managed_path
from tests.delivered.delivered import files_for_images, telemetry_files
from tests.projects import EVERY_OPTION, ROOT


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A folder of modules, the files that it is delivered with, and the setting that they are made from."""

    name: str
    files_of: Callable[[str], Mapping[str, str]]
    setting: str

    def sources(self) -> dict[str, str]:
        """Text of its modules by name, those that both programs share included."""
        folder = ROOT / "readiness" / "delivered"
        files = [*folder.joinpath(self.name).glob("*.py"), *map(folder.joinpath, SHARED_MODULES)]
        return {path.stem: path.read_text(encoding="utf-8") for path in files}


TELEMETRY = Program(
    name="delivery_telemetry",
    files_of=telemetry_files,
    setting="readiness:deployment_telemetry",
)
UPKEEP = Program(
    name="image_upkeep",
    files_of=files_for_images,
    setting="readiness:image_workflows",
)
PROGRAMS = pytest.mark.parametrize("program", [TELEMETRY, UPKEEP], ids=lambda program: program.name)


@PROGRAMS
@pytest.mark.parametrize("stack", ["prod", EVERY_OPTION])
def test_every_file_lies_below_the_managed_folder_and_says_where_it_is_edited(program: Program, stack: str) -> None:
    """An edit by hand is seen by the digest in the header."""
    for path, text in program.files_of(stack).items():
        assert is_managed_path(path)
        assert is_as_delivered(text), path
        assert program.setting in text.splitlines()[0]


@PROGRAMS
def test_every_module_is_delivered_as_it_is_tested(program: Program) -> None:
    """None is left out, and what follows the header is the file itself; the shared modules are beside the others."""
    for name, source in program.sources().items():
        text = program.files_of("prod")[f".github/readiness/{program.name}/{name}.py"]
        assert text.split("\n", 2)[2] == source.replace("\nfrom ..", "\nfrom .")
        assert "from .." not in text


@PROGRAMS
def test_the_modules_use_the_standard_library_alone(program: Program) -> None:
    """Nothing is installed before they run, so nothing can be slipped in."""
    for name, source in program.sources().items():
        for line in source.splitlines():
            found = re.match(r"(?:from|import) ([a-z_]+)", line)
            if found:
                assert found.group(1) in sys.stdlib_module_names, f"{name}.py: {line}"
