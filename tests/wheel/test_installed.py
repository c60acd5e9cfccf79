"""The commands of an installed wheel, in a project that another team made, without the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from readiness import __version__
from tests.docs.components_page import page_blocks, write_program
from tests.edits import edit
from tests.plan.clones import commit, git
from tests.projects import ROOT
from tests.wheel.conftest import HANG_SECONDS, Installed

pytestmark = pytest.mark.processes

INIT_OPTIONS = (
    "--project=shop-464303", "--project-number=4711", "--region=europe-west1", "--github-owner=shop",
    "--repository=shop-app", "--visibility=public", "--service=shop-api-{env}=backend", "--database=shop-db-{env}",
    "--email=ops@shop.dev", "--image=api", "--registry=shop", "--reviewer=ada:1001", "--stack=staging", "--stack=prod",
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed project of a shop, as `readiness init` writes it."""
    folder = tmp_path_factory.mktemp("shop")
    made = installed.run("init", str(folder), *INIT_OPTIONS, cwd=folder)
    assert made.status == 0, made.text
    git(folder, "init", "--quiet")
    commit(folder, "Declare the shop")
    return folder


def test_the_checkout_is_not_found(installed: Installed, tmp_path: Path) -> None:
    """Neither by the import path nor by an import: the other tests here would prove nothing."""
    code = """
import importlib.util, json, sys
import readiness, readiness.components.alert_policies
found = [name for name in ("components", "tests", "tools") if importlib.util.find_spec(name)]
print(json.dumps([readiness.__file__, found, sys.path]))
"""
    done = installed.python(code, cwd=tmp_path)
    assert done.status == 0, done.err
    file, found, path = json.loads(done.out)
    assert Path(file).is_relative_to(installed.folder)
    assert found == []
    assert str(ROOT) not in path


def test_the_program_of_the_page_on_components_works_with_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """As the page has it: its test passes, and a strict type check reads the components' types."""
    write_program(tmp_path, for_the_wheel=True)
    (test,) = (block for block in page_blocks("python") if "set_mocks" in block)
    (tmp_path / "test_alerts.py").write_text(test, encoding="utf-8")
    code = "import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '--rootdir', '.']))"
    done = installed.python(code, cwd=tmp_path)
    assert done.status == 0, done.text
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    program = tmp_path / "__main__.py"
    assert type_errors(installed, program) == ""
    program.write_text(program.read_text(encoding="utf-8").replace("severity=", "severty="), encoding="utf-8")
    assert "severty" in type_errors(installed, program)


def type_errors(installed: Installed, program: Path) -> str:
    """What pyrefly says of the program in the environment of the wheel; empty where it finds nothing."""
    pyrefly = [Path(sys.executable).with_name("pyrefly"), "check", "--python-interpreter-path"]
    command = [*pyrefly, installed.folder / "bin" / "python", program.name]
    done = subprocess.run(
        command, cwd=program.parent, capture_output=True, text=True, check=False, timeout=HANG_SECONDS
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_the_version_is_printed(installed: Installed, tmp_path: Path) -> None:
    """For a report of a mistake, or to see whether an upgrade has arrived."""
    done = installed.run("--version", cwd=tmp_path)
    assert (done.status, done.out) == (0, f"readiness {__version__}\n")


def test_the_project_installs_the_wheel_that_wrote_it(installed: Installed, shop: Path, wheel: Path) -> None:
    """In a workflow too, where nothing of this machine is: not a package of that name from an index."""
    copy = shop / "wheels" / wheel.name
    assert (shop / "requirements.txt").read_text(encoding="utf-8") == f"./wheels/{wheel.name}\n"
    assert copy.read_bytes() == wheel.read_bytes()
    assert f"/{copy.parent.name}/ @ada" in (shop / ".github" / "CODEOWNERS").read_text(encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--no-deps", "--ignore-installed"]
    done = subprocess.run(
        [*pip, "--requirement", "requirements.txt"],
        cwd=shop, capture_output=True, text=True, check=False, timeout=HANG_SECONDS,
    )  # fmt: skip
    assert f"Would install readiness-{__version__}" in done.stdout, done.stderr


def test_a_wheel_that_is_not_there_is_warned_of(installed: Installed, tmp_path: Path) -> None:
    """Another than the installed one cannot be copied; the path says where it has to be."""
    done = installed.run("init", ".", *INIT_OPTIONS, "--package=wheels/readiness-9.0-py3-none-any.whl", cwd=tmp_path)
    assert done.status == 0, done.text
    assert "requirements.txt: names wheels/readiness-9.0-py3-none-any.whl, which is not there" in done.err
    assert not (tmp_path / "wheels").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check",), "ok staging"),
        (("check", "--plan"), "ok staging"),
        (("plan", "prod"), "gcp:monitoring/alertPolicy:AlertPolicy  alerts-high-error-rate  __main__.py:"),
        (("rules", "prod"), "alert: HighErrorRate"),
        (("docs",), "docs/ROLLBACK_RUNBOOK.md"),
        (("runbook", "--check"), "ok docs/runbook.md"),
        (("schema",), '"$schema"'),
        (("cleanup", "simulate", "prod"), None),
        (("audit",), None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_works_in_the_project(
    installed: Installed, shop: Path, arguments: tuple[str, ...], said: str | None
) -> None:
    """From a folder elsewhere too; where something is missing here, it says what in one line."""
    done = installed.run(*arguments, cwd=shop)
    assert "Traceback" not in done.err
    if said is None:
        assert done.status == 1
    else:
        assert done.status == 0, done.text
        assert said in done.out
    if arguments == ("check",):
        elsewhere = installed.run(*arguments, "--project", str(shop), cwd=installed.folder)
        assert elsewhere == done


def test_the_alerts_of_the_shop_are_proven(
    installed: Installed, shop: Path, promtool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On thresholds of its own: what is built in names nobody else's services."""
    monkeypatch.setenv("PATH", f"{promtool.parent}{os.pathsep}{os.environ['PATH']}")
    edit(shop, "error_ratio: 0.05", "error_ratio: 0.02", "Pulumi.yaml")
    alerts = ("HighErrorRate", "ContainerCrashLoop")
    done = installed.run("test", "prod", *(f"--alert={name}" for name in alerts), "--format", "json", cwd=shop)
    edit(shop, "error_ratio: 0.02", "error_ratio: 0.05", "Pulumi.yaml")
    assert done.status == 0, done.text
    answer = json.loads(done.out)
    assert [entry["result"] for entry in answer["alerts"]] == ["passed", "passed"]
    assert answer["incidents"] > 30
    assert "> 0.02" in answer["alerts"][0]["query"]
    assert "shop-api-prod" in answer["alerts"][0]["query"]
    without = installed.run("test", "prod", "--alert=Nothing", cwd=shop)
    assert (without.status, without.out) == (1, "")


def test_the_plan_of_a_commit_without_a_toolkit_of_its_own_is_made_by_the_installed_one(
    installed: Installed, shop: Path
) -> None:
    """`readiness diff --base`: no change at first, then the threshold that was edited, under the version's name."""
    assert installed.run("diff", "--base", "HEAD", "--exit-code", cwd=shop).status == 0
    edit(shop, "latency_ms: 5000", "latency_ms: 4000", "Pulumi.yaml")
    done = installed.run("diff", "--base", "HEAD", "--exit-code", "--format", "markdown", cwd=shop)
    edit(shop, "latency_ms: 4000", "latency_ms: 5000", "Pulumi.yaml")
    assert done.status == 2, done.text
    assert "alerts-high-latency" in done.out
    assert f"readiness {__version__}" in done.out.rstrip().splitlines()[-1]
