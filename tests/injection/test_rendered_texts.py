"""What is still accepted is text, and nothing else, in every file and document that shows it."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator

import pytest
import yaml

from readiness.documents.pages import page_texts
from readiness.documents.runbook import runbook_texts
from readiness.plan.offline_plan import Plan, plan_stack
from readiness.rules.stack import check_config
from readiness.settings.stack_files import StackConfig
from tests.docs.shell import shell_blocks
from tests.injection.hostile import FREE_TEXT, field_of, with_everywhere
from tests.pinned_clock import TODAY
from tests.projects import EVERY_OPTION, folder_of

# Ends a word, a string, a cell, a tag, a comment and a mapping, wherever one of them is not encoded.
NASTY = """x' "$(touch p)" `p` | <b> # y: [a](#b)"""
EXPRESSION = re.compile(r"\$\{\{.*?\}\}")


def files_of(plan: Plan) -> dict[str, str]:
    """Everything that is delivered into the application's repository, by path."""
    declared = [resource.get("files", {}) for resource in plan.resources]
    return {path: text for files in declared for path, text in files.items()}


def documents_of(config: StackConfig) -> dict[str, str]:
    """Every document that names something of the settings."""
    settings = check_config(config, today=TODAY).settings
    assert settings is not None
    stacks = [(EVERY_OPTION, settings)]
    return {**page_texts(stacks), **runbook_texts(stacks)}


@pytest.fixture(scope="module")
def nasty() -> StackConfig:
    """The stack with the value in every free text."""
    config, places = with_everywhere(NASTY)
    assert {"name", "reach", "reason", "workflow", "because"} <= {field_of(path) for path in places} <= set(FREE_TEXT)
    return config


@pytest.fixture(scope="module")
def files(nasty: StackConfig) -> dict[str, str]:
    """The delivered files of that stack."""
    return files_of(plan_stack(folder_of(EVERY_OPTION), nasty))


@pytest.fixture(scope="module")
def documents(nasty: StackConfig) -> dict[str, str]:
    """The documents of that stack."""
    return documents_of(nasty)


def test_every_delivered_file_is_well_formed(files: dict[str, str]) -> None:
    """YAML, TOML and Python, each by its own parser; the value is there as it was written."""
    assert any("touch p" in text for text in files.values())
    for path, text in files.items():
        if path.endswith((".yml", ".yaml")):
            document = yaml.safe_load(text)
            assert isinstance(document, dict), path
            if "touch p" in text:
                assert any(NASTY in found for found in _strings(document)), path
        elif path.endswith(".toml"):
            parsed = tomllib.loads(text)
            if "touch p" in text:
                assert any(NASTY in found for found in _strings(parsed)), path
        else:
            assert path.endswith(".py"), f"{path}: say here how it is parsed"
            ast.parse(text)


def test_no_value_adds_an_expression_or_a_command_to_a_workflow(files: dict[str, str], plans: dict[str, Plan]) -> None:
    """The expressions and the scripts are those of the same stack with its usual values."""
    usual = files_of(plans[EVERY_OPTION])
    assert files.keys() == usual.keys()
    for path, text in files.items():
        if path.endswith((".yml", ".yaml")):
            assert EXPRESSION.findall(text) == EXPRESSION.findall(usual[path]), path
            assert list(_scripts(yaml.safe_load(text))) == list(_scripts(yaml.safe_load(usual[path]))), path


def test_every_command_of_a_document_can_be_pasted(documents: dict[str, str]) -> None:
    """Bash reads each block, and no free text is a word of a command."""
    for path, text in documents.items():
        for block in shell_blocks(text):
            done = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, timeout=60, check=False)
            assert done.returncode == 0, f"{path}: {done.stderr}"
            assert "touch" not in block, path


def test_every_table_of_a_document_keeps_its_cells(documents: dict[str, str]) -> None:
    """A `|` of a value ends no cell, and no value brings a tag of HTML."""
    for path, text in documents.items():
        for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
            assert len({_cells(row) for row in table.splitlines()}) == 1, f"{path}: {table}"
        outside = re.sub(r"^ *```.*?^ *```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
        assert "<b>" not in outside, path


def test_a_name_with_a_quote_is_one_word_of_a_printed_command() -> None:
    """What is quoted for a shell comes back as it was."""
    assert shlex.split(shlex.quote(NASTY)) == [NASTY]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _scripts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "run" and isinstance(item, str):
                yield item
            yield from _scripts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _scripts(item)


def _cells(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row))
