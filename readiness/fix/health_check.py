"""Fixes Python code that uses a method or attribute that no connection pool of SQLAlchemy has.

`engine.pool.invalid()` raises AttributeError, so a health check with this call reports a healthy database as broken.
The fix corrects a misspelt method. If there is no such method, it removes the line of the dictionary's entry.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.fix.checkout import Checkout

# The public names of QueuePool, NullPool, StaticPool, SingletonThreadPool, AssertionPool and the asynchronous pools
# in SQLAlchemy 1.4.54, 2.0.23 and 2.0.44: `dir()` of each class and of an instance.
POOL_NAMES = frozenset(
    {"checkedin", "checkedout", "connect", "connection", "dispatch", "dispose", "echo", "logger", "logging_name",
     "overflow", "recreate", "size", "status", "timeout"}
)  # fmt: skip
_MEANT = {"pool_size": "size", "get_status": "status", "current_overflow": "overflow"}


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongName:
    """A use of a name that no pool has. `edit` is the new text of its line, None to remove the line.

    `refused` is why there is no edit. `key` is the key of the entry whose line is removed.
    """

    line: int
    name: str
    key: str = ""
    edit: str | None = None
    refused: str = ""


def pool_files(checkout: Checkout) -> Iterator[str]:
    """The Python files that read an engine's pool."""
    for path in checkout.paths:
        if path.endswith(".py") and not (checkout.folder / path).is_symlink() and _mentions_pool(checkout, path):
            yield path


def _mentions_pool(checkout: Checkout, path: str) -> bool:
    data = (checkout.folder / path).read_bytes() if (checkout.folder / path).is_file() else b""
    return re.search(rb"engine\w*\s*\.\s*pool\b", data) is not None


def wrong_names(text: str) -> list[WrongName]:
    """The wrong names in a file, by line. Raises SyntaxError if it is not Python."""
    tree = ast.parse(text)
    lines = text.split("\n")
    asked_before = {
        call.args[1].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("hasattr", "getattr")
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    }
    found: list[WrongName] = []
    for function in _scopes(tree):
        pools = _pool_variables(function)
        for node in _own_nodes(function):
            if not isinstance(node, ast.Attribute) or not _is_pool(node.value, pools):
                continue
            if node.attr not in asked_before | POOL_NAMES and not node.attr.startswith("_"):
                found.append(_judged(node, tree, lines))
    return sorted(found, key=lambda wrong: wrong.line)


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of functions inside it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            waiting += ast.iter_child_nodes(node)


def _pool_variables(scope: ast.AST) -> frozenset[str]:
    """The variables in the scope to which only an engine's pool is assigned."""
    assigned: dict[str, bool] = {}
    for node in _own_nodes(scope):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                assigned[target.id] = assigned.get(target.id, True) and _is_engine_pool(node.value)
    return frozenset(name for name, is_pool in assigned.items() if is_pool)


def _is_engine_pool(node: ast.AST) -> bool:
    """Whether the node is `….pool` of a name or attribute that ends with `engine`."""
    if not isinstance(node, ast.Attribute) or node.attr != "pool":
        return False
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return owner.lower().endswith("engine")


def _is_pool(node: ast.AST, pools: frozenset[str]) -> bool:
    return _is_engine_pool(node) or (isinstance(node, ast.Name) and node.id in pools)


def _judged(node: ast.Attribute, tree: ast.Module, lines: list[str]) -> WrongName:
    line = node.end_lineno or node.lineno
    written = lines[line - 1]
    meant = _MEANT.get(node.attr) or (close if (close := node.attr.replace("_", "")) in POOL_NAMES else None)
    if meant:
        end = len(written.encode()[: node.end_col_offset].decode())
        return WrongName(line=line, name=node.attr, edit=f"{written[: end - len(node.attr)]}{meant}{written[end:]}")
    entry = _entry_of(node, tree)
    if entry is None:
        return WrongName(line=line, name=node.attr, refused="it is not the whole value of a dictionary's entry")
    key, value = entry
    is_alone = key.lineno == value.end_lineno == line and re.fullmatch(
        rf"\s*(['\"]){re.escape(str(key.value))}\1\s*:\s*[\w.]+\.{node.attr}(\(\))?\s*,\s*(#.*)?", written.rstrip("\r")
    )
    if not is_alone:
        return WrongName(line=line, name=node.attr, refused="the entry is not on its own line with a comma after it")
    return WrongName(line=line, name=node.attr, key=str(key.value))


def _entry_of(node: ast.Attribute, tree: ast.Module) -> tuple[ast.Constant, ast.expr] | None:
    for found in ast.walk(tree):
        for key, value in zip(found.keys, found.values, strict=True) if isinstance(found, ast.Dict) else ():
            is_it = value is node or (isinstance(value, ast.Call) and value.func is node and not value.args)
            if is_it and isinstance(key, ast.Constant):
                return key, value
    return None


def reads_key(text: str, key: str) -> bool:
    """Whether Python code reads the key from some dictionary: `info["invalid"]`, `info.get("invalid")`."""
    quoted = rf"(['\"]){re.escape(key)}\1"
    return re.search(rf"[\w)\]]\s*\[\s*{quoted}\s*\]|\.(?:get|pop)\(\s*(['\"]){re.escape(key)}\2", text) is not None


def corrected(text: str) -> str:
    """The text without the wrong names that have an edit. Raises SyntaxError if the text is not Python."""
    while wrong := next((name for name in wrong_names(text) if not name.refused), None):
        lines = text.split("\n")
        lines[wrong.line - 1 : wrong.line] = [] if wrong.edit is None else [wrong.edit]
        text = "\n".join(lines)
    return text
