"""Where promtool comes from: never a skip, never a download while one is there. The commands are fakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools.machine import GO, Machine
from tools import find_promtool as module
from tools.find_promtool import find_promtool

WORKS = "#!/bin/sh\necho promtool, version 2.42.0\n"
BROKEN = "#!/bin/sh\nexit 3\n"
# The fakes leave a line for each call, and make what the real commands make.
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$CALLS"
case "$*" in *update*) exit 0 ;; *Dir::State*) ;; *) [ -n "$LISTS" ] || exit 100 ;; esac
: > prometheus_2.42.0_amd64.deb
"""
DPKG_DEB = """#!/bin/sh
PATH=/usr/bin:/bin
mkdir -p "$3/usr/bin" && printf '#!/bin/sh\\necho debian\\n' > "$3/usr/bin/promtool" && chmod +x "$3/usr/bin/promtool"
"""


@pytest.fixture
def machine(bare_machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without promtool, apt-get, dpkg-deb and go, and with an empty cache."""
    monkeypatch.delenv("LISTS", raising=False)
    monkeypatch.setattr(module, "CACHE", bare_machine.cache)
    monkeypatch.setattr(module, "GO_MODULE", tmp_path)
    return bare_machine


def test_the_one_on_the_path_comes_first(machine: Machine) -> None:
    """Whoever installed one, wants it used."""
    on_path = machine.has("promtool", WORKS)
    machine.has("promtool", WORKS, machine.cache)
    assert find_promtool() == on_path


def test_the_one_of_an_earlier_run_comes_before_a_download(machine: Machine) -> None:
    """The second run needs no network."""
    cached = machine.has("promtool", WORKS, machine.cache)
    machine.has("apt-get", APT_GET)
    machine.has("dpkg-deb", DPKG_DEB)
    assert find_promtool() == cached
    assert machine.calls.read_text() == ""


def test_debians_package_is_unpacked_into_the_cache(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloaded and unpacked; nothing is installed, so no daemon starts."""
    monkeypatch.setenv("LISTS", "there")
    machine.has("apt-get", APT_GET)
    machine.has("dpkg-deb", DPKG_DEB)
    machine.has("go", GO)
    assert find_promtool() == machine.cache / "promtool"
    assert machine.calls.read_text() == "apt-get download prometheus\n"
    assert find_promtool() == machine.cache / "promtool"


def test_without_package_lists_they_are_fetched_into_a_private_folder(machine: Machine) -> None:
    """The system's own lists are not touched, so that no root is needed."""
    machine.has("apt-get", APT_GET)
    machine.has("dpkg-deb", DPKG_DEB)
    assert find_promtool() == machine.cache / "promtool"
    first, update, download = machine.calls.read_text().splitlines()
    assert first == "apt-get download prometheus"
    assert update.endswith(" update")
    assert download.endswith(" download prometheus")
    assert all("Dir::State::Lists=" in call and "Dir::Cache=" in call for call in (update, download))


def test_the_pinned_go_module_is_built_where_there_is_no_debian(machine: Machine) -> None:
    """The last way, five minutes: from the module whose versions and checksums we commit."""
    machine.has("go", GO)
    assert find_promtool() == machine.cache / "promtool"
    assert "-mod=readonly" in machine.calls.read_text()


def test_what_takes_a_while_is_shown_with_its_duration(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Before it starts, on stderr; and that it failed."""
    machine.has("go", GO)
    find_promtool()
    said = re.sub(r"\d+ s", "N s", capsys.readouterr().err)
    assert said == "building promtool with Go, once (about five minutes) ... N s\n"
    (machine.cache / "promtool").unlink()
    machine.has("go", "#!/bin/sh\nexit 1\n")
    with pytest.raises(RuntimeError):
        find_promtool()
    assert re.search(r" \.\.\. failed after \d+ s\n$", capsys.readouterr().err)


def test_tests_use_what_is_there_and_get_nothing(machine: Machine) -> None:
    """Two workers would build the same one, unseen."""
    machine.has("go", GO)
    machine.has("apt-get", APT_GET)
    machine.has("dpkg-deb", DPKG_DEB)
    with pytest.raises(RuntimeError, match="Run `make tools` once"):
        find_promtool(fetch=False)
    assert machine.calls.read_text() == ""
    cached = machine.has("promtool", WORKS, machine.cache)
    assert find_promtool(fetch=False) == cached


@pytest.mark.parametrize("script", [BROKEN, "not a program"])
def test_one_that_does_not_run_is_passed_over(machine: Machine, script: str) -> None:
    """A binary for another machine, or half a file."""
    machine.has("promtool", script)
    cached = machine.has("promtool", WORKS, machine.cache)
    assert find_promtool() == cached


def test_without_any_way_the_failure_names_each_and_how_to_get_one(machine: Machine) -> None:
    """Never a silent skip: the alert tests fail with this."""
    machine.has("promtool", BROKEN)
    machine.has("go", "#!/bin/sh\necho go: no network >&2\nexit 1\n")
    with pytest.raises(RuntimeError) as failure:
        find_promtool()
    lines = str(failure.value).splitlines()
    assert "Install one of: promtool on PATH" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["on path", "cached", "from debian", "from go"]
    assert lines[1].endswith("does not run")
    assert lines[2].endswith("not there")
    assert lines[4].endswith("go: no network")
