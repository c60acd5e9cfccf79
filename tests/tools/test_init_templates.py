"""The templates of `readiness init` are this repository's own program and workflows, and nothing else."""

from __future__ import annotations

import pytest

from tests.projects import ROOT
from tools import init_templates
from tools.init_templates import TEMPLATES, main, program, templates

WORKFLOW = (ROOT / ".github" / "workflows" / "pull-request.yml").read_text(encoding="utf-8")


def test_the_committed_templates_are_what_is_made() -> None:
    """`make docs` writes them."""
    for name, text in templates().items():
        committed = (TEMPLATES / name).read_text(encoding="utf-8")
        assert committed == text, f"{name} is not what this repository's own file makes; run `make docs`"
    assert main(["--check"]) == 0


def test_the_program_loses_only_former_places() -> None:
    """What is declared below another parent in an earlier release is so nowhere else."""
    source = '''"""Ours."""

import pulumi

from components.a import A
from components.resource_options import moved_from
from readiness.program import load_settings

shared = "x:y:Z"
in_shared = f"{shared}::shared"
one = A("one", moved_from(in_shared))
A(
    "two",
    load_settings(),
    moved_from(in_shared, former_type="é", depends_on=[one]),
)
'''
    made = program(source)
    assert made.startswith('"""The Pulumi program')
    assert made.endswith("""
import pulumi
from readiness.components.a import A
from readiness.program import load_settings

one = A("one")
A(
    "two",
    load_settings(),
    pulumi.ResourceOptions(depends_on=[one]),
)
""")


def test_a_former_place_that_is_left_is_an_error() -> None:
    """In a form that is not rewritten, it would end in the programs of others."""
    with pytest.raises(ValueError, match="moved_from"):
        program('"""Ours."""\n\noptions = [moved_from("x:y:Z")]\n')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bash .ci/run", "bash .ci/walk"),
        ("  pythons:\n", "  versions:\n"),
        ("python3 -m tools.list_stacks", "python3 -m tools.stacks"),
    ],
)
def test_a_workflow_that_changed_is_an_error_until_the_template_follows(old: str, new: str) -> None:
    """Else a project's workflow would run what only this repository has."""
    assert old in WORKFLOW
    with pytest.raises(ValueError, match=r"pull-request\.yml: .*tools/init_templates\.py"):
        init_templates._pull_request(WORKFLOW.replace(old, new))


@pytest.mark.parametrize("name", ["plans.yml", "judge.yml", "merge-queue.yml"])
def test_the_workflows_that_judge_differ_in_the_set_up_alone(name: str) -> None:
    """A project's own judge is this repository's, line by line, but for how the toolkit is installed."""
    own = (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    made = (TEMPLATES / name).read_text(encoding="utf-8")
    install = "      - run: python -m venv .venv && .venv/bin/pip install --requirement requirements.txt\n"
    assert made == own.replace("      - run: make .venv/.ready\n", install)
    assert made.count(install) == (2 if name == "plans.yml" else 1)
    with pytest.raises(ValueError, match=rf"{name}: .*tools/init_templates\.py"):
        init_templates._MAKERS[name](own.replace("make .venv/.ready", "make other"))
