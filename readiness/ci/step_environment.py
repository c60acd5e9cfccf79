"""Variables of a step, its job and its workflow that change what a shell or a test runner does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.ci.contexts import Job
from readiness.ci.lenient_options import lenient_option
from readiness.finding import Finding
from readiness.settings.strict_yaml import KeyPath

# Before the script bash reads a file (BASH_ENV), options (SHELLOPTS, BASHOPTS) and functions, zsh ZDOTDIR/.zshenv.
_OF_THE_SHELL = re.compile(r"BASH_ENV|SHELLOPTS|BASHOPTS|BASH_FUNC_.*|ZDOTDIR")
_SETS = re.compile(r"\b(BASH_ENV|SHELLOPTS|BASHOPTS|ZDOTDIR)=")
# The options with which the program that reads the variable runs no test, or passes whatever happens.
_PYTEST = frozenset(
    {"--collect-only", "--co", "--setup-plan", "--fixtures", "--fixtures-per-test", "--funcargs", "--markers",
     "--cache-show", "--version", "-V", "--help", "-h"}
)  # fmt: skip
_MAKE = frozenset(
    {"-i", "-n", "-q", "-t", "--just-print", "--dry-run", "--recon", "--question", "--touch", "--ignore-errors"}
)
_OPTIONS_OF = {"PYTEST_ADDOPTS": _PYTEST, "MAKEFLAGS": _MAKE, "GNUMAKEFLAGS": _MAKE}


def environment_findings(job: Job, where: KeyPath, values: Any, holder: str) -> Iterator[Finding]:
    """What the variables at `where` change. `holder` names what has them, for example `step 'Tests'`."""
    for name, value in values.items() if isinstance(values, Mapping) else ():
        if _OF_THE_SHELL.fullmatch(name):
            message = f"{holder}: {name} changes what a shell does before its script, so it is not known"
            message += " whether that can fail"
            yield job.workflow.finding(
                rule_id="required-check-environment",
                path=(*where, name),
                message=message,
                hint="Remove the variable",
            )
            continue
        words = _words(name, str(value))
        refused = _OPTIONS_OF.get(name, frozenset())
        if option := lenient_option(words) or next((word for word in words if word in refused), None):
            message = f"{holder}: `{option}` passes where nothing was looked at, or whatever was found"
            yield job.workflow.finding(
                rule_id="required-check-environment",
                path=(*where, name),
                message=message,
                hint="Remove the option",
            )


def shell_variable_set_in(script: str) -> tuple[int, str] | None:
    """Line (from 0) and name of such a variable that a script sets, here or through GITHUB_ENV for later steps."""
    found = _SETS.search(script)
    return (script.count("\n", 0, found.start()), found.group(1)) if found else None


def _words(name: str, value: str) -> list[str]:
    """The value as words. The first one of MAKEFLAGS may be letters without a hyphen, and letters may be joined."""
    words = value.split()
    if name not in ("MAKEFLAGS", "GNUMAKEFLAGS"):
        return words
    found: list[str] = []
    for index, word in enumerate(words):
        letters = re.fullmatch(r"-([a-zA-Z]+)" if index else r"-?([a-zA-Z]+)", word)
        found += [f"-{letter}" for letter in letters.group(1)] if letters else [word]
    return found
