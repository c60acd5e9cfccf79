"""The token of a resource's type is written in one file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from readiness import resource_types
from tests.projects import ROOT

_HOME = Path("readiness") / "resource_types.py"
_TOKEN = re.compile(r"(gcp|github|pulumi):[\w./]+:\w+")


def _code() -> list[Path]:
    folders = ("readiness", "components", "policy", "tools")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_other_file_writes_the_token_of_a_resource_type() -> None:
    """A second copy is missed when a type gets a rule, a right or a contract: import it from resource_types.py."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} writes {node.value}; import it from {_HOME}"
        for path in _code()
        if path != ROOT / _HOME
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TOKEN.fullmatch(node.value)
    ]
    assert found == []


def test_every_name_has_a_type_of_its_own() -> None:
    """Two names for one type would be two places again."""
    tokens = [value for name, value in vars(resource_types).items() if name.isupper() and not name.startswith("_")]
    assert all(_TOKEN.fullmatch(token) for token in tokens)
    assert len(tokens) == len(set(tokens)) > 20
