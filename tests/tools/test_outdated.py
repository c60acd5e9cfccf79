"""The list of what the registries have beyond our pins: nothing that is not known is left out or taken for current."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.conftest import Machine
from tools.outdated import ENVIRONMENTS, main

# Stands for the Python of an environment. `pip list` leaves out what the registry did not answer for: here, gamma.
PYTHON = """#!/bin/sh
[ -z "$OFFLINE" ] || case "$*" in *--outdated* | *--uptodate*) echo '[]'; exit 0 ;; esac
case "$*" in
*--outdated*--pre*) echo '[{"name": "alpha", "version": "1", "latest_version": "3b1"}]' ;;
*--uptodate*--pre*) echo '[{"name": "delta", "version": "4b1"}]' ;;
*--outdated*) echo '[{"name": "alpha", "version": "1", "latest_version": "2"}]' ;;
*--uptodate*) echo '[{"name": "Beta_x", "version": "1"}]' ;;
*) echo '[{"name": "alpha", "version": "1"}, {"name": "Beta_x", "version": "1"}, {"name": "gamma", "version": "1"},
{"name": "delta", "version": "4b1"}]' ;;
esac
"""
GO = """#!/bin/sh
[ -z "$OFFLINE" ] || exit 1
case "$*" in
"env GOPROXY") echo "${PROXY:-on}" ;;
*tool/v3) echo '{"Version": "v3.1.0", "Update": {"Version": "v3.2.0"}}' ;;
*) echo '{"Version": "v1.0.0"}' ;;
esac
"""
LOCK = (
    'alpha[fast]==1 \\\n    --hash=sha256:0\nbeta-x==1\ngamma==1\ndelta==4b1\nnot-here==1 ; sys_platform == "win32"\n'
)
MODULE = "module x\n\ntool example.org/tool/v3/cmd/tool\n\nrequire (\n\texample.org/tool/v3 v3.1.0 // indirect\n)\n"


@pytest.fixture
def root(bare_machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with every lock, one Go module and one action."""
    for name in ("OFFLINE", "PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = tmp_path / "repository"
    for environment, locks in ENVIRONMENTS.items():
        bare_machine.has("python", PYTHON, made / environment / "bin")
        for lock in locks:
            _write(made / lock, LOCK if lock == "requirements.txt" else "beta-x==1\n")
    bare_machine.has("go", GO)
    _write(made / "tools" / "tool" / "go.mod", MODULE)
    _write(made / ".github" / "workflows" / "a.yml", f"      - uses: a/checkout@{'0' * 40} # v1.0.0\n")
    return made


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_what_is_newer_and_what_is_not_known_is_listed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pre-release counts only for a package that has nothing else."""
    assert main(root) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "requirements.txt: alpha 1 -> 2",
        "requirements.txt: gamma 1 -> not known",
        "tools/tool/go.mod: example.org/tool/v3 v3.1.0 -> v3.2.0",
        "workflows: a/checkout v1.0.0 -> not known",
    ]


@pytest.mark.parametrize("proxy", ["off", None])
def test_a_module_that_go_cannot_ask_for_is_not_known(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, proxy: str | None
) -> None:
    """With GOPROXY=off go answers without an update; and there may be no Go."""
    if proxy:
        monkeypatch.setenv("PROXY", proxy)
    else:
        monkeypatch.setenv("PATH", "/nowhere")
    assert main(root) == 0
    assert "tools/tool/go.mod: example.org/tool/v3 v3.1.0 -> not known\n" in capsys.readouterr().out


def test_without_any_registry_there_is_one_error(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip itself ends with 0 and an empty list."""
    monkeypatch.setenv("OFFLINE", "yes")
    assert main(root) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: no registry could be reached")
    assert said.err.count("\n") == 1
