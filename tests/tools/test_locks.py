"""A lock is complete: what it pins is all that is installed, by hash, with every version of pip and uv."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.projects import ROOT


@dataclass(frozen=True, slots=True)
class Locked:
    """One entry of a lock: what it pins, where, and its hashes."""

    requirement: Requirement
    hashes: tuple[str, ...]


def entries(text: str) -> list[Locked]:
    """Every entry of a lock. Raises packaging's InvalidRequirement for a line that is none."""
    lines = re.sub(r" *\\\n *", " ", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    parts = [re.split(r" --hash=", line) for line in lines if line.strip()]
    return [Locked(Requirement(first.strip()), tuple(hashes)) for first, *hashes in parts]


def missing(
    locked: Iterable[Locked], requires: Mapping[str, Iterable[str]], environment: Mapping[str, str]
) -> Iterator[str]:
    """What the locked packages need in an environment and the lock lacks, extras included.

    `requires`: the `Requires-Dist` lines of each package, by its canonical name. Markers are read for `environment`.
    """
    present: dict[str, set[str]] = {}
    for entry in locked:
        if _holds(entry.requirement.marker, environment, ""):
            present.setdefault(canonicalize_name(entry.requirement.name), set()).update(entry.requirement.extras)
    for name in sorted(present):
        for line in requires.get(name, ()):
            needed = Requirement(line)
            if not any(_holds(needed.marker, environment, extra) for extra in ("", *present[name])):
                continue
            needed_name = canonicalize_name(needed.name)
            extras = present.get(needed_name)
            if extras is None:
                yield f"{name} needs {needed_name}, which is not in the lock"
            elif lacking := needed.extras - extras:
                yield f"{name} needs {needed_name}[{','.join(sorted(lacking))}], and the lock has it without the extra"


def _holds(marker: Marker | None, environment: Mapping[str, str], extra: str) -> bool:
    return marker is None or marker.evaluate({**environment, "extra": extra})


PYPROJECT = ROOT / "pyproject.toml"
RUNTIME_LOCK = ROOT / "requirements.txt"
LOCKS = sorted(
    [
        RUNTIME_LOCK,
        *(
            path.with_suffix(".txt")
            for pattern in ("requirements*.in", "policy/*.in", "examples/*/*.in", "tools/*/*.in")
            for path in ROOT.glob(pattern)
        ),
    ]
)
# Every Python and system that people run this on.
ENVIRONMENTS = [
    {"python_version": version, "python_full_version": f"{version}.0", "sys_platform": system, "platform_system": name}
    for version in ("3.11", "3.12", "3.13", "3.14")
    for system, name in (("linux", "Linux"), ("darwin", "Darwin"))
]
HANG_SECONDS = 600


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_everything_in_a_lock_is_pinned_by_version_and_hash_and_names_no_registry(lock: Path) -> None:
    """A registry of one's own stays one's own."""
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, flags=re.MULTILINE), "an option"
    pinned = entries(text)
    assert pinned
    for entry in pinned:
        (specifier,) = entry.requirement.specifier
        assert specifier.operator == "==", entry
        assert entry.hashes, entry
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", found) for found in entry.hashes), entry


def test_the_locks_that_are_installed_together_agree() -> None:
    """pip refuses two versions of one package."""
    ours, dev = ({e.requirement.name: e.requirement.specifier for e in in_lock(name)} for name in ("", "-dev"))
    assert ours.keys() & dev.keys(), "nothing was compared"
    assert {name: dev[name] for name in ours.keys() & dev.keys()} == {
        name: ours[name] for name in ours.keys() & dev.keys()
    }


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda found: f"{found['python_version']}-{found['sys_platform']}"
)
def test_the_locks_lack_nothing_that_a_package_needs_extras_included(environment: dict[str, str]) -> None:
    """On every Python: as the packages themselves say, which are installed here."""
    locked = [*in_lock(""), *in_lock("-dev")]
    assert list(missing(locked, required_by(locked), environment)) == []


def in_lock(suffix: str) -> list[Locked]:
    """The entries of one of the two locks of `.venv`."""
    return entries((ROOT / f"requirements{suffix}.txt").read_text(encoding="utf-8"))


