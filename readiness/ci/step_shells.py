"""The shell that runs a step's script, and what loses failures in shells that do not resemble `sh`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.ci.reported_checks import Job
from readiness.ci.shell.commands import lost
from readiness.finding import Finding

# The command of each `shell:`. Without `shell:`, bash runs with -e alone, and PowerShell on Windows. Source:
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
_TEMPLATES = {"": "bash -e {0}", "bash": "bash --noprofile --norc -eo pipefail {0}", "sh": "sh -e {0}"}
_WINDOWS_SHELLS = ("pwsh", "powershell", "cmd")
# `shfmt`'s dialect of each shell that reads scripts much as `sh` does.
_DIALECTS = {
    "bash": "bash",
    **dict.fromkeys(("sh", "dash", "ash"), "posix"),
    "ksh": "mksh",
    "mksh": "mksh",
    "zsh": "zsh",
}
# A template is known where it only starts a shell or an interpreter, with options that change no status, on the script.
# What starts the shell, as in `nix develop --command bash -e {0}`, may have options, variables, and for nix a flake.
_STARTER = (
    r"(?:(?:sudo|env|nix|nix-shell|dbus-run-session|xvfb-run)"
    r"(?:\s+(?:-\S*|(?!BASH|SHELLOPTS|ZDOTDIR)\w+=\S*|develop|shell|[\w.:/+-]*#[\w.-]+|\.))*\s+(?=\w+\s))"
)
# A program in another folder may be one of the repository.
_FOLDER = r"(?:(?:/usr(?:/local)?)?/bin/|/opt/homebrew/bin/|[A-Za-z]:[\\/]\S*[\\/])"
# Without -n (which runs nothing), -c (which makes a text of what follows), -t and -D.
_OPTIONS = (
    r"(?:\s+(?:[-+][aefhilmpuvxBCEHPT]*"
    r"(?:o\s+(?:errexit|nounset|pipefail|xtrace|verbose|errtrace|functrace|posix|igncr))?"
    r"|--(?:noprofile|norc|login|posix|verbose)))*"
)
_SHELL = re.compile(
    rf"(?:{_STARTER}|{_FOLDER}|)(?P<name>{'|'.join(_DIALECTS)})(?:\.exe)?(?P<options>{_OPTIONS})\s+\{{0\}}"
)
_INTERPRETER = re.compile(
    rf"{_FOLDER}?(?P<name>(?:pwsh|powershell|cmd|python|pypy|node|deno|bun|perl|ruby|rscript|julia|php|lua|tclsh)[\d.-]*)"
    r"(?:\.exe)?(?:\s+(?:-[uIBsESOwW]+|--(?:color=\w+|project(?:=[\w./@-]+)?|startup-file=no|vanilla|no-init-file"
    r"|no-restore|no-save|quiet)|-(?:NoProfile|NoLogo|NonInteractive|File)))*\s+\{0\}",
    re.IGNORECASE,
)
_LOSES = re.compile(
    r"\|\|\s*(?:exit(?:\s+/b)?\s+0\b|true\b|echo\b|ver\b|rem\b|write-(?:host|output|warning)\b|\$true\b)", re.IGNORECASE
)
_ENDS_WELL = re.compile(r"^[ \t]*(exit(?:[ \t]+/b)?[ \t]+0)[ \t;]*\s*\Z", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """`template` is the text after `shell:`; `is_known` is whether Readiness knows what it makes of failures.

    `dialect` is that of `shfmt` in which scripts are read; None for shells and interpreters that do not resemble `sh`.
    `goes_on`: it does not end at a command that fails. `pipefail`: a pipe fails where any of its commands does.
    """

    template: str
    is_known: bool = True
    dialect: str | None = None
    goes_on: bool = False
    pipefail: bool = False
    is_of_windows: bool = False


def shell_of(job: Job, step: Mapping[str, Any]) -> Shell:
    """The shell that the step names, else the job's default, else the workflow's, else the runner's."""
    asked = step.get("shell") or _default(job.body) or _default(job.workflow.body)
    if not asked and "windows" in str(job.body.get("runs-on")).lower():
        asked = "pwsh"
    template = str(asked or "")
    command = _TEMPLATES.get(template, template)
    # GitHub takes these by name; every other name needs {0}.
    if command in ("python", *_WINDOWS_SHELLS):
        return Shell(template=template, is_of_windows=command != "python")
    if re.search(r"[|&;<>`$'\"]", command):
        return Shell(template=template, is_known=False)
    if interpreter := _INTERPRETER.fullmatch(command):
        return Shell(template=template, is_of_windows=interpreter["name"].lower() in _WINDOWS_SHELLS)
    shell = _SHELL.fullmatch(command)
    if shell is None:
        return Shell(template=template, is_known=False)
    options, dialect = shell["options"], _DIALECTS[shell["name"]]
    ends = re.search(r"\s-(?:\w*e|\w*o\s+errexit\b)", options) and not re.search(r"\s\+(?:\w*e|\w*o\s+err)", options)
    return Shell(template=template, dialect=dialect, goes_on=not ends, pipefail="pipefail" in options)


def lost_in_windows_shell(script: str) -> Iterator[Finding]:
    """What loses a failure in PowerShell and cmd."""
    for found in _LOSES.finditer(script):
        message = f"`{' '.join(found.group().split())}` turns the failure into a success"
        yield lost(script.count("\n", 0, found.start()), message, "Keep only the command before it")
    if last := _ENDS_WELL.search(script):
        message = f"ends with `{last.group(1)}`, whatever the commands before it return"
        yield lost(script.count("\n", 0, last.start(1)), message, "Remove it")


def _default(body: Mapping[str, Any]) -> Any:
    value: Any = body
    for key in ("defaults", "run", "shell"):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
