"""`__main__.py` only wires."""

from __future__ import annotations

import ast

from tests.projects import ROOT

TEXT = (ROOT / "__main__.py").read_text(encoding="utf-8")


def test_the_program_has_at_most_60_lines() -> None:
    """What grows belongs into a component."""
    assert len(TEXT.splitlines()) <= 60


def test_the_program_has_no_loop_and_defines_nothing() -> None:
    """No loops over data, comprehensions included; no functions, no classes."""
    loops = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    found = [node for node in ast.walk(ast.parse(TEXT)) if isinstance(node, (*loops, *definitions))]
    assert [ast.unparse(node) for node in found] == []


def test_the_program_asks_only_whether_something_is_declared() -> None:
    """Conditions are a setting, or a setting that is not None; any other decision belongs into the settings."""
    tests = [node.test for node in ast.walk(ast.parse(TEXT)) if isinstance(node, (ast.If, ast.IfExp))]
    for test in (ast.unparse(test) for test in tests):
        assert test.removesuffix(" is not None").replace(".", "").replace("_", "").isalnum(), test
        assert test.startswith("settings."), test
