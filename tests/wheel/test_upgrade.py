"""`readiness upgrade --check` with two wheels of this checkout: the newer one has another default of an objective."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from readiness import __version__
from tests.edits import edit
from tests.projects import ROOT, Result
from tests.wheel.conftest import HANG_SECONDS, Installed
from tests.wheel.test_installed import INIT_OPTIONS

pytestmark = pytest.mark.processes

NEWER = "99.1.0"
# The same change of several resources is one.
WEAKENED = r"\d+ changes? weakens? protection"
REFUSES = "99.2.0"
GOAL = 'description="A share of 1: 0.995 is 99.5 %.")] = 0.995'
LATENCY = "latency_ms: Annotated[int, Field(ge=100, le=3_600_000"


@dataclass(frozen=True)
class Project:
    """A project that `readiness init` wrote, with the older version installed."""

    folder: Path
    wheels: Path
    installed: Installed

    def upgrade(self, *arguments: str) -> Result:
        """Runs the command; pip finds the wheels here, and nothing in an index."""
        return self.installed.run(
            "upgrade", *arguments, cwd=self.folder, PIP_NO_INDEX="1", PIP_NO_DEPS="1", PIP_FIND_LINKS=str(self.wheels),
            TMPDIR=str(self.wheels.parent / "tmp"),
        )  # fmt: skip

    def files(self) -> dict[str, bytes]:
        """What is in the project, without compiled modules."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }


def build(wheels: Path, folder: Path, version: str, file: str, old: str, new: str) -> Path:
    """A wheel of the checkout under another version, with one text changed. Returns its file."""
    for name in ("readiness", "components"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    edit(folder, f'__version__ = "{__version__}"', f'__version__ = "{version}"', "readiness/__init__.py")
    edit(folder, old, new, file)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=HANG_SECONDS)
    return wheels / f"readiness-{version}-py3-none-any.whl"


def write_locked_packages(wheels: Path) -> Path:
    """A wheel that puts the packages of the tests' own environment on the path: no index is asked for the SDKs."""
    path = wheels / "locked_packages-1-py3-none-any.whl"
    about = "locked_packages-1.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("locked.pth", f"{sysconfig.get_path('purelib')}\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: locked-packages\nVersion: 1\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", f"locked.pth,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the newer wheels and of the locked packages."""
    folder = tmp_path_factory.mktemp("wheels") / "wheels"
    folder.mkdir()
    (folder.parent / "tmp").mkdir()
    observation, model = "readiness/settings/observation.py", "readiness/settings/model.py"
    build(folder, tmp_path_factory.mktemp("newer"), NEWER, observation, GOAL, GOAL.replace("= 0.995", "= 0.99"))
    build(folder, tmp_path_factory.mktemp("refuses"), REFUSES, model, LATENCY, LATENCY.replace("3_600_000", "1_000"))
    write_locked_packages(folder)
    return folder


@pytest.fixture(scope="module")
def written(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop that `readiness init` writes. Its requirements name the locked packages too."""
    folder = tmp_path_factory.mktemp("shop")
    made = installed.run("init", str(folder), *INIT_OPTIONS, cwd=folder)
    assert made.status == 0, made.text
    with (folder / "requirements.txt").open("a", encoding="utf-8") as file:
        file.write("locked-packages==1  # what the SDKs are installed from\n")
    return folder


@pytest.fixture
def shop(installed: Installed, written: Path, wheels: Path, tmp_path: Path) -> Project:
    """A copy of the shop that the test may change."""
    folder = tmp_path / "shop"
    shutil.copytree(written, folder)
    return Project(folder, wheels, installed)


def test_what_a_newer_version_changes_is_shown_until_it_is_acknowledged(shop: Project) -> None:
    """For every stack, in the form of `readiness diff`; no file changes and nothing is left behind."""
    before = shop.files()
    wheel = shop.wheels / f"readiness-{NEWER}-py3-none-any.whl"
    done = shop.upgrade("--check", "--wheel", str(wheel))
    assert done.status == 1, done.text
    assert f"The plans by readiness {__version__} (-) and {NEWER} (+), with the same settings:" in done.out
    for stack in ("staging", "prod"):
        assert re.search(rf"\n{stack}: {WEAKENED}; 3 update\n", done.out)
    assert "! the goal is 99.0000% instead of 99.5000% [not acknowledged: " in done.out
    assert re.search(f"error: {WEAKENED}", done.err)
    assert shop.files() == before
    assert list((shop.wheels.parent / "tmp").iterdir()) == []
    entries = yaml.safe_load(done.out[done.out.index("acknowledged:\n") :])["acknowledged"]
    agreed = [{**entry, "reason": "the objective of the new version", "by": "ada"} for entry in entries]
    text = yaml.safe_dump({"acknowledged": agreed})
    (shop.folder / "acknowledged-weakenings.yaml").write_text(text, encoding="utf-8")
    as_json = shop.upgrade("--check", "--wheel", str(wheel), "--format", "json", "staging")
    assert (as_json.status, json.loads(as_json.out)["verdict"]) == (0, "acknowledged")
    acknowledged = shop.upgrade("--check", "--wheel", str(wheel), "--exit-code", "--format", "markdown", "staging")
    assert acknowledged.status == 2, acknowledged.text
    assert re.search(r"(All \d+ changes|The change) that weakens? protection (is|are) acknowledged\.", acknowledged.out)
    assert f"The plans by readiness {__version__} (-) and {NEWER} (+), with the same settings." in acknowledged.out
    assert "`prod`" not in acknowledged.out


