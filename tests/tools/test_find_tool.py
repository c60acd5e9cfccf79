"""Where the tools come from: never a skip, never a download while one is there. The commands are fakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools.conftest import Machine
from tools import find_tool as module
from tools.find_tool import ACTIONLINT, PROMTOOL, PULUMI, TOOLS, Tool, main

WORKS = '#!/bin/sh\necho "${0##*/} $*" >> "$CALLS"\ncase "$*" in *bad.yml*) exit 1 ;; esac\n'
BROKEN = "#!/bin/sh\nexit 3\n"
NO_NETWORK = "#!/bin/sh\necho go: no network >&2\nexit 1\n"
# The fakes leave a line for each call, and make what the real commands make.
GO = """#!/bin/sh
echo "go $*" >> "$CALLS"
PATH=/usr/bin:/bin
[ -z "$FAILS" ] || { echo "go: module not found" >&2; exit 1; }
while [ "$1" != "-o" ]; do shift; done
printf '#!/bin/sh\\necho go\\n' > "$2" && chmod +x "$2"
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$CALLS"
case "$*" in *update*) exit 0 ;; *Dir::State*) ;; *) [ -n "$LISTS" ] || exit 100 ;; esac
: > prometheus_2.42.0_amd64.deb
"""
DPKG_DEB = """#!/bin/sh
PATH=/usr/bin:/bin
mkdir -p "$3/usr/bin" && printf '#!/bin/sh\\necho debian\\n' > "$3/usr/bin/promtool" && chmod +x "$3/usr/bin/promtool"
"""
EVERY_TOOL = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)


@pytest.fixture
def machine(bare_machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without any tool and without apt-get, dpkg-deb and go, with the pins `v1.2.3` and an empty cache."""
    monkeypatch.setattr(module, "CACHE", bare_machine.cache)
    monkeypatch.setattr(module, "GO_MODULES", tmp_path)
    for tool in TOOLS.values():
        (tmp_path / tool.name).mkdir()
        pin(tmp_path, tool, f"require (\n\t{tool.module} v1.2.3 // indirect\n)\n")
    return bare_machine


def pin(folder: Path, tool: Tool, text: str) -> None:
    """Writes the tool's Go module."""
    (folder / tool.name / "go.mod").write_text(text, encoding="utf-8")


def kept(machine: Machine, tool: Tool) -> Path:
    """Where an earlier run would have left it."""
    return machine.cache / tool.name / ("v1.2.3" if tool.versioned else "")


@EVERY_TOOL
def test_path_comes_before_the_cache_and_the_cache_before_a_build(machine: Machine, tool: Tool) -> None:
    """A build takes minutes, from the module whose checksums we commit; the second run needs no network."""
    machine.has("go", GO)
    built = tool.find()
    assert built == kept(machine, tool) / tool.name
    assert [path.name for path in built.parent.iterdir()] == [tool.name], "nothing of the build is left"
    assert "-mod=readonly" in machine.calls.read_text()
    machine.calls.write_text("", encoding="utf-8")
    assert tool.find() == built
    assert machine.calls.read_text() == "", "not built again"
    on_path = machine.has(tool.name, WORKS)
    assert tool.find() == on_path, "whoever installed one, wants it used"


def test_a_new_pin_of_pulumi_is_built_with_its_version(machine: Machine) -> None:
    """In a folder of its own, with the version that the Automation API asks for."""
    machine.has("pulumi", WORKS, machine.cache / "pulumi" / "v1.0.0")
    machine.has("go", GO)
    assert PULUMI.find().parent.name == "v1.2.3"
    assert "version.Version=v1.2.3" in machine.calls.read_text()


@pytest.mark.parametrize("lists", ["there", ""])
def test_debians_package_is_unpacked_into_the_cache(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, lists: str
) -> None:
    """Nothing is installed, so no daemon starts. Missing package lists go into a private folder, without root."""
    monkeypatch.setenv("LISTS", lists)
    machine.has("apt-get", APT_GET)
    machine.has("dpkg-deb", DPKG_DEB)
    machine.has("go", GO)
    assert PROMTOOL.find() == machine.cache / "promtool" / "promtool"
    first, *private = machine.calls.read_text().splitlines()
    assert first == "apt-get download prometheus"
    assert [call.split()[5:] for call in private] == ([] if lists else [["update"], ["download", "prometheus"]])
    assert all("Dir::State::Lists=" in call and "Dir::Cache=" in call for call in private)
    assert PROMTOOL.find() == machine.cache / "promtool" / "promtool"


