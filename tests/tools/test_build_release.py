"""What a release consists of is the same bytes whoever builds it, and names what it was tested with."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

from readiness import __version__
from tests.projects import ROOT
from tools import build_release
from tools.build_release import SBOM, ReleaseError, build, build_twice, check_tag, checksums, main, notes, notes_file

COMMIT_TIME = 1_700_000_000
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


def source(folder: Path, *, mode: int, time: int) -> Path:
    """A small copy of what the wheel is made of, with files of that mode and time."""
    for name in ("pyproject.toml", "LICENSE", ".gitignore", "readiness/__init__.py", "components/__init__.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, path)
    for name in ("readiness/b.py", "readiness/a.py", "components/z.py"):
        (folder / name).write_text("x = 1\n", encoding="utf-8")
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)
        os.utime(path, (time, time))
    return folder


def test_two_builds_are_the_same_bytes_with_the_date_of_the_commit(tmp_path: Path) -> None:
    """In folders of other names, with files of other modes and times."""
    sources = (
        source(tmp_path / "one", mode=0o644, time=COMMIT_TIME + 1_000),
        source(tmp_path / "the other", mode=0o600, time=COMMIT_TIME + 500_000),
    )
    wheel = build_twice(sources, tmp_path / "built", COMMIT_TIME)
    with zipfile.ZipFile(wheel) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        assert "readiness/components/z.py" in packed.namelist()


def test_builds_that_differ_are_no_release(tmp_path: Path) -> None:
    """As where something else than the files and the date got into the wheel."""
    sources = tuple(source(tmp_path / name, mode=0o644, time=COMMIT_TIME) for name in ("one", "other"))
    (sources[1] / "readiness" / "a.py").write_text("x = 2\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match="two builds of the same commit differ"):
        build_twice((sources[0], sources[1]), tmp_path / "built", COMMIT_TIME)


def test_credentials_in_the_checkout_are_in_no_commit_and_in_no_wheel(tmp_path: Path) -> None:
    """google-github-actions/auth writes them there; `make dist` builds the working tree."""
    folder = source(tmp_path / "one", mode=0o644, time=COMMIT_TIME)
    for place in (folder, folder / "readiness"):
        (place / "gha-creds-0123456789abcdef.json").write_text("{}", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    untracked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "pyproject.toml" in untracked
    assert "gha-creds" not in untracked
    with zipfile.ZipFile(build(folder, tmp_path / "built", COMMIT_TIME)) as packed:
        assert not [name for name in packed.namelist() if "gha-creds" in name]


def test_a_project_of_init_ignores_them_too() -> None:
    """The line is the same."""
    template = ROOT / "readiness" / "live" / "init" / "templates" / "gitignore.txt"
    assert "gha-creds-*.json" in template.read_text(encoding="utf-8").splitlines()


def test_the_tag_is_that_of_the_version(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One error, and nothing is written."""
    check_tag(f"v{__version__}", __version__)
    assert main(["--tag", "v99.0.0", "--into", str(tmp_path / "dist")]) == 1
    assert capsys.readouterr().err.startswith("error: the tag v99.0.0 is not v")
    assert not (tmp_path / "dist").exists()


def test_a_source_that_cannot_be_built_is_one_error(tmp_path: Path) -> None:
    """With what the build says."""
    folder = source(tmp_path / "one", mode=0o644, time=COMMIT_TIME)
    (folder / "readiness" / "__init__.py").write_text("", encoding="utf-8")
    with pytest.raises(ReleaseError, match="the wheel is not built: "):
        build(folder, tmp_path / "built", COMMIT_TIME)


def test_checksums_are_read_by_sha256sum(tmp_path: Path) -> None:
    """A changed file does not pass."""
    files = [tmp_path / "b", tmp_path / "a"]
    for path in files:
        path.write_text(path.name, encoding="utf-8")
    text = checksums(files)
    assert text.splitlines()[0] == f"{hashlib.sha256(b'a').hexdigest()}  a"
    (tmp_path / "sums").write_text(text, encoding="utf-8")
    check = ["sha256sum", "--check", "--status", "sums"]
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode == 0
    files[0].write_text("other", encoding="utf-8")
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode == 1


def test_the_sbom_names_the_version_and_a_missing_tool_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool is a stand-in: what it writes without a version gets one."""
    tool = tmp_path / "cyclonedx-py"
    monkeypatch.setattr(build_release, "SBOM_TOOL", tool)
    with pytest.raises(ReleaseError, match="make release-tools"):
        build_release.sbom(tmp_path, "1.2.3")
    tool.write_text('#!/bin/sh\necho \'{"metadata": {"component": {"name": "readiness"}}}\'\n', encoding="utf-8")
    tool.chmod(0o755)
    assert json.loads(build_release.sbom(tmp_path, "1.2.3"))["metadata"]["component"]["version"] == "1.2.3"
    tool.write_text("#!/bin/sh\necho broken >&2\nexit 3\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match="broken"):
        build_release.sbom(tmp_path, "1.2.3")


CHANGES = """# Changelog

## Unreleased

## 1.10.0 - 2026-01-02

### Added

- A page ([docs/a.md](docs/a.md#b)), [a site](https://example.org) and [another section](#removed).

## 1.1.0 - 2025-01-02

- Older.
"""


def test_the_notes_are_the_section_of_the_version_in_the_changelog() -> None:
    """Its links lead to the files of the tag: the page of a release is in no folder."""
    text = notes(CHANGES, "1.10.0", "https://github.com/o/r/blob/v1.10.0")
    assert text.startswith("### Added\n\n- A page ([docs/a.md](https://github.com/o/r/blob/v1.10.0/docs/a.md#b)), ")
    assert "[a site](https://example.org)" in text
    assert "(https://github.com/o/r/blob/v1.10.0/CHANGELOG.md#removed)" in text
    assert "Older" not in text
    assert notes(CHANGES, "1.1.0", "") == "- Older.\n"


@pytest.mark.parametrize("version", ["1.2.0", "Unreleased", "1.10"])
def test_a_version_without_a_dated_section_is_no_release(version: str) -> None:
    """The error says what to write."""
    with pytest.raises(ReleaseError, match=f'no section "## {version} - YEAR-MONTH-DAY" with a text'):
        notes(CHANGES, version, "")


def test_the_changelog_has_the_version_of_this_commit() -> None:
    """What is released has been written down before the version changes."""
    assert notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), __version__, "")


def test_the_workflow_attests_what_it_publishes() -> None:
    """Build, provenance of every file, the SBOM of the wheel, release: in this order, without a cache."""
    steps = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["release"]["steps"]
    attested = [step["with"] for step in steps if step.get("uses", "").startswith("actions/attest@")]
    assert attested == [
        {"subject-path": "dist/*"},
        {"subject-path": "dist/*.whl", "sbom-path": f"dist/{SBOM}"},
    ]
    assert "uses" in steps[-2]
    notes_of_dist = notes_file(Path("dist"))
    assert steps[-1]["run"] == f'gh release create "$TAG" dist/* --verify-tag --notes-file {notes_of_dist}'
    assert "cache" not in WORKFLOW.read_text(encoding="utf-8").replace("# No cache,", "")


def test_every_page_names_the_wheel_of_this_version() -> None:
    """The file that a reader copies exists after `make dist`."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {name for page in pages for name in re.findall(r"readiness-[0-9.]+-py3", page.read_text(encoding="utf-8"))}
    assert named == {f"readiness-{__version__}-py3"}
