"""The shell that runs a step's script, and what swallows failures in shells that do not resemble `sh`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.ci.contexts import Job
from readiness.ci.swallow import Swallow

# GHD workflow-syntax.md: what `shell:` stands for. Without it bash runs with -e alone, and PowerShell on Windows.
_SHELLS = {"": "bash -e {0}", "bash": "bash --noprofile --norc -eo pipefail {0}", "sh": "sh -e {0}"}
# With their versions: `python3.12`.
_OTHERS = re.compile(r"(?:pwsh|powershell|cmd|python|pypy|node|deno|bun|perl|ruby|rscript|julia|php|lua|tclsh)[\d.-]*")
_POSIX = ("bash", "sh", "dash", "ash", "ksh", "mksh", "zsh")
# `nix develop --command bash -e {0}`: what they start has to be a shell of those above.
_STARTERS = ("sudo", "env", "nix", "nix-shell", "dbus-run-session", "xvfb-run")
# Between the two: options, variables, and for nix what it is to open.
_BETWEEN = re.compile(r"-\S*|(?!BASH|SHELLOPTS|ZDOTDIR)\w+=\S*|develop|shell|[\w.:/+-]*#[\w.-]+|\.")
# Whatever is in another folder may be a program of the repository.
_FOLDERS = re.compile(r"(?:/usr(?:/local)?)?/bin/|/opt/homebrew/bin/|[A-Za-z]:[\\/].*[\\/]")
# Without -n (which runs nothing), -c (which makes a text of what follows), -t and -D.
_SHELL_OPTION = re.compile(r"[-+][aefhilmpuvxBCEHPT]*o?|--(?:noprofile|norc|login|posix|verbose)")
_SHELL_OPTION_NAMES = ("errexit", "nounset", "pipefail", "xtrace", "verbose", "errtrace", "functrace", "posix", "igncr")
_INTERPRETER_OPTION = re.compile(
    r"-[uIBsESOwW]+|--(?:color=\w+|project(?:=[\w./@-]+)?|startup-file=no|vanilla|no-init-file|no-restore|no-save|quiet)"
    r"|-(?:NoProfile|NoLogo|NonInteractive|File)",
    re.IGNORECASE,
)
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

    `dialect` names that of `shfmt` in which its scripts are read. `is_known`: what `template`, the text after `shell:`,
    makes of failures.
    """

    name: str
    goes_on: bool
    pipefail: bool
    is_posix: bool
    dialect: str = "bash"
    template: str = ""
    is_known: bool = True


def shell_of(job: Job, step: Mapping[str, Any]) -> Shell:
    """The shell that the step names, else the job's default, else the workflow's, else the runner's."""
    asked = step.get("shell")
    for holder in (job.body, job.workflow.body):
        asked = asked or _at(holder, "defaults", "run", "shell")
    if not asked and "windows" in str(job.body.get("runs-on")).lower():
        asked = "pwsh"
    command = _SHELLS.get(str(asked or ""), str(asked))
    name = _name(command)
    is_posix = _OTHERS.fullmatch(name) is None
    ends = re.search(r"\s-\w*e|\s-o\s+errexit\b", command) is not None and re.search(r"\s\+\w*e", command) is None
    return Shell(
        name=name,
        goes_on=is_posix and "{0}" in command and not ends,
        pipefail="pipefail" in command,
        is_posix=is_posix,
        dialect=_DIALECTS.get(name, "bash"),
        template=str(asked or ""),
        is_known=_is_known(command),
    )


def _name(command: str) -> str:
    """The program that reads the script: without its folder, and without what starts it."""
    words = command.split()
    names = [re.split(r"[\\/]", word)[-1].lower().removesuffix(".exe") for word in words]
    if names[:1] and names[0] in _STARTERS:
        return next((name for name in names if name in _POSIX), names[0])
    return names[0] if names else ""


def _is_known(command: str) -> bool:
    """Whether the template only starts a known shell or interpreter, with options that change no status, on the script.

    GitHub takes python, pwsh, powershell and cmd by name; every other name needs {0}.
    """
    words = command.split()
    name = _name(command)
    if words == [name] and name in ("python", *_WINDOWS_SHELLS):
        return True
    if not words or words[-1] != "{0}" or words.count("{0}") != 1 or re.search(r"[|&;<>`$'\"]", command):
        return False
    if words[0] in _STARTERS:
        at = next((index for index, word in enumerate(words) if word in _POSIX), len(words) - 1)
        if not all(map(_BETWEEN.fullmatch, words[1:at])):
            return False
        words = words[at:]
    folder = words[0][: len(words[0]) - len(re.split(r"[\\/]", words[0])[-1])]
    if folder and not _FOLDERS.fullmatch(folder):
        return False
    options = words[1:-1]
    if name in _POSIX:
        return all(
            _SHELL_OPTION.fullmatch(option) or (option in _SHELL_OPTION_NAMES and before.endswith("o"))
            for before, option in zip(["", *options], options, strict=False)
        )
    return _OTHERS.fullmatch(name) is not None and all(map(_INTERPRETER_OPTION.fullmatch, options))


def other_swallows(script: str, shell: Shell) -> Iterator[Swallow]:
    """What swallows a failure in PowerShell and cmd. Scripts in Python and other languages are not examined."""
    if shell.name not in _WINDOWS_SHELLS:
        return
    for found in _SWALLOWS.finditer(script):
        message = f"`{' '.join(found.group().split())}` makes a success of the failure"
        yield Swallow(
            line=script.count("\n", 0, found.start()), message=message, hint="Write only what stands before it"
        )
    if last := _ENDS_WELL.search(script):
        message = f"ends with `{last.group(1)}`, whatever stands before it"
        yield Swallow(line=script.count("\n", 0, last.start(1)), message=message, hint="Remove it")


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
