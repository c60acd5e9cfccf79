"""What another version of Readiness changes in the plans of a project, with the settings as they are.

The other version is installed with pip into an environment of its own, which is deleted afterwards. No file of the
project is written.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from readiness.files import read_regular_text
from readiness.finding import Finding, RefusedError
from readiness.plan.plan_diff import StackDiff, diff_plans
from readiness.plan.plan_file import SecretMask, plan_from, read_plan
from readiness.plan.program_process import TIMEOUT_SECONDS
from readiness.secret_shapes import mask_secrets

REQUIREMENTS = "requirements.txt"
PACKAGE = "readiness"
# The timeout against a hang. Without a cache, pip fetches some 100 MB of SDKs.
_INSTALL_SECONDS = 1800
# A requirement of Readiness as PEP 508 has it (the name, then extras, a version, an address, a marker or nothing), or
# the path or address of its wheel.
_OWN_LINE = re.compile(
    rf"{PACKAGE}(\[[^\]]*\])?\s*([=<>!~@;].*)?|(\S*/)?{PACKAGE}-\d[\w.+!-]*\.whl(\s.*)?", re.IGNORECASE
)
# Options of pip's requirements file that name a file: relative to the file that they are in.
_FILE_OPTION = re.compile(r"(-r|-c|--requirement|--constraint)(\s+|=)(?!/|\w+://)(.+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """The versions, which are equal for two builds of one version, and the differences that the new one makes."""

    old: str
    new: str
    diffs: tuple[StackDiff, ...]


def required_package(root: Path) -> str | None:
    """The requirement of Readiness in the project's requirements.txt, None where the file has none or is missing.

    Raises RefusedError where the file has several, or cannot be read.
    """
    found = [text for text in _requirements(root) if _OWN_LINE.fullmatch(text)]
    if len(found) > 1:
        _refuse(REQUIREMENTS, f"names {PACKAGE} {len(found)} times", "Keep one of the lines")
    return re.sub(r"\s*--hash[= ].*", "", found[0]) if found else None


def compare_versions(
    root: Path,
    package: str | None,
    stacks: Sequence[str],
    *,
    installed: str,
    before_install: Callable[[], None] = lambda: None,
) -> Upgrade:
    """The plans of these stacks by the installed version and by another one, which must be given as pip takes it.

    `package` replaces the requirement of Readiness in requirements.txt; None installs what the file says.
    `before_install` is called when nothing is left to refuse here. Raises RefusedError for whatever keeps a plan from
    being made, by either version.
    """
    secrets = SecretMask()
    # First: what is wrong here is known before anything is fetched.
    old = {stack: plan_from(_planned_here(root, stack), file=stack, secrets=secrets) for stack in stacks}
    before_install()
    with _environment(root, package) as programs:
        version = _version(programs)
        processes = {stack: _start_plan([str(programs / PACKAGE)], root, stack) for stack in stacks}
        problems: list[Finding] = []
        diffs: list[StackDiff] = []
        with ExitStack() as cleanup:
            for process in processes.values():
                cleanup.callback(_end, process)
            for stack, process in processes.items():
                place = f"the plan of {stack} by {PACKAGE} {version}"
                try:
                    new = read_plan(_printed_plan(process, root), file=place, secrets=secrets)
                except PlanFailedError as failed:
                    problems += (_plan_problem(place, line) for line in failed.lines)
                else:
                    diffs.append(diff_plans(old[stack], new))
    if problems:
        raise RefusedError(problems)
    return Upgrade(old=installed, new=version, diffs=tuple(diffs))


def _planned_here(root: Path, stack: str) -> object:
    """The plan of a stack of the working tree, as its JSON form. Raises RefusedError with every problem."""
    from readiness.plan.offline_plan import plan_stack
    from readiness.rules.stack import check_stack, require_settings
    from readiness.settings.stack_files import read_stack

    require_settings(check_stack(root, stack))
    return plan_stack(root, read_stack(root, stack)).as_dict()


class PlanFailedError(Exception):
    """Another process made no plan; `lines` are its errors, or its last line, without `error: `."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("; ".join(self.lines))


def _start_plan(command: Sequence[str], folder: Path, stack: str) -> subprocess.Popen[bytes]:
    """Starts `COMMAND plan STACK --format json` in the folder."""
    hidden = ("PYTHON", "PULUMI_CONFIG")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "CI": "", "NO_COLOR": "1"}
    words = [*command, "plan", "--format", "json", "--", stack]
    return subprocess.Popen(  # noqa: S603 - a fixed command; the stack's name is one that has a file
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )


def _printed_plan(process: subprocess.Popen[bytes], folder: Path) -> bytes:
    """The plan that the process prints, waited for. Raises PlanFailedError; paths in it are those below `folder`."""
    try:
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise PlanFailedError([f"it has not ended after {TIMEOUT_SECONDS} s"]) from None
    if process.returncode:
        lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        reasons = errors or lines[-1:] or ["it printed no message"]
        raise PlanFailedError([line.replace(f"{folder}/", "") for line in reasons])
    return out


def _plan_problem(place: str, reason: str) -> Finding:
    hint = "Change the settings or the program to suit that version; the installed version makes a plan from them"
    return Finding(rule_id="upgrade-plan", file=place, message=f"cannot be made: {reason.rstrip('.')}", hint=hint)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.communicate()


@contextmanager
def _environment(root: Path, package: str | None) -> Iterator[Path]:
    """The folder of the programs of a new environment that has the requirements; deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="readiness-upgrade-") as name:
        folder = Path(name)
        environment = folder / "environment"
        # This environment's pip installs into that one; where it has none, the new one gets its own.
        has_pip = find_spec("pip") is not None
        made = _run([sys.executable, "-m", "venv", *(["--without-pip"] if has_pip else []), str(environment)], root)
        if made.returncode:
            hint = "`python3 -m venv` must work: on Debian and Ubuntu, install the package python3-venv"
            _refuse("python3 -m venv", f"cannot create an environment: {_last_line(made)}", hint)
        programs = environment / "bin"
        file = root / REQUIREMENTS
        if package is not None:
            file = folder / REQUIREMENTS
            file.write_text("\n".join([*other_requirements(root), package]) + "\n", encoding="utf-8")
        into = [sys.executable, "-m", "pip", "--python", str(environment)]
        pip = into if has_pip else [str(programs / "python"), "-m", "pip"]
        options = ["--quiet", "--disable-pip-version-check", "--no-input"]
        done = _run([*pip, "install", *options, "--requirement", str(file)], root)
        if done.returncode:
            _refuse_install(package or required_package(root) or PACKAGE, done)
        yield programs


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    # Such a variable would give the new environment the packages of this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        return subprocess.run(  # noqa: S603 - pip and Python's own module, with a file or a checked version
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        _refuse(" ".join(command[1:4]), f"has not ended after {_INSTALL_SECONDS} s", "Check the network, and try again")


def _version(programs: Path) -> str:
    done = _run([str(programs / PACKAGE), "--version"], programs)
    version = done.stdout.strip().removeprefix(f"{PACKAGE} ")
    if done.returncode or not version:
        _refuse(f"{PACKAGE} --version", f"fails in the new version: {_last_line(done)}", "Choose another version")
    return version


def _refuse_install(package: str, done: subprocess.CompletedProcess[str]) -> NoReturn:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = errors[-1] if errors else _last_line(done)
    reached = "" if "Retrying (" not in done.stderr else "the package index cannot be reached; "
    shown = mask_secrets(package)
    hint = f"Check the version, the network, and `pip config list`; `pip download '{shown}'` shows more"
    _refuse(shown, f"pip cannot install it: {reached}{mask_secrets(reason).rstrip('.')}", hint)


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    return mask_secrets(lines[-1]) if lines else f"status {done.returncode}"


def _requirements(root: Path) -> list[str]:
    """The requirements and options of the project's file, without comments, each with its continuation lines."""
    path = root / REQUIREMENTS
    try:
        text = read_regular_text(path)
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        _refuse(REQUIREMENTS, "is not UTF-8 text", "Save it as UTF-8")
    except OSError as error:
        _refuse(REQUIREMENTS, f"cannot be read ({error.strerror})", "Make it a readable file")
    joined = text.replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]


def other_requirements(root: Path) -> list[str]:
    """All but Readiness itself; files that they name are found from anywhere."""
    found: list[str] = []
    for line in _requirements(root):
        option = _FILE_OPTION.fullmatch(line)
        if option is not None:
            found.append(f"{option[1]}{option[2]}{root / option[3]}")
        elif not _OWN_LINE.fullmatch(line):
            found.append(line)
    return found


def _refuse(place: str, message: str, hint: str) -> NoReturn:
    raise RefusedError([Finding(rule_id="upgrade-check", file=place, message=message, hint=hint)])
