"""`__main__.py` connects settings and components, and contains no logic of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.projects import ROOT

PROGRAM = ast.parse((ROOT / "__main__.py").read_text(encoding="utf-8"))


def test_the_program_defines_nothing() -> None:
    """A function or a class belongs in a component or in the toolkit, where it can be tested."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [ast.unparse(node) for node in ast.walk(PROGRAM) if isinstance(node, definitions)] == []


def test_the_program_is_flat() -> None:
    """Conditions and loops are nested at most three deep, counting the one on shared resources. None has an `else`."""
    assert max(depths(PROGRAM)) == 3
    assert not [node for node in ast.walk(PROGRAM) if isinstance(node, ast.If | ast.For) and node.orelse]
    assert not [node for node in ast.walk(PROGRAM) if isinstance(node, ast.While | ast.Try | ast.With | ast.Match)]


def depths(node: ast.AST, depth: int = 0) -> Iterator[int]:
    """The number of conditions and loops around each node."""
    yield depth
    for child in ast.iter_child_nodes(node):
        yield from depths(child, depth + isinstance(child, ast.If | ast.For))


def test_the_program_asks_only_whether_something_is_declared() -> None:
    """A condition is a setting, or whether one is None. Any other decision belongs in the settings."""
    for node in ast.walk(PROGRAM):
        if isinstance(node, ast.If):
            names = [part for part in ast.walk(node.test) if isinstance(part, ast.Call | ast.BoolOp | ast.BinOp)]
            is_walrus = isinstance(node.test, ast.NamedExpr)
            assert is_walrus or not names, ast.unparse(node.test)


def test_only_the_owner_of_shared_resources_imports_githubs_sdk() -> None:
    """The SDK is slow to import, and a stack without shared resources does not need it."""
    at_the_top = {node.module for node in PROGRAM.body if isinstance(node, ast.ImportFrom)}
    assert at_the_top
    for module in at_the_top:
        if module and module.startswith("components."):
            text = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
            assert "pulumi_github" not in text, module
