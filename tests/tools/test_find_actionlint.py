"""Where actionlint comes from, and that linting goes on without it but says so. The commands are fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.machine import GO, Machine
from tools import find_actionlint as module
from tools.find_actionlint import find_actionlint, main

WORKS = '#!/bin/sh\necho "actionlint $*" >> "$CALLS"\ncase "$*" in *bad.yml*) exit 1 ;; esac\n'


@pytest.fixture
def machine(bare_machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without actionlint and go, with an empty cache, and the pin `v1.2.3`."""
    pin = tmp_path / "actionlint"
    pin.mkdir()
    (pin / "go.mod").write_text("require (\n\tgithub.com/rhysd/actionlint v1.2.3 // indirect\n)\n", encoding="utf-8")
    monkeypatch.setattr(module, "CACHE", bare_machine.cache)
    monkeypatch.setattr(module, "GO_MODULE", pin)
    return bare_machine


@pytest.fixture
def kept(machine: Machine) -> Path:
    """Where an earlier run would have left the pinned version."""
    return machine.cache / "v1.2.3" / "actionlint"


def test_path_comes_before_the_cache_and_the_cache_before_a_build(machine: Machine, kept: Path) -> None:
    """The second run needs no network."""
    machine.has("go", GO)
    with pytest.raises(RuntimeError, match="Run `make tools` once"):
        find_actionlint(fetch=False)
    assert find_actionlint() == kept, "built"
    assert "-mod=readonly" in machine.calls.read_text()
    machine.calls.write_text("", encoding="utf-8")
    assert find_actionlint() == kept
    assert machine.calls.read_text() == "", "not built again"
    on_path = machine.has("actionlint", WORKS)
    assert find_actionlint() == on_path


def test_linting_ends_with_the_status_of_actionlint(machine: Machine) -> None:
    """Without the other linters that it would use where they happen to be."""
    machine.has("actionlint", WORKS)
    assert main(["good.yml"]) == 0
    assert main(["good.yml", "bad.yml"]) == 1
    assert "actionlint -shellcheck= -pyflakes= good.yml bad.yml" in machine.calls.read_text()


def test_without_it_linting_goes_on_and_says_why(
    machine: Machine, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asking for the path fails; nothing is skipped without a word."""
    machine.has("actionlint", "not a program", kept.parent)
    machine.has("go", "#!/bin/sh\necho go: no network >&2\nexit 1\n")
    assert main([".github/workflows/a.yml"]) == 0
    said = capsys.readouterr().err
    assert "Install one of: actionlint on PATH" in said
    assert "on path: not there" in said
    assert "go: no network" in said
    assert said.endswith("The workflows were not linted by it.\n")
    assert main([]) == 1


def test_the_path_is_printed_where_no_file_is_named(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """As `make tools` asks."""
    on_path = machine.has("actionlint", WORKS)
    assert main([]) == 0
    assert capsys.readouterr().out == f"{on_path}\n"


def test_a_module_without_its_pin_is_said(machine: Machine) -> None:
    """The reason stands beside the way."""
    (module.GO_MODULE / "go.mod").write_text("module x\n", encoding="utf-8")
    machine.has("go", GO)
    with pytest.raises(RuntimeError, match=r"from go: tools/actionlint/go\.mod does not pin"):
        find_actionlint()
