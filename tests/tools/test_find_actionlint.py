"""Where actionlint comes from, and that linting goes on without it but says so. The commands are fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import find_actionlint as module
from tools.find_actionlint import find_actionlint, main

WORKS = '#!/bin/sh\necho "actionlint $*" >> "$CALLS"\ncase "$*" in *bad.yml*) exit 1 ;; esac\n'
GO = """#!/bin/sh
echo "go $*" >> "$CALLS"
PATH=/usr/bin:/bin
while [ "$1" != "-o" ]; do shift; done
printf '#!/bin/sh\\necho go\\n' > "$2" && chmod +x "$2"
"""


class Machine:
    """A machine with only the commands that are put on it, and the module's pin `v1.2.3`."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.calls = folder / "bin", folder / "calls"
        self.cached = folder / "cache" / "v1.2.3" / "actionlint"
        self.bin.mkdir()
        self.calls.touch()

    def has(self, path: Path, script: str) -> Path:
        """Puts an executable there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)
        return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without actionlint and go, and with an empty cache."""
    made = Machine(tmp_path)
    pin = tmp_path / "pin"
    pin.mkdir()
    (pin / "go.mod").write_text("require (\n\tgithub.com/rhysd/actionlint v1.2.3 // indirect\n)\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("CALLS", str(made.calls))
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(module, "GO_MODULE", pin)
    return made


def test_path_comes_before_the_cache_and_the_cache_before_a_build(machine: Machine) -> None:
    """The second run needs no network."""
    machine.has(machine.bin / "go", GO)
    assert find_actionlint() == machine.cached, "built"
    assert "-mod=readonly" in machine.calls.read_text()
    machine.calls.write_text("", encoding="utf-8")
    assert find_actionlint() == machine.cached
    assert machine.calls.read_text() == "", "not built again"
    on_path = machine.has(machine.bin / "actionlint", WORKS)
    assert find_actionlint() == on_path


def test_linting_ends_with_the_status_of_actionlint(machine: Machine) -> None:
    """Without the other linters that it would use where they happen to be."""
    machine.has(machine.bin / "actionlint", WORKS)
    assert main(["good.yml"]) == 0
    assert main(["good.yml", "bad.yml"]) == 1
    assert "actionlint -shellcheck= -pyflakes= good.yml bad.yml" in machine.calls.read_text()


def test_without_it_linting_goes_on_and_says_why(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Asking for the path fails; nothing is skipped without a word."""
    machine.has(machine.cached, "not a program")
    machine.has(machine.bin / "go", "#!/bin/sh\necho go: no network >&2\nexit 1\n")
    assert main([".github/workflows/a.yml"]) == 0
    said = capsys.readouterr().err
    assert "Install one of: actionlint on PATH" in said
    assert "on path: not there" in said
    assert "go: no network" in said
    assert said.endswith("The workflows were not linted by it.\n")
    assert main([]) == 1


def test_the_path_is_printed_where_no_file_is_named(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """As `make tools` asks."""
    on_path = machine.has(machine.bin / "actionlint", WORKS)
    assert main([]) == 0
    assert capsys.readouterr().out == f"{on_path}\n"


def test_a_module_without_its_pin_is_said(machine: Machine) -> None:
    """The reason stands beside the way."""
    (module.GO_MODULE / "go.mod").write_text("module x\n", encoding="utf-8")
    machine.has(machine.bin / "go", GO)
    with pytest.raises(RuntimeError, match=r"from go: tools/actionlint/go\.mod does not pin"):
        find_actionlint()
