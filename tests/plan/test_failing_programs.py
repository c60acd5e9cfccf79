"""A program that cannot be planned: one error, its place in the program, and the program's own message."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import RefusedError
from readiness.plan.offline_plan import plan_stack
from readiness.settings.stack_files import StackConfig
from tests.plan.small_programs import refusal_of
from tests.projects import Command, readiness

APPLY_THAT_FAILS = """
import pulumi
from pulumi_gcp import monitoring

def upper(text):
    return text.uper()

monitoring.NotificationChannel("mail", type="email", display_name=pulumi.Output.from_input("x").apply(upper))
pulumi.export("x", pulumi.Output.from_input("x").apply(upper))
"""


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("import pulumi\nraise ValueError('no such thing')\n", 2, "ValueError: no such thing"),
        ("import nothing_of_this_name\n", 1, "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("x = 1\ny = ]\n", 2, "SyntaxError: unmatched ']'"),
        ("import sys\n\nsys.exit(3)\n", 3, "the program ends itself with status 3"),
        (APPLY_THAT_FAILS, 6, "AttributeError: 'str' object has no attribute 'uper'"),
        ("import pulumi\npulumi.export('x', float('inf'))\n", None, "ValueError: "),
    ],
    ids=["raises", "import", "syntax", "exit", "apply", "not JSON"],
)
def test_a_failure_names_the_line_and_gives_the_message(
    tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    """The innermost line of the program itself, not of the SDK; None where it fails after its last line."""
    problem = refusal_of(tmp_path, text)
    assert (problem.file, problem.line) == ("__main__.py", line)
    assert message in problem.message
    assert problem.hint


def test_the_line_of_a_failing_apply_is_found_every_time(tmp_path: Path) -> None:
    """Which of several waiting outputs fails first is a matter of chance; the line is not."""
    assert {refusal_of(tmp_path, APPLY_THAT_FAILS).line for _ in range(10)} == {6}


def test_a_failure_in_a_module_of_the_program_names_that_module(tmp_path: Path) -> None:
    """Where the mistake is, not where it shows."""
    (tmp_path / "a_broken_module_of_this_test.py").write_text("def go():\n    return {}['key']\n", encoding="utf-8")
    problem = refusal_of(tmp_path, "from a_broken_module_of_this_test import go\ngo()\n")
    assert (problem.file, problem.line) == ("a_broken_module_of_this_test.py", 2)


def test_what_cannot_be_planned_offline_names_the_line_that_asks_for_it(tmp_path: Path) -> None:
    """A read and a duplicate fail in the recorder, and are still the program's lines."""
    read = "\nfrom pulumi_gcp import monitoring\nmonitoring.AlertPolicy.get('old', 'projects/p/alertPolicies/1')\n"
    twice = "import pulumi_gcp\nfor _ in range(2):\n  pulumi_gcp.monitoring.NotificationChannel('a', type='email')\n"
    assert (refusal_of(tmp_path, read).line, refusal_of(tmp_path, twice).line) == (3, 3)
    assert "which needs the network" in refusal_of(tmp_path, read).message


def test_a_missing_program_is_refused(tmp_path: Path) -> None:
    """A folder with a Pulumi.yaml and no `__main__.py`."""
    with pytest.raises(RefusedError, match=r"^__main__\.py: does not exist\. Write the Pulumi program"):
        plan_stack(tmp_path, StackConfig(stack="dev", file="Pulumi.dev.yaml"))


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_command_prints_one_error_and_nothing_else(project: Path, form: str, command: Command) -> None:
    """No plan, no traceback, no warning of the SDK about what was cut short, one process's end included; status 1."""
    (project / "__main__.py").unlink()
    (project / "__main__.py").write_text(
        "import warnings\nfrom pulumi_gcp import monitoring\n"
        "old = monitoring.AlertPolicy.get('old', 'projects/p/alertPolicies/1')\n"
        "monitoring.NotificationChannel('mail', type='email', display_name=old.name.apply(lambda name: name + 1))\n",
        encoding="utf-8",
    )
    run = readiness if form == "text" else command
    done = run("plan", "staging", "--format", form, cwd=project)
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith("error: __main__.py:3: gcp:monitoring/alertPolicy:AlertPolicy 'old' is read")
