"""Reads YAML as the Pulumi engine does, and remembers the line of every value.

Two parsers read a stack file: the engine's (Go, yaml.v3) and ours. PyYAML's own rules are YAML 1.1 (`on` is true,
`1:30` is 90), the engine's are not; the loader here follows the engine. Compared, scalar by scalar, with the loader of
pulumi/pulumi's sdk v3.274.1 (`workspace.LoadProjectStack`). What it reads in a way that few people expect is refused.

A key that is written twice, a merge key and a type tag are refused; the size, the depth and what aliases expand to are
bounded. Everything that is wrong with a readable file is collected, so that it is shown with what is wrong elsewhere.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from readiness.files import FileTooLargeError, NotRegularFileError, read_regular_bytes
from readiness.finding import Finding, RefusedError, Severity
from readiness.secret_shapes import secrets_in

KeyPath = tuple[str | int, ...]
ScalarReader = Callable[[yaml.ScalarNode, KeyPath], Any]

# 200 services take 50 kB. Larger files are no settings, and would keep the parser busy for many seconds.
MAX_FILE_BYTES = 256 * 1024
MAX_VALUES = 50_000
MAX_DEPTH = 50

SECRET_FOUND = "holds what looks like a credential in plain text"  # noqa: S105 - what is said of one

# A piece of PyYAML's complaint, what it means, and what the writer can do about it.
_SYNTAX = (
    (r"'\t'", "a tab is used for indentation", "Indent with spaces, not tabs"),
    ("mapping values are not allowed", "a colon where no key can be", "Indent it right, or quote text that holds `: `"),
    ("could not find expected ':'", "a key without its colon", "Write `key: value`, with a space after the colon"),
    ("cannot start any token", "text that begins with a special character", "Put the text in quotes"),
    ("undefined alias", "text that begins with `*`", "Put the text in quotes"),
    ("unknown escape character", "an unknown escape after a backslash", "Use single quotes, or double the backslash"),
    ("expected <block end>", "the line does not fit the lines above it", "Indent it like its neighbours"),
    ("another document", "a second document begins", "Remove the line `---`"),
)


_BEYOND_UNICODE = re.compile(r"\\U(?!00(?:0[0-9a-fA-F]|10))[0-9a-fA-F]{8}")


@dataclass(slots=True)
class Document:
    """A parsed file: its text and value, the line of every key and item by path from the root, and what is wrong."""

    file: str
    value: Any
    text: str = ""
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)

    def line_of(self, path: KeyPath) -> int | None:
        """The line of the value at `path`, or of the nearest thing above it that exists."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def finding(
        self,
        path: KeyPath,
        message: str,
        hint: str,
        *,
        rule_id: str,
        key: str | None = None,
        line: int | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """A finding about the value at `path`. `key` and `line` replace the path itself, and the line of the value."""
        return Finding(
            rule_id=rule_id,
            file=self.file,
            line=line or self.line_of(path),
            key=path_text(path) if key is None else key,
            message=message,
            hint=hint,
            severity=severity,
        )


_PREFIX = "tag:yaml.org,2002:"

# From here on Go writes a whole number with an exponent (encoding/json, floatEncoder).
_LEAST_WITH_EXPONENT = 1e21


_IMPLICIT: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


class _EngineLoader(yaml.SafeLoader):
    """A SafeLoader whose implicit types are those of the engine's parser."""

    yaml_implicit_resolvers = _IMPLICIT


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(?:0|[1-9][0-9]{0,30})$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    ("merge", r"^<<$", ["<"]),
):
    _EngineLoader.add_implicit_resolver(_PREFIX + _tag, re.compile(_pattern), _first)

# The engine's parser (Go, yaml.v3) is a port of libyaml, which takes a tenth of the time. PyYAML may be built without.
_FAST_LOADER: Any = None
if yaml.__with_libyaml__:
    _FAST_LOADER = type("_FastLoader", (yaml.CSafeLoader,), {"yaml_implicit_resolvers": _IMPLICIT})

_QUOTES = ", or put it in quotes where it is text"

