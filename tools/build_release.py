"""Builds a release: the wheel, built twice and compared, its SBOM, the checksums of both, and the notes.

Usage: python -m tools.build_release --tag v1.2.3 [--into dist]

It builds the files of the tag's commit, not those of the working tree, so no uncommitted file is packed. The dates in
the wheel are the date of the commit (SOURCE_DATE_EPOCH), so everybody who builds the commit gets the same bytes. The
SBOM (CycloneDX) has every package of requirements.txt, the versions with their hashes that the wheel was tested with;
`.venv-release` has the tool that writes it (`make release-tools`). The notes are the section of the version in
CHANGELOG.md. They are written to `FOLDER-notes.md`, beside the folder of the files that the release publishes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from readiness import __version__

ROOT = Path(__file__).resolve().parent.parent
SBOM_TOOL = ROOT / ".venv-release" / "bin" / "cyclonedx-py"
CHECKSUMS = "SHA256SUMS"
# The name is the same for every version, because the workflow uses it.
SBOM = "readiness-sbom.cdx.json"


class ReleaseError(Exception):
    """Why nothing is released, as a sentence with what to do."""


def build(source: Path, into: Path, epoch: int) -> Path:
    """Builds the wheel of a source folder, with the dates of `epoch` (seconds since 1970). Raises ReleaseError."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    wheels = list(into.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise ReleaseError(f"the wheel is not built: {done.stderr.strip() or done.stdout.strip()}")
    return wheels[0]


def build_twice(sources: tuple[Path, Path], folder: Path, epoch: int) -> Path:
    """The wheel of the first source. Raises ReleaseError if the wheel of the second source has other bytes."""
    first, second = (build(source, folder / name, epoch) for source, name in zip(sources, "ab", strict=True))
    if first.name != second.name or first.read_bytes() != second.read_bytes():
        raise ReleaseError("two builds of the same commit differ. Compare the wheels with `diffoscope`")
    return first


def sbom(source: Path, version: str) -> str:
    """The SBOM of the lock of a source folder, as JSON. Raises ReleaseError."""
    if not SBOM_TOOL.is_file():
        raise ReleaseError("cyclonedx-py is not in .venv-release. Run `make release-tools`")
    lock, project = str(source / "requirements.txt"), str(source / "pyproject.toml")
    command = [str(SBOM_TOOL), "requirements", lock, "--pyproject", project, "--output-reproducible"]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"the SBOM is not written: {done.stderr.strip()}")
    written = json.loads(done.stdout)
    # pyproject.toml has no version of its own.
    written["metadata"]["component"]["version"] = version
    return json.dumps(written, indent=2, sort_keys=True) + "\n"


def checksums(files: Sequence[Path]) -> str:
    """What `sha256sum --check` reads."""
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(files))


def check_tag(tag: str, version: str) -> None:
    """Raises ReleaseError if the tag is not the version."""
    if tag != f"v{version}":
        raise ReleaseError(
            f"the tag {tag} is not v{version}, the version in readiness/__init__.py. Correct one of them"
        )


def notes(changelog: str, version: str, address: str) -> str:
    """The section of a version, without its heading. Links to files of the repository begin with `address`.

    Raises ReleaseError where the section is missing or empty, or has no date.
    """
    section = re.search(
        rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)", changelog, flags=re.MULTILINE | re.DOTALL
    )
    if section is None or not section[1].strip():
        wanted = f'"## {version} - YEAR-MONTH-DAY" with a text'
        raise ReleaseError(f"CHANGELOG.md has no section {wanted}. Write there what changes for users")
    text = section[1].strip() + "\n"
    text = text.replace("](#", "](CHANGELOG.md#")
    return re.sub(r"\]\((?!https?:)", f"]({address}/", text) if address else text


def files_url(tag: str) -> str:
    """The address of the tag's files on GitHub, in a workflow run. Empty elsewhere."""
    server, repository = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_REPOSITORY", "")
    return f"{server}/{repository}/blob/{tag}" if server and repository else ""


def notes_file(into: Path) -> Path:
    """The path of the notes, for a release whose files are in `into`."""
    return into.parent / f"{into.name}-notes.md"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def _unpacked(tag: str, folder: Path) -> Path:
    """The files of the tag's commit, in a new folder."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    _git("archive", "--format=tar", f"--output={archive}", tag)
    shutil.unpack_archive(archive, folder, filter="data")
    return folder


def release(tag: str, into: Path) -> list[Path]:
    """Writes the files of the release and returns their paths. If it raises ReleaseError, it has written none."""
    check_tag(tag, __version__)
    epoch = int(_git("log", "-1", "--format=%ct", tag))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = _unpacked(tag, folder / "one")
        wheel = build_twice((source, _unpacked(tag, folder / "another")), folder / "built", epoch)
        text = sbom(source, __version__)
        changes = notes((source / "CHANGELOG.md").read_text(encoding="utf-8"), __version__, files_url(tag))
        into.mkdir(parents=True, exist_ok=True)
        files = [Path(shutil.copy2(wheel, into)), into / SBOM]
        files[1].write_text(text, encoding="utf-8")
        sums = into / CHECKSUMS
        sums.write_text(checksums(files), encoding="utf-8")
        notes_file(into).write_text(changes, encoding="utf-8")
        return [*files, sums, notes_file(into)]


def main(arguments: Sequence[str]) -> int:
    """Builds the release. Prints one error and returns 1 if that is not possible."""
    parser = argparse.ArgumentParser(prog="build_release")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--into", type=Path, default=ROOT / "dist")
    given = parser.parse_args(arguments)
    try:
        for path in release(given.tag, given.into):
            print(path)
    except ReleaseError as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
