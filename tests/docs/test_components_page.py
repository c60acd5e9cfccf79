"""docs/components.md: its program runs outside of this repository, and its tables name what the components take."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from readiness.plan.offline_plan import Plan, plan_stack
from readiness.rules.plan_rules import RULES, plan_findings
from readiness.settings.stack_files import read_stack
from tests.docs.components_page import PAGE, STACK, page_blocks, write_program
from tests.program.test_every_component import CLASSES
from tests.projects import ROOT

MAX_LINES = 20
SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's project, outside of the repository."""
    found = write_program(tmp_path_factory.mktemp("shop"))
    assert not found.is_relative_to(ROOT)
    return found


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    """What the page's program declares."""
    return plan_stack(folder, read_stack(folder, STACK))


def test_the_program_has_at_most_twenty_lines_that_fit_a_screen() -> None:
    """Empty lines count too."""
    lines = page_blocks("python")[0].splitlines()
    assert len(lines) <= MAX_LINES
    assert [line for line in lines if len(line) > 120] == []


def test_the_program_uses_three_components_and_nothing_of_the_toolkit() -> None:
    """Nor another module of the components than theirs."""
    modules = set(re.findall(r"^from (\S+) import", page_blocks("python")[0], flags=re.MULTILINE))
    assert modules == {
        "readiness.components.alert_policies",
        "readiness.components.enabled_apis",
        "readiness.components.notification_channels",
    }


def test_the_program_declares_apis_a_channel_and_a_policy_with_values_of_its_own(plan: Plan) -> None:
    """The policy notifies the channel by its id, and its query is the page's."""
    declared = {resource["name"]: resource for resource in plan.resources}
    assert sorted(declared) == [
        "alerts", "alerts-rush", "apis", "apis-logging", "apis-monitoring", "channels", "channels-email",
        "shop-alerts-live",
    ]  # fmt: skip
    assert declared["channels-email"]["inputs"]["labels"] == {"email_address": "on-call@shop.example"}
    policy = declared["alerts-rush"]["inputs"]
    assert policy["project"] == "shop-464303"
    assert policy["notificationChannels"] == ["<channels-email.id>"]
    assert policy["conditions"][0]["conditionPrometheusQueryLanguage"]["query"].endswith("> 50")
    assert plan.outputs == {"alert_policies": {"rush": "<alerts-rush.id>"}}


def test_the_policy_and_the_channel_wait_for_every_api(plan: Plan) -> None:
    """As the page says of `depends_on`."""
    apis = {resource["urn"] for resource in plan.of_type("gcp:projects/service:Service")}
    assert len(apis) == 2
    waiting = [resource for resource in plan.resources if resource["name"] in ("alerts-rush", "channels-email")]
    assert len(waiting) == 2
    assert all(apis <= set(resource["options"]["dependencies"]) for resource in waiting)


def test_google_takes_what_the_program_declares(plan: Plan) -> None:
    """By the published schemas, and by the rules for queries."""
    rules = [rule for rule in RULES if rule.id in ("api-contract", "alert-query")]
    assert plan_findings(plan.resources, rules=rules) == []


def test_the_program_passes_the_type_check_of_this_repository(tmp_path: Path) -> None:
    """Strict, by what an installed checkout shows."""
    done = type_check(write_program(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_type_check_sees_a_misspelt_argument(tmp_path: Path) -> None:
    """It reads the components' types, and does not take them for unknown."""
    program = write_program(tmp_path) / "__main__.py"
    program.write_text(program.read_text(encoding="utf-8").replace("severity=", "severty="), encoding="utf-8")
    done = type_check(tmp_path)
    assert done.returncode == 1
    assert "severty" in done.stdout


def test_the_components_say_that_they_are_typed() -> None:
    """Without this file mypy skips an installed package, and would say so in the reader's program."""
    assert (ROOT / "components" / "py.typed").is_file()


def test_the_program_passes_the_linter(folder: Path) -> None:
    """By this repository's rules, except the order of imports: one that is too long for a line is written as two."""
    options = ("--config", str(ROOT / "pyproject.toml"), "--ignore", "I001")
    done = run(folder, str(SCRIPTS / "ruff"), "check", *options, "__main__.py")
    assert done.returncode == 0, done.stdout


def test_the_pages_test_passes_where_the_components_are_installed(tmp_path: Path) -> None:
    """In a process that finds them by the installed checkout alone."""
    write_program(tmp_path)
    (test,) = (block for block in page_blocks("python") if "set_mocks" in block)
    (tmp_path / "test_alerts.py").write_text(test, encoding="utf-8")
    done = run(tmp_path, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_table_names_every_component_with_its_arguments_and_outputs() -> None:
    """No more and no less, in the order of the class; arguments with a default are marked as optional."""
    classes = {class_.__name__: class_ for class_ in CLASSES}
    rows = {cells[0].split("`")[1]: cells for cells in table("component")}
    assert list(rows) == sorted(classes)
    for name, (link, _, arguments, outputs) in rows.items():
        file = Path(inspect.getfile(classes[name]))
        assert link == f"[`{name}`](../{file.relative_to(ROOT).as_posix()})"
        assert arguments == fields_cell(args_class(classes[name], f"{name}Args"))
        assert outputs == (", ".join(f"`{output}`" for output in outputs_of(classes[name])) or "none"), name


def test_the_second_table_names_every_other_class_of_arguments() -> None:
    """With its fields."""
    expected = {
        (name, class_.__name__): fields_cell(value)
        for class_ in CLASSES
        for name, value in vars(inspect.getmodule(class_)).items()
        if dataclasses.is_dataclass(value)
        and value.__module__ == class_.__module__
        and name != f"{class_.__name__}Args"
    }
    rows = list(table("class"))
    assert {(cells[0].strip("`"), cells[1].strip("`")): cells[2] for cells in rows} == expected
    assert len(rows) == len(expected)


def table(first: str) -> Iterator[list[str]]:
    """The rows of the page's table whose first heading this is, as cells."""
    _, _, rest = PAGE.partition(f"| {first} | ")
    for line in rest.partition("\n\n")[0].splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def args_class(component: type[pulumi.ComponentResource], name: str) -> Any:
    """A class of the component's own file."""
    return getattr(inspect.getmodule(component), name)


def fields_cell(args: Any) -> str:
    """The fields of a class of arguments, as the page writes them."""
    fields = dataclasses.fields(args)
    optional = [field.name for field in fields if not is_required(field)]
    required = [field.name for field in fields if is_required(field)]
    parts = [", ".join(f"`{name}`" for name in names) for names in (required, optional)]
    return "; ".join(part for part in (parts[0], f"optional {parts[1]}" if optional else "") if part)


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether the constructor needs it."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def outputs_of(component: type[pulumi.ComponentResource]) -> list[str]:
    """The attributes of the class itself that are annotated as outputs."""
    hints = typing.get_type_hints(component, localns=vars(pulumi.output))
    own = inspect.get_annotations(component)
    return [name for name in own if typing.get_origin(hints[name]) is pulumi.Output]


def type_check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs pyrefly on the program with the settings of this repository."""
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return run(folder, str(SCRIPTS / "pyrefly"), "check", "--python-interpreter-path", sys.executable, "__main__.py")


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in a folder, which the interpreter's environment alone leads to the components."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