# Plain scalars that are refused: what they look like, what is wrong, how to fix it.
_REFUSED = (
    (r"[-+]?0[0-9_]+", "begins with 0, and is octal to the engine", "Write it without the 0" + _QUOTES),
    (r"[-+]?0[xXoObB][0-9a-fA-F_]+", "is not a decimal number", "Write it in decimal digits" + _QUOTES),
    (r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?", "is a number with `_`", "Write the digits alone" + _QUOTES),
    (r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "is not a finite number", "Write a number" + _QUOTES),
    (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?", "is a date, which the engine would rewrite", "Put it in quotes"),
)


def _why_refused(node: yaml.ScalarNode) -> tuple[str, str] | None:
    """What is wrong with the scalar and how to fix it, or None where every reader reads it alike."""
    if _has_tag(node):
        return "has a YAML tag", "Write a plain value, without `!`"
    if node.style:
        return None
    return next(((message, hint) for form, message, hint in _REFUSED if re.fullmatch(form, node.value)), None)


def _has_tag(node: yaml.Node) -> bool:
    """Whether the file states the node's type, as in `!!int 5`."""
    is_plain = isinstance(node, yaml.ScalarNode) and not node.style
    return node.tag != _resolver.resolve(type(node), node.value, (is_plain, not is_plain))


def _scalar_value(node: yaml.ScalarNode) -> Any:
    """The plain value: None, bool, int, float or text. A whole number is an int however it is written, as in JSON."""
    match node.tag.removeprefix(_PREFIX):
        case "null":
            return None
        case "bool":
            return node.value.lower() == "true"
        case "int":
            return int(node.value)
        case "float" if math.isfinite(number := float(node.value)):
            return int(number) if number.is_integer() and abs(number) < _LEAST_WITH_EXPONENT else number
    return node.value  # also a number that is too large: the engine keeps the text


_resolver = _EngineLoader("")


@functools.lru_cache(maxsize=64)
def composed(text: str) -> yaml.Node | None:
    """The file's nodes by PyYAML's own parser, which nobody changes. Raises what PyYAML raises."""
    return yaml.compose(text, Loader=_EngineLoader)


@functools.lru_cache(maxsize=64)
def _nodes(text: str) -> yaml.Node | None:
    """The file's nodes by libyaml. Their ends are not those of `composed`; their values and first lines are.

    What libyaml refuses is read again by PyYAML's own parser, whose errors say what is wrong.
    """
    if _FAST_LOADER is not None:
        with suppress(yaml.YAMLError, ValueError, OverflowError, RecursionError):
            return yaml.compose(text, Loader=_FAST_LOADER)
    return composed(text)


def read_yaml(
    path: Path,
    file: str,
    *,
    may_be_empty: bool = False,
    max_bytes: int = MAX_FILE_BYTES,
    read_scalar: ScalarReader | None = None,
) -> Document:
    """Parses the file; `file` is its name in messages. Raises RefusedError where there is no value to be had.

    With `may_be_empty`, the value of a file without any is None. `read_scalar` gives the values of scalars in a file
    that the Pulumi engine does not read; by default they are read, and refused, as for the engine.
    """
    text = _read_text(path, file, max_bytes)
    return parse_yaml(text, file, may_be_empty=may_be_empty, read_scalar=read_scalar)


def parse_yaml(
    text: str, file: str, *, may_be_empty: bool = False, read_scalar: ScalarReader | None = None
) -> Document:
    """Parses the text of a file as `read_yaml` does. Raises RefusedError where there is no value to be had."""
    try:
        node = _nodes(text)
    except yaml.MarkedYAMLError as error:
        raise RefusedError([_syntax_problem(error, file), *_secret_problems(text, file)]) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise _refusal(file, line, "holds a character that YAML does not allow", "Save it as plain text") from None
    except RecursionError:
        raise _refusal(file, None, "is nested too deeply to be read", "Write it flatter") from None
    except (ValueError, OverflowError):
        # PyYAML hands the number of a `\U` escape on unchecked, and Python has no such character.
        escape = _BEYOND_UNICODE.search(text)
        line = text.count("\n", 0, escape.start()) + 1 if escape else None
        raise _refusal(file, line, "holds an escape that is no character", "Write the character itself") from None
    if node is None and may_be_empty:
        return Document(file=file, value=None, text=text)
    if node is None:
        raise _refusal(file, 1, "is empty", "Restore it from version control, or copy another stack's file")
    document = Document(file=file, value=None, text=text)
    document.value = _Builder(document, read_scalar).build(node, (), ())
    return document


def _read_text(path: Path, file: str, max_bytes: int) -> str:
    try:
        data = read_regular_bytes(path, max_bytes)
    except NotRegularFileError:
        raise _refusal(file, None, "is not a file", "Put the YAML file in its place") from None
    except FileTooLargeError as error:
        raise _refusal(file, None, f"is {error.strerror}", "Keep only settings in it") from None
    except FileNotFoundError:
        raise _refusal(file, None, "does not exist", "Create it, or name a file that exists") from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise _refusal(file, None, f"cannot be read ({reason})", "Make it a readable file") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        hint = "Save it as UTF-8, or restore it from version control"
        raise _refusal(file, line, "is not UTF-8 text", hint) from None


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    complaint = error.problem or error.context or "unknown"
    # PyYAML quotes what it stumbled over: a token's kind or one character is a help, text may be a secret.
    unquoted = re.sub(r" '(?!<|.'|\\.').*'", "", complaint, flags=re.DOTALL)
    known = ((reason, hint) for piece, reason, hint in _SYNTAX if piece in complaint)
    reason, hint = next(known, (unquoted, "Fix the YAML at that line"))
    line, message = mark.line + 1 if mark else None, f"is not valid YAML: {reason}"
    return Finding(rule_id="yaml-syntax", file=file, line=line, message=message, hint=hint)


def _secret_problems(text: str, file: str) -> list[Finding]:
    hint = "Remove it, revoke it if it was ever committed"
    rule_id, lines = "settings-plain-secret", dict.fromkeys(line for line, _ in secrets_in(text))
    return [Finding(rule_id=rule_id, file=file, line=line, message=SECRET_FOUND, hint=hint) for line in lines]


def _refusal(file: str, line: int | None, message: str, hint: str) -> RefusedError:
    return RefusedError([Finding(rule_id="yaml-file-unreadable", file=file, line=line, message=message, hint=hint)])


class _Builder:
    """Turns composed nodes into plain values, and collects the document's lines and problems on the way."""

    def __init__(self, document: Document, read_scalar: ScalarReader | None) -> None:
        self._document = document
        self._read_scalar = read_scalar
        self._built = 0

    def build(self, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Any:
        """The plain value of `node`; `above` are the identities of the nodes that hold it.

        Raises RefusedError where there is no end to it.
        """
        self._built += 1
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in above or self._built > MAX_VALUES:
            message = "is endless or huge, because of an alias"
            raise RefusedError([self._problem("yaml-nesting", node, path, message, "Write it out")])
        if len(above) > MAX_DEPTH:
            message = "is nested too deeply to be read"
            raise RefusedError([self._problem("yaml-nesting", node, path[:1], message, "Write it flatter")])
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if _has_tag(node):
            self._refuse("yaml-plain-value", node, path, "has a YAML tag", "Write a plain value, without `!`")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, (*above, id(node)))
        return [self.build(item, (*path, index), (*above, id(node))) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<" or _has_tag(key_node):
                message = "has a key that is not plain text"
                self._refuse("yaml-plain-value", key_node, path, message, "Write the keys out")
                continue
            key = key_node.value
            if key in result:
                message = f"is written twice, first in line {self._document.lines[(*path, key)]}"
                self._refuse("settings-repeated-key", key_node, (*path, key), message, "Keep one")
                continue
            self._document.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, (*path, key), above)
        return result

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        if self._read_scalar is not None:
            return self._read_scalar(node, path)
        refused = _why_refused(node)
        if refused is None:
            return _scalar_value(node)
        self._refuse("yaml-plain-value", node, path, *refused)
        return node.value

    def _refuse(self, rule_id: str, node: yaml.Node, path: KeyPath, message: str, hint: str) -> None:
        self._document.problems.append(self._problem(rule_id, node, path, message, hint))

    def _problem(self, rule_id: str, node: yaml.Node, path: KeyPath, message: str, hint: str) -> Finding:
        line, key = node.start_mark.line + 1, path_text(_setting(path))
        return self._document.finding(path, message, hint, rule_id=rule_id, key=key, line=line)


def _setting(path: KeyPath) -> KeyPath:
    """A place in a file as the setting that people and the engine know: without `config:`, `default:`, `value:`."""
    if len(path) < 2 or path[0] != "config":
        return path
    return (path[1], *(path[3:] if path[2:3] in (("default",), ("value",)) else path[2:]))


def path_text(path: KeyPath) -> str:
    """`('readiness:services', 0, 'name')` as `readiness:services[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
