"""The shell that runs a step's script, and what swallows failures in shells that do not resemble `sh`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.required_checks.contexts import Job
from readiness.required_checks.swallow import Swallow

# GHD workflow-syntax.md: what `shell:` stands for. Without it bash runs with -e alone, and PowerShell on Windows.
_SHELLS = {"": "bash -e {0}", "bash": "bash --noprofile --norc -eo pipefail {0}", "sh": "sh -e {0}"}
# With their versions: `python3.12`. Any other name, such as `nix` or `sudo`, is taken to start a shell.
_OTHERS = re.compile(r"(?:pwsh|powershell|cmd|python|pypy|node|deno|bun|perl|ruby|rscript|julia|php|lua|tclsh)[\d.-]*")
# The rest, such as `${{ matrix.shell }}`, is read as bash.
_DIALECTS = {"sh": "posix", "dash": "posix", "ash": "posix", "ksh": "mksh", "mksh": "mksh", "zsh": "zsh"}
_WINDOWS_SHELLS = ("pwsh", "powershell", "cmd")
_SWALLOWS = re.compile(
    r"\|\|\s*(?:exit(?:\s+/b)?\s+0\b|true\b|echo\b|ver\b|rem\b|write-(?:host|output|warning)\b|\$true\b)",
    re.IGNORECASE,
)
_ENDS_WELL = re.compile(r"^[ \t]*(exit(?:[ \t]+/b)?[ \t]+0)[ \t;]*\s*\Z", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """`goes_on`: it does not end at a command that fails. `is_posix`: it reads scripts much as `sh` does.

    `dialect` names that of `shfmt` in which its scripts are read.
    """

    name: str
    goes_on: bool
    pipefail: bool
    is_posix: bool
    dialect: str = "bash"


def shell_of(job: Job, step: Mapping[str, Any]) -> Shell:
    """The shell that the step names, else the job's default, else the workflow's, else the runner's."""
    asked = step.get("shell")
    for holder in (job.body, job.workflow.body):
        asked = asked or _at(holder, "defaults", "run", "shell")
    if not asked and "windows" in str(job.body.get("runs-on")).lower():
        asked = "pwsh"
    command = _SHELLS.get(str(asked or ""), str(asked))
    name = command.split()[0].rpartition("/")[2].lower() if command.split() else ""
    is_posix = _OTHERS.fullmatch(name) is None
    ends = re.search(r"\s-\w*e|\s-o\s+errexit\b", command) is not None and re.search(r"\s\+\w*e", command) is None
    return Shell(
        name=name,
        goes_on=is_posix and "{0}" in command and not ends,
        pipefail="pipefail" in command,
        is_posix=is_posix,
        dialect=_DIALECTS.get(name, "bash"),
    )


def other_swallows(script: str, shell: Shell) -> Iterator[Swallow]:
    """What swallows a failure in PowerShell and cmd. Scripts in Python and other languages are not examined."""
    if shell.name not in _WINDOWS_SHELLS:
        return
    for found in _SWALLOWS.finditer(script):
        message = f"`{' '.join(found.group().split())}` makes a success of the failure"
        yield Swallow(
            line=script.count("\n", 0, found.start()), message=message, mend="Write only what stands before it"
        )
    if last := _ENDS_WELL.search(script):
        message = f"ends with `{last.group(1)}`, whatever stands before it"
        yield Swallow(line=script.count("\n", 0, last.start(1)), message=message, mend="Remove it")


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
