"""Which object of a revision a `commit()` or `rollback()` acts on, and what that does to the run.

The name alone says nothing: a commit of a session that was opened on the connection of the migration ends no
transaction, while the same call on the connection itself does. So every name is followed from its assignment:
through `if`, `for`, `with` and `try`, and into the functions of the same file. What each combination does was measured
on PostgreSQL 15 (tests/ci/test_migrations_on_postgres.py). A receiver that is not known is not judged.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Literal

from readiness.finding import Finding

Kind = Literal[
    "context",  # Alembic's, of which `connection` is the connection of the migration
    "connection",  # the connection of the migration, or the transaction on it
    "driver",  # the connection of the driver below it
    "cursor",  # of the driver
    "session",  # joins the transaction of the migration: a commit flushes, a rollback takes all of the run back
    "controlling session",  # join_transaction_mode="control_fully": both act on the transaction of the run
    "savepoint session",  # join_transaction_mode="create_savepoint": both act on a savepoint
    "factory",  # of sessions, without a bind
    "engine",
    "own connection",  # of an engine, or a session on one: a transaction of its own
]
Kinds = frozenset[Kind]
Environment = dict[str, Kinds]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_UNKNOWN: Kinds = frozenset()

_SESSION_MODES: dict[str, Kind] = {"control_fully": "controlling session", "create_savepoint": "savepoint session"}
# What an attribute of a known object is, with or without a call.
_OF_SESSION: dict[str, Kind] = dict.fromkeys(("bind", "connection", "get_bind"), "connection")
_MEMBERS: dict[Kind, dict[str, Kind]] = {
    "context": dict.fromkeys(("bind", "connection"), "connection"),
    "connection": {
        **dict.fromkeys(("begin", "execution_options", "get_transaction"), "connection"),
        "connection": "driver",
        "engine": "engine",
    },
    "driver": {"cursor": "cursor", "dbapi_connection": "driver", "driver_connection": "driver"},
    "cursor": {"connection": "driver"},
    "session": _OF_SESSION,
    "controlling session": _OF_SESSION,
    "engine": {
        **dict.fromkeys(("begin", "connect", "raw_connection"), "own connection"),
        "execution_options": "engine",
    },
    "own connection": {
        **dict.fromkeys(("begin", "connection", "execution_options"), "own connection"),
        "engine": "engine",
    },
}
# A rollback of these takes back the transaction of the run.
_OF_THE_RUN: tuple[Kind, ...] = ("connection", "driver", "session", "controlling session")
_SAME_AS_SESSION = ("begin", "get_transaction", "registry")

LEAVES = "leaves the transaction of the migration, so that a failure after it leaves half of the change"
ON_ITS_CONNECTION = "Run what is inside on the connection of the migration: the run commits once, at its end"
_TAKES_BACK = "takes back everything that the run has done, and the run fails"
_BESIDE = "commits beside the transaction of the migration: if the migration fails, that part of the change stays"
_REMOVE = "Remove it: the run commits once, at its end"
_FLUSH = 'Write flush() in its place, or leave out join_transaction_mode="control_fully"'
_SAVEPOINT = "Put the part that may fail into `with ….begin_nested():`, or raise an error to stop the run"
_ONE_CONNECTION = "Run the statements on op.get_bind(), or on Session(bind=op.get_bind()), which the run commits"

# Message and hint. What is not listed is harmless, or not known.
_VERDICTS: dict[tuple[str, Kind], tuple[str, str]] = {
    ("commit", "connection"): (LEAVES, _REMOVE),
    ("commit", "driver"): (LEAVES, _REMOVE),
    ("commit", "controlling session"): (LEAVES, _FLUSH),
    ("commit", "own connection"): (_BESIDE, _ONE_CONNECTION),
    ("begin", "engine"): (_BESIDE, _ONE_CONNECTION),
    **{("rollback", kind): (_TAKES_BACK, _SAVEPOINT) for kind in _OF_THE_RUN},
    ("autocommit", "driver"): (LEAVES, "Remove it"),
    ("autocommit", "own connection"): (_BESIDE, _ONE_CONNECTION),
}


def leaving(file: str, line: int, what: str, message: str, hint: str) -> Finding:
    """A call or an assignment that leaves the transaction of the run."""
    rule_id = "migration-leaves-transaction"
    return Finding(rule_id=rule_id, file=file, line=line, key=what, message=message, hint=hint)


def leaving_calls(file: str, tree: ast.Module) -> list[Finding]:
    """Every call of `commit` or `rollback`, and every assignment of `autocommit`, on an object known to be harmful.

    Raises RecursionError where the revision is nested too deeply.
    """
    reader = _Reader(file, tree)
    reader.read(tree)
    return sorted(reader.found, key=lambda finding: (finding.line or 0, finding.key))


class _Reader:
    """Runs the statements of a revision on kinds in place of values."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.found: set[Finding] = set()
        self._file = file
        nodes = list(ast.walk(tree))
        self._functions = {node.name: node for node in nodes if isinstance(node, FunctionNode)}
        # Each name that is imported, with what it is called where it comes from.
        imported = (alias for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names)
        self._imported = {alias.asname or alias.name: alias.name for alias in imported}
        self._module: Environment = {}
        # What a function returns for these arguments; while it runs, nothing is known: it may call itself.
        self._results: dict[tuple[str, frozenset[tuple[str, Kinds]]], Kinds] = {}
        self._returned: list[Kinds] = []

    def read(self, tree: ast.Module) -> None:
        """Runs the module, then each function with arguments of which nothing is known."""
        self._run(tree.body, self._module)
        self._results.clear()
        for function in self._functions.values():
            self._run_function(function, {})

    def _run_function(self, function: FunctionNode, arguments: Environment) -> Kinds:
        known = {name: kinds for name, kinds in arguments.items() if kinds}
        key = (function.name, frozenset(known.items()))
        if key not in self._results:
            self._results[key] = _UNKNOWN
            outer = self._returned
            self._returned = list[Kinds]()
            self._run(function.body, {**self._module, **dict.fromkeys(_parameters(function), _UNKNOWN), **known})
            self._results[key] = _union(self._returned)
            self._returned = outer
        return self._results[key]

    def _run(self, statements: Sequence[ast.stmt], names: Environment) -> None:
        for statement in statements:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    pass
                case ast.With() | ast.AsyncWith():
                    for item in statement.items:
                        kinds = self._value(item.context_expr, names)
                        if item.optional_vars is not None:
                            self._assign(item.optional_vars, kinds, names)
                    self._run(statement.body, names)
                case ast.Return(value=value) if value is not None:
                    self._returned.append(self._value(value, names))
                case ast.Assign(targets=targets, value=value):
                    kinds = self._value(value, names)
                    for target in targets:
                        self._assign(target, kinds, names)
                case ast.AnnAssign(target=target, value=value) if value is not None:
                    self._assign(target, self._value(value, names), names)
                case _:
                    self._run_branches(statement, names)

    def _run_branches(self, statement: ast.stmt, names: Environment) -> None:
        """Each block begins with what is known before the statement; after it, a name is what any block made it."""
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                self._value(child, names)
        if isinstance(statement, ast.For | ast.AsyncFor):
            self._assign(statement.target, _UNKNOWN, names)
        branches = [dict(names) for _ in _blocks(statement)]
        for block, branch in zip(_blocks(statement), branches, strict=True):
            self._run(block, branch)
        # One of two branches always runs; any other block may be passed over.
        ends = branches if isinstance(statement, ast.If) and statement.orelse else [*branches, dict(names)]
        for name in {name for end in ends for name in end}:
            names[name] = _union(end.get(name, _UNKNOWN) for end in ends)

    def _assign(self, target: ast.expr, kinds: Kinds, names: Environment) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = kinds
            case ast.Attribute(value=value, attr="autocommit"):
                self._judge(target, self._value(value, names), "autocommit")
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._assign(part, _UNKNOWN, names)
            case _:
                self._value(target, names)

    def _value(self, node: ast.AST, names: Environment) -> Kinds:
        """What the expression is; judges every call in it."""
        match node:
            case ast.Name(id=name):
                return names.get(name, _UNKNOWN)
            case ast.Attribute(value=value, attr=name):
                return _member(self._value(value, names), name)
            case ast.Call():
                return self._call(node, names)
            case ast.NamedExpr(target=target, value=value):
                kinds = self._value(value, names)
                self._assign(target, kinds, names)
                return kinds
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._value(test, names)
                return self._value(body, names) | self._value(orelse, names)
            case ast.Await(value=value):
                return self._value(value, names)
        for child in ast.iter_child_nodes(node):
            self._value(child, names)
        return _UNKNOWN

    def _call(self, node: ast.Call, names: Environment) -> Kinds:
        arguments = [self._value(argument, names) for argument in node.args]
        keywords = {keyword.arg or "**": self._value(keyword.value, names) for keyword in node.keywords}
        called = node.func
        if isinstance(called, ast.Name) and (function := self._functions.get(called.id)):
            return self._run_function(function, dict(zip(_parameters(function), arguments, strict=False)) | keywords)
        bind = keywords.get("bind") or _union(arguments[:1])
        # `Session` for `orm.Session` and for an imported name, whatever it is called here.
        name = self._imported.get(called.id, "") if isinstance(called, ast.Name) else getattr(called, "attr", "")
        match name:
            case "Session":
                return _session_on(bind, node)
            case "sessionmaker":
                return _session_on(bind, node) or frozenset[Kind]({"factory"})
            case "scoped_session":
                return bind
            case "create_engine" | "engine_from_config":
                return frozenset[Kind]({"engine"})
        if not isinstance(called, ast.Attribute):
            made = self._value(called, names)
            return _session_on(keywords.get("bind", _UNKNOWN), node) if "factory" in made else made
        receiver = self._value(called.value, names)
        self._judge(node, receiver, name)
        if not receiver and name in ("get_bind", "get_context"):
            return frozenset[Kind]({"connection" if name == "get_bind" else "context"})
        return _member(receiver, name)

    def _judge(self, node: ast.expr, kinds: Kinds, name: str) -> None:
        verdict = next((_VERDICTS[name, kind] for kind in sorted(kinds) if (name, kind) in _VERDICTS), None)
        if verdict is not None:
            what = name if name == "autocommit" else f"{name}()"
            self.found.add(leaving(self._file, node.lineno, what, *verdict))


