"""What `${{ … }}` may put into a script before the shell sees it, as far as the workflow file says so.

GitHub replaces an expression by its text, so `pytest ${{ '|| true' }}` is `pytest || true`. The texts of `env` and
`matrix` in the same file are known; those of `vars`, `secrets`, `inputs`, `steps` and `github` are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.ci.reported_checks import Job
from readiness.ci.shell.commands import lenient_option, lost
from readiness.finding import Finding

_EXPRESSION = re.compile(r"\$\{\{((?:[^'}]|\}(?!\})|'[^']*')*)\}\}")
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
# What a comparison or one of these functions looks at is no part of the text.
_COMPARED = re.compile(r"[=!<>]=?\s*'(?:[^']|'')*'|'(?:[^']|'')*'\s*(?:[=!]=|[<>]=?)")
_CALL = re.compile(
    r"\b(?:contains|startsWith|endsWith|hashFiles)\((?:[^()']|'(?:[^']|'')*'|\([^()]*\))*\)", re.IGNORECASE
)
_REFERENCE = re.compile(r"\b(env|matrix)\.([\w-]+)|\b(env|matrix)\[\s*'([^']*)'\s*\]")
# `-m "not slow"` changes nothing, wherever it is put.
_PLAIN_QUOTES = re.compile(r"\"[\w\s./=:@,*+-]*\"|'[\w\s./=:@,*+-]*'")
_METACHARACTER = re.compile(r"[|&;()`\n\"']|(?:\A|\s)[#!]|\\\Z")
_AT_COMMAND = re.compile(r"(?:\A|[\n;&|({]|\b(?:then|do|else)\s)[ \t]*[\"']?\Z")
_END = re.compile(r"[ \t]*(?:[\n;&|)]|\Z)")
_NO_CHECK = re.compile(r"\s*(?:(?::|true|false|echo|printf|exit|return|exec|set|trap)(?:\s|\Z)|\Z)")


def expression_findings(script: str, job: Job, step: Mapping[str, Any]) -> Iterator[Finding]:
    """Expressions whose text may change what the shell does: its operators, a command that cannot fail, an option."""
    for expression in _EXPRESSION.finditer(script):
        before = script[: expression.start()]
        inside = expression.group(1)
        for text in _texts(inside, job, step):
            is_all = _LITERAL.fullmatch(inside.strip()) is not None
            problem = _problem(text, before, script[expression.end() :], is_all=is_all)
            if problem:
                message = f"`{' '.join(expression.group().split())}` {problem}"
                hint = "Write the text itself, or pass it through `env:` and quote the variable"
                yield lost(before.count("\n"), message, hint)
                break


def _problem(text: str, before: str, after: str, *, is_all: bool) -> str:
    if option := lenient_option(text.split()):
        return f"may be `{option}`, which passes where nothing was looked at, or whatever was found"
    is_comment = before.rsplit("\n", 1)[-1].lstrip().startswith("#") and "\n" not in text
    # `${{ '{{' }}` is how a workflow writes braces for another template.
    is_braces = is_all and re.fullmatch(r"[^|&;<>`\n]*(?:\{\{|\}\})[^|&;<>`\n]*", text) is not None
    if not is_comment and not is_braces and _METACHARACTER.search(_PLAIN_QUOTES.sub("", text)):
        return f"may put {text!r} into the script, so it is not known whether it can fail"
    is_command = _AT_COMMAND.search(before) is not None and (text.strip() != "" or _END.match(after) is not None)
    if is_command and _NO_CHECK.match(text):
        return f"may run {text!r} as the command, so it is not known whether it can fail"
    return ""


def _texts(inside: str, job: Job, step: Mapping[str, Any]) -> Iterator[str]:
    shown = _CALL.sub("", inside)
    yield from _literals(inside)
    for found in _REFERENCE.finditer(shown):
        context, name = found.group(1) or found.group(3), found.group(2) or found.group(4)
        if context == "env":
            yield from _env_texts(name, job, step)
        else:
            yield from _named(job.body.get("strategy"), name)


def _literals(inside: str) -> Iterator[str]:
    """The texts in quotes that may become a part of the expression's value."""
    shown = _COMPARED.sub("", _REFERENCE.sub("", _CALL.sub("", inside)))
    for literal in _LITERAL.finditer(shown):
        yield literal.group(1).replace("''", "'")


def _env_texts(name: str, job: Job, step: Mapping[str, Any]) -> Iterator[str]:
    for holder in (step, job.body, job.workflow.body):
        values = holder.get("env")
        if isinstance(values, Mapping) and name in values:
            yield from _scalars(values[name])
            return


def _named(value: Any, name: str) -> Iterator[str]:
    """Every text below a key of that name, however deep."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _scalars(below) if key == name else _named(below, name)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item, name)


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, (Mapping, list)):
        for below in value.values() if isinstance(value, Mapping) else value:
            yield from _scalars(below)
    elif value is not None:
        # An expression in the value is known by its literals alone.
        text = str(value)
        expressions = list(_EXPRESSION.finditer(text))
        rest = _EXPRESSION.sub("", text)
        if rest or not expressions:
            yield rest
        for expression in expressions:
            yield from _literals(expression.group(1))
