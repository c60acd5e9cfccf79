"""Where the Pulumi CLI comes from: PATH, an earlier build, Go. The commands are fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.machine import GO, Machine
from tools import find_pulumi as module
from tools.find_pulumi import HOW_TO_GET_IT, can_be_had, find_pulumi, main, pinned_version

WORKS = "#!/bin/sh\necho v3.274.1\n"
BROKEN = "#!/bin/sh\nexit 3\n"


@pytest.fixture
def machine(bare_machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without pulumi and go, and with an empty cache."""
    monkeypatch.setattr(module, "CACHE", bare_machine.cache)
    return bare_machine


@pytest.fixture
def kept(machine: Machine) -> Path:
    """Where an earlier run would have left the pinned version."""
    return machine.cache / pinned_version()


def test_the_one_on_the_path_comes_before_the_one_of_an_earlier_run(machine: Machine, kept: Path) -> None:
    """Whoever installed one, wants it used."""
    on_path = machine.has("pulumi", WORKS)
    machine.has("pulumi", WORKS, kept)
    assert find_pulumi() == on_path


def test_the_one_of_an_earlier_run_comes_before_a_build(machine: Machine, kept: Path) -> None:
    """A build takes minutes."""
    machine.has("go", BROKEN)
    cached = machine.has("pulumi", WORKS, kept)
    assert find_pulumi() == cached


def test_one_of_another_version_is_not_taken_for_the_pinned_one(machine: Machine, kept: Path) -> None:
    """A new pin is built into a folder of its own, with the version that the Automation API asks for."""
    machine.has("pulumi", WORKS, kept.parent / "v3.1.0")
    machine.has("go", GO)
    assert find_pulumi() == kept / "pulumi"
    (call,) = machine.calls.read_text(encoding="utf-8").splitlines()
    assert f"version.Version={pinned_version()}" in call
    assert [path.name for path in kept.iterdir()] == ["pulumi"], "nothing of the build is left"


def test_one_that_does_not_run_is_passed_over(machine: Machine, kept: Path) -> None:
    """Of another processor, say."""
    machine.has("pulumi", BROKEN)
    machine.has("go", GO)
    assert find_pulumi() == kept / "pulumi"


def test_without_any_way_the_failure_says_how_to_get_it(machine: Machine) -> None:
    """And the tests that need it are skipped with that reason."""
    assert not can_be_had()
    with pytest.raises(RuntimeError) as failure:
        find_pulumi()
    assert str(failure.value).startswith(HOW_TO_GET_IT)


def test_make_goes_on_without_it_only_where_it_cannot_be_had(
    machine: Machine, kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make test-engine` then skips; but a build that fails ends it before pytest starts."""
    assert main(["--or-skip"]) == 0
    assert capsys.readouterr().err.endswith("The engine tests are skipped.\n")
    assert main([]) == 1
    machine.has("go", GO)
    monkeypatch.setenv("FAILS", "yes")
    assert main(["--or-skip"]) == 1
    assert "go: module not found" in capsys.readouterr().err
    monkeypatch.delenv("FAILS")
    assert main(["--or-skip"]) == 0
    assert capsys.readouterr().out == f"{kept / 'pulumi'}\n"


def test_a_worker_of_pytest_never_builds_it(machine: Machine) -> None:
    """It fails with what to run."""
    machine.has("go", GO)
    with pytest.raises(RuntimeError, match="Run `make tools` once"):
        find_pulumi(fetch=False)
    assert machine.calls.read_text(encoding="utf-8") == ""


def test_a_build_that_fails_is_a_failure_and_no_skip_and_says_why(
    machine: Machine, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Go is there, so that the CLI can be had."""
    machine.has("go", GO)
    monkeypatch.setenv("FAILS", "yes")
    assert can_be_had()
    with pytest.raises(RuntimeError, match="go: module not found"):
        find_pulumi()
    assert list(kept.iterdir()) == [], "no half of a build is left"


def test_a_module_that_pins_nothing_is_told(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody edited it."""
    (tmp_path / "go.mod").write_text("module x\n", encoding="utf-8")
    monkeypatch.setattr(module, "GO_MODULE", tmp_path)
    with pytest.raises(RuntimeError, match="does not pin"):
        find_pulumi()