def required_by(locked: list[Locked]) -> dict[str, list[str]]:
    """What each package that is installed here needs; a lock also has packages for other systems."""
    found: dict[str, list[str]] = {}
    for entry in locked:
        try:
            found[canonicalize_name(entry.requirement.name)] = requires(entry.requirement.name) or []
        except PackageNotFoundError:
            assert entry.requirement.marker, f"{entry.requirement} is not installed"
    return found


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (["pytest-cov==7", "coverage==7"], "pytest-cov needs coverage[toml], and the lock has it without the extra"),
        (["pytest-cov==7"], "pytest-cov needs coverage, which is not in the lock"),
        (["pytest-cov==7", "coverage[toml]==7"], "coverage needs tomli, which is not in the lock"),
        (["pytest-cov==7", "coverage[toml]==7", 'tomli==2 ; python_version >= "3.12"'], "coverage needs tomli"),
        (["pytest-cov==7", "coverage[toml]==7", 'tomli==2 ; python_version < "3.12"'], ""),
    ],
)
def test_what_a_lock_lacks_is_named(lock: list[str], said: str) -> None:
    """The test above can fail: a stripped extra, a package, a package of an extra, one on another Python only."""
    needs = {"pytest-cov": ["Coverage[toml]>=7"], "coverage": ['tomli; python_version < "3.12" and extra == "toml"']}
    found = list(missing(entries("\n".join(lock)), needs, ENVIRONMENTS[0]))
    assert [line[: len(said)] for line in found] == ([said] if said else [])


def test_locks_are_compiled_with_their_extras_and_for_every_python() -> None:
    """The command also reads the locks whose packages are not installed here."""
    (command,) = re.findall(r"uv pip compile (?:.*\\\n)*.*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    for option in ("--universal", "--no-strip-extras", "--generate-hashes", "--no-emit-index-url"):
        assert option in command.split(), option
    (inputs,) = re.findall(r"for input in (.*); do", (ROOT / "Makefile").read_text(encoding="utf-8"))
    compiled = {path for pattern in inputs.split() for path in ROOT.glob(pattern)}
    locks = {RUNTIME_LOCK if path == PYPROJECT else path.with_suffix(".txt") for path in compiled}
    assert locks == set(LOCKS), "a lock that `make lock` does not compile"


def test_the_lock_has_what_pyproject_asks_for_and_the_build_backend() -> None:
    """Dependencies are written once. The backend is in the lock, because the checkout is installed offline."""
    document = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    locked = {canonicalize_name(entry.requirement.name): entry.requirement for entry in in_lock("")}
    assert document["dependency-groups"]["build"] == document["build-system"]["requires"]
    asked = [*document["project"]["dependencies"], *document["build-system"]["requires"]]
    for needed in map(Requirement, asked):
        found = locked[canonicalize_name(needed.name)]
        (pin,) = found.specifier
        assert needed.specifier.contains(pin.version), f"run `make lock`: {needed} is locked as {found}"
        assert needed.extras <= found.extras, needed
        assert (needed.marker is None) == (found.marker is None), needed


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A registry on disk: alpha 1 needs beta[fast]; beta 1 was locked, and beta 2 was published since."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder, "alpha", "1", "Requires-Dist: beta[fast]>=1\n")
    for version in ("1", "2"):
        write_wheel(folder, "beta", version, "Provides-Extra: fast\n")
    return folder


def write_wheel(folder: Path, name: str, version: str, more: str) -> None:
    """A wheel that holds one module."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}.items():
            wheel.writestr(path, text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


@pytest.mark.processes
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_lock_is_installed_as_it_is_and_one_that_lacks_a_package_fails_by_its_name(
    tmp_path: Path, wheels: Path, installer: str
) -> None:
    """Even where a newer version was published and the extra is not in the lock: nothing is resolved."""
    if installer == "uv" and not shutil.which("uv"):
        pytest.skip("uv is not on PATH; with pip the same was tried")
    alpha, beta = (
        f"{name}==1 --hash=sha256:{_sha256(wheels / f'{name}-1-py3-none-any.whl')}\n" for name in ("alpha", "beta")
    )
    (tmp_path / "lock.txt").write_text(alpha, encoding="utf-8")
    status, said = set_up(tmp_path, wheels, installer)
    assert status == 1
    assert "beta" in said
    assert 'stopped at the step "whether a dependency is missing' in said
    (tmp_path / "lock.txt").write_text(alpha + beta.replace("sha256:", "sha256:0")[:-2] + "\n", encoding="utf-8")
    assert set_up(tmp_path, wheels, installer)[0] == 1, "another hash was accepted"
    (tmp_path / "lock.txt").write_text(alpha + beta, encoding="utf-8")
    status, said = set_up(tmp_path, wheels, installer)
    assert (status, said.count("set-up: ")) == (0, 2), said
    listed = [path.name for path in tmp_path.glob("environment/lib/*/site-packages/*.dist-info")]
    assert {"alpha-1.dist-info", "beta-1.dist-info"} <= set(listed)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def set_up(folder: Path, wheels: Path, installer: str) -> tuple[int, str]:
    """Status and output of the script, which installs `lock.txt` into `environment` from the wheels alone."""
    options = ["--with-pip"] if installer == "pip" else []
    environment = {
        **os.environ, "PYTHON": sys.executable,
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels),
    }  # fmt: skip
    done = subprocess.run(
        ["/bin/sh", ROOT / "tools" / "setup_venv.sh", *options, "--into", "environment", "lock.txt"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=HANG_SECONDS,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