def test_the_requirement_that_was_edited_is_what_is_compared_with(shop: Project) -> None:
    """The way of docs/upgrading.md. `--to` is for a project that takes Readiness from an index."""
    wheel = f"./wheels/readiness-{__version__}-py3-none-any.whl"
    unchanged = shop.upgrade("--check")
    assert unchanged.status == 1
    assert unchanged.err.startswith(f"error: nothing to compare with: requirements.txt asks for {wheel}, which is ")
    assert shop.upgrade("--check", "--to", NEWER).err.startswith("error: --to: requirements.txt takes readiness from a")
    edit(shop.folder, wheel, f"readiness=={NEWER}", "requirements.txt")
    for arguments in ((), ("--to", NEWER)):
        assert re.search(f"staging: {WEAKENED}; 3 update", shop.upgrade("--check", "staging", *arguments).out)
    edit(shop.folder, f"readiness=={NEWER}", f"readiness=={__version__}", "requirements.txt")


def test_the_same_version_changes_nothing(shop: Project, wheel: Path) -> None:
    """With `--exit-code` too."""
    done = shop.upgrade("--check", "--wheel", str(wheel), "--exit-code", "staging")
    assert done.status == 0, done.text
    assert "staging: no change" in done.out


def test_settings_that_the_newer_version_refuses_are_named_for_every_stack(shop: Project) -> None:
    """What is to be changed before the upgrade."""
    done = shop.upgrade("--check", "--wheel", str(shop.wheels / f"readiness-{REFUSES}-py3-none-any.whl"))
    assert done.status == 1
    for stack in ("staging", "prod"):
        assert f"the plan of {stack} by readiness {REFUSES}: cannot be made: Pulumi.yaml:" in done.err
    assert "Traceback" not in done.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "`readiness upgrade` needs --check. To upgrade, edit the line of readiness in requirements.txt, run "),
        (("--check", "--to", "1", "--wheel", "x"), "give either --to or --wheel"),
        (("--check", "--wheel", "nowhere.whl"), "--wheel: nowhere.whl does not exist"),
        (("--check", "--wheel", "Pulumi.yaml"), "--wheel: Pulumi.yaml is not a wheel"),
        (("--check", "--wheel", "broken.whl"), "--wheel: broken.whl is not a wheel. Name a file "),
        (("--check", "--wheel", "other-1-py3-none-any.whl"), "other-1-py3-none-any.whl is not a wheel of Readiness. "),
        (("--check", "--wheel", "readiness-1-py3-none-any.whl"), "pip cannot install it: "),
        (("--check", "--to", "1; x"), "--to: '1; x' is not a version"),
        (("--check", "--to", "98.0"), "readiness==98.0: pip cannot install it: No matching distribution"),
        (("--check", "nowhere", "--to", "98.0"), "Pulumi.nowhere.yaml: "),
    ],
)
def test_what_cannot_be_compared_gets_one_clear_error(shop: Project, arguments: tuple[str, ...], said: str) -> None:
    """What, where, how to fix it, and status 1."""
    edit(shop.folder, f"./wheels/readiness-{__version__}-py3-none-any.whl", "readiness>=0", "requirements.txt")
    (shop.folder / "broken.whl").write_text("not a wheel", encoding="utf-8")
    for name in ("other-1-py3-none-any.whl", "readiness-1-py3-none-any.whl"):
        zipfile.ZipFile(shop.folder / name, "w").close()
    done = shop.upgrade(*arguments)
    (error,) = (line for line in done.err.splitlines() if not line.startswith("installing "))
    assert (done.status, done.out) == (1, "")
    assert error.startswith("error: ")
    assert said in error


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (None, "error: nothing to compare with: requirements.txt does not exist. "),
        (
            "./wheels/readiness-9.0-py3-none-any.whl",
            "error: requirements.txt: ./wheels/readiness-9.0-py3-none-any.whl ",
        ),
    ],
)
def test_requirements_that_are_not_there_are_named_before_anything_is_installed(
    shop: Project, line: str | None, said: str
) -> None:
    """The file itself, or the wheel that its line names."""
    (shop.folder / "requirements.txt").unlink()
    if line is not None:
        (shop.folder / "requirements.txt").write_text(f"{line}\n", encoding="utf-8")
    done = shop.upgrade("--check")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(said)
    assert "does not exist" in done.err