def test_what_takes_a_while_is_shown_with_its_duration(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Before it starts, on stderr; and that it failed."""
    machine.has("go", GO)
    PROMTOOL.find()
    said = re.sub(r"\d+ s", "N s", capsys.readouterr().err)
    assert said == "building promtool with Go, once (about five minutes) ... N s\n"
    (machine.cache / "promtool" / "promtool").unlink()
    machine.has("go", NO_NETWORK)
    with pytest.raises(RuntimeError):
        PROMTOOL.find()
    assert re.search(r" \.\.\. failed after \d+ s\n$", capsys.readouterr().err)


@EVERY_TOOL
def test_tests_use_what_is_there_and_get_nothing(machine: Machine, tool: Tool) -> None:
    """Two workers would build the same one, unseen."""
    machine.has("go", GO)
    machine.has("apt-get", APT_GET)
    machine.has("dpkg-deb", DPKG_DEB)
    with pytest.raises(RuntimeError, match="Run `make tools` once"):
        tool.find(fetch=False)
    assert machine.calls.read_text() == ""
    cached = machine.has(tool.name, WORKS, kept(machine, tool))
    assert tool.find(fetch=False) == cached


@EVERY_TOOL
@pytest.mark.parametrize("script", [BROKEN, "not a program"])
def test_one_that_does_not_run_is_passed_over(machine: Machine, tool: Tool, script: str) -> None:
    """A binary for another machine, or half a file."""
    machine.has(tool.name, script)
    cached = machine.has(tool.name, WORKS, kept(machine, tool))
    assert tool.find() == cached


def test_without_any_way_the_failure_names_each_and_how_to_get_one(machine: Machine) -> None:
    """Never a silent skip: the alert tests fail with this."""
    machine.has("promtool", BROKEN)
    machine.has("go", NO_NETWORK)
    with pytest.raises(RuntimeError) as failure:
        PROMTOOL.find()
    lines = str(failure.value).splitlines()
    assert "Install one of: promtool on PATH" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["on path", "cached", "from debian", "from go"]
    assert lines[1].endswith("does not run")
    assert lines[2].endswith("not there")
    assert lines[4].endswith("go: no network")


@EVERY_TOOL
def test_a_build_that_fails_leaves_nothing_and_a_missing_pin_is_named(
    machine: Machine, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Go is there, so that the tool can be had: its tests fail and are not skipped."""
    assert not tool.can_be_had()
    machine.has("go", GO)
    monkeypatch.setenv("FAILS", "yes")
    assert tool.can_be_had()
    with pytest.raises(RuntimeError, match="go: module not found"):
        tool.find()
    assert list(kept(machine, tool).iterdir()) == []
    pin(tmp_path, tool, "module x\n")
    with pytest.raises(RuntimeError, match=rf"from go: tools/{tool.name}/go\.mod does not pin"):
        tool.find()


def test_make_goes_on_without_pulumi_only_where_it_cannot_be_had(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make test-engine` then skips; but a build that fails ends it before pytest starts."""
    assert main(["pulumi", "--or-skip"]) == 0
    assert capsys.readouterr().err.endswith("The engine tests are skipped.\n")
    assert main(["pulumi"]) == 1
    machine.has("go", GO)
    monkeypatch.setenv("FAILS", "yes")
    assert main(["pulumi", "--or-skip"]) == 1
    assert "go: module not found" in capsys.readouterr().err
    monkeypatch.delenv("FAILS")
    assert main(["pulumi", "--or-skip"]) == 0
    assert capsys.readouterr().out == f"{kept(machine, PULUMI) / 'pulumi'}\n"


def test_linting_ends_with_the_status_of_actionlint(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the other linters that it would use where they happen to be. Without a file, the path is printed."""
    on_path = machine.has("actionlint", WORKS)
    assert main(["actionlint"]) == 0
    assert capsys.readouterr().out == f"{on_path}\n"
    assert main(["actionlint", "good.yml"]) == 0
    assert main(["actionlint", "good.yml", "bad.yml"]) == 1
    called = machine.calls.read_text()
    assert "actionlint -shellcheck= -pyflakes= " in called
    assert called.endswith(" good.yml bad.yml\n")


def test_without_actionlint_linting_goes_on_and_says_why(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Asking for the path fails; nothing is skipped without a word."""
    machine.has("actionlint", "not a program", kept(machine, ACTIONLINT))
    machine.has("go", NO_NETWORK)
    assert main(["actionlint", ".github/workflows/a.yml"]) == 0
    said = capsys.readouterr().err
    assert "Install one of: actionlint on PATH" in said
    assert "on path: not there" in said
    assert "go: no network" in said
    assert said.endswith("The workflows were not linted by it.\n")
    assert main(["actionlint"]) == 1