def _member(kinds: Kinds, name: str) -> Kinds:
    members = {_MEMBERS.get(kind, {}).get(name) for kind in kinds}
    if name in _SAME_AS_SESSION:
        members |= {kind for kind in kinds if kind.endswith("session")}
    return frozenset(kind for kind in members if kind is not None)


def _session_on(bind: Kinds, call: ast.Call) -> Kinds:
    """A session, or a factory of sessions, that is bound to one of `bind`; nothing is known of one without a bind."""
    mode = next((keyword.value for keyword in call.keywords if keyword.arg == "join_transaction_mode"), None)
    joined = _SESSION_MODES.get(str(mode.value), "session") if isinstance(mode, ast.Constant) else "session"
    kinds: set[Kind] = set()
    if "connection" in bind:
        kinds.add(joined)
    if bind & {"engine", "own connection"}:
        kinds.add("own connection")
    return frozenset(kinds)


def _parameters(function: FunctionNode) -> list[str]:
    arguments = function.args
    return [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of statements inside a statement, those of its handlers and cases too."""
    blocks = [getattr(statement, name, None) or [] for name in ("body", "orelse", "finalbody")]
    inner = [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    return [block for block in (*blocks, *(part.body for part in inner)) if block]


def _union(kinds: Iterable[Kinds]) -> Kinds:
    return frozenset[Kind]().union(*kinds)
