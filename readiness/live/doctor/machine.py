"""What this machine has: Python, the Pulumi CLI and its login, tools; and of a stack what the engine needs."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from readiness.live.bootstrap import state_bucket
from readiness.live.new_stack import Presence, new_stack, pulumi_answer, stack_presence
from readiness.live.pulumi_cli import (
    PASSPHRASE_PROVIDERS,
    has_passphrase,
    has_python_host,
    project_mapping,
    state_backend,
)
from readiness.live.rows import Outcome, Row, failed, not_checked, passed, row_of
from readiness.settings.model import Settings
from readiness.settings.stack_files import PROJECT_FILE, stack_file_name

MACHINE = "this machine"
# The versions that the tests run on (CONTRIBUTING.md, "Set up").
PYTHONS = ((3, 11), (3, 12), (3, 13))
_INSTALL_PULUMI = "https://www.pulumi.com/docs/install/"
_INSTALL_PYTHON = "https://www.python.org/downloads/"
# What is needed for one command only, and where to get it.
_TOOLS = {
    "gcloud": (
        "to log in to Google and to run the script of `readiness bootstrap`",
        "https://cloud.google.com/sdk/docs/install",
    ),
    "gh": ("to run the script of `readiness bootstrap`", "https://cli.github.com"),
}
_NO_CONNECTION = re.compile(r"dial tcp|no such host|i/o timeout|connection refused|TLS handshake|did not end within")


def machine_rows(root: Path, environment: Mapping[str, str], promtool: Row) -> Iterator[Row]:
    """What every stack needs of this machine. `promtool` is the row of that tool."""
    yield _python()
    yield from _virtual_environment(root)
    search_path = environment.get("PATH", "")
    cli = shutil.which("pulumi", path=search_path)
    if cli is None:
        yield failed("Pulumi CLI", MACHINE, "`pulumi` is not on PATH", _INSTALL_PULUMI)
    else:
        yield _pulumi_version(root)
        if not has_python_host(cli, search_path):
            what = "`pulumi-language-python` is neither beside the CLI nor on PATH"
            yield failed("Pulumi's Python language host", MACHINE, what, _INSTALL_PULUMI)
    for name, (purpose, address) in _TOOLS.items():
        found = shutil.which(name, path=search_path)
        yield (
            passed(name, MACHINE, found) if found else optional(name, MACHINE, f"not on PATH; only {purpose}", address)
        )
    yield promtool


def optional(check: str, subject: str, detail: str, hint: str = "") -> Row:
    """Something that no apply needs."""
    return row_of(Outcome.NOTE, check, subject, detail, hint)


def not_known(check: str, subject: str, detail: str, hint: str = "") -> Row:
    """Something that could not be asked, with what to do about that."""
    return row_of(Outcome.NOT_CHECKED, check, subject, detail, hint)


def _python() -> Row:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] in PYTHONS:
        return passed("Python", MACHINE, version)
    return not_known("Python", MACHINE, f"{version} is newer than what Readiness is tested with", _INSTALL_PYTHON)


def _virtual_environment(root: Path) -> Iterator[Row]:
    """The environment in which the engine runs the program, where Pulumi.yaml names one."""
    runtime = project_mapping(root / PROJECT_FILE).get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    folder = options.get("virtualenv") if isinstance(options, dict) else None
    if not isinstance(folder, str):
        return
    check = "environment of the program"
    if any((root / folder / place).exists() for place in ("bin/python", "Scripts/python.exe")):
        yield passed(check, MACHINE, folder)
        return
    install = f"python3 -m venv {folder} && {folder}/bin/pip install --requirement requirements.txt"
    yield failed(check, MACHINE, f"{PROJECT_FILE} names {folder}, which does not exist", install)


def _pulumi_version(root: Path) -> Row:
    """The version of the CLI. It is not known whether one that is older than the SDK works: it was never tried."""
    answer = pulumi_answer(root, "version")
    found = re.match(r"v?((\d+)\.(\d+)\S*)", answer.out)
    if answer.status != 0 or found is None:
        reason = answer.error or "`pulumi version` prints no version"
        return failed("Pulumi CLI", MACHINE, f"`pulumi` does not run: {reason}", _INSTALL_PULUMI)
    sdk = importlib.metadata.version("pulumi")
    of_sdk = tuple(int(part) for part in sdk.split(".")[:2])
    version = (int(found[2]), int(found[3]))
    if version[0] != of_sdk[0]:
        return failed("Pulumi CLI", MACHINE, f"version {found[1]}, and the SDK is {sdk}", _INSTALL_PULUMI)
    if version < of_sdk:
        return not_known("Pulumi CLI", MACHINE, f"version {found[1]} is older than the SDK {sdk}", _INSTALL_PULUMI)
    return passed("Pulumi CLI", MACHINE, f"version {found[1]}")


def engine_rows(root: Path, stack: str, environment: Mapping[str, str], settings: Settings) -> Iterator[Row]:
    """The backend, the stack in it, and the key of its secrets."""
    subject = f"stack {stack}"
    backend = state_backend(environment, root / PROJECT_FILE)
    bucket = f"gs://{state_bucket(settings.project)}"
    if backend is None:
        yield failed("state backend", subject, "no login, and no PULUMI_BACKEND_URL", f"pulumi login {bucket}")
        for check in ("stack", "secrets provider"):
            yield not_checked(check, subject, "there is no backend to ask")
        return
    if shutil.which("pulumi", path=environment.get("PATH", "")) is None:
        for check in ("state backend", "stack", "secrets provider"):
            yield not_checked(check, subject, "there is no Pulumi CLI to ask with")
        return
    login = _login(root, subject, backend)
    yield login
    wanted = new_stack(root, stack, environment, project=settings.project, region=settings.region)
    presence, reason = Presence.NOT_KNOWN, "the backend does not answer"
    if login.outcome is Outcome.PASS:
        presence, reason = stack_presence(root, stack)
    if presence is Presence.PRESENT:
        yield passed("stack", subject, f"exists in {wanted.backend}")
    elif presence is Presence.ABSENT:
        yield failed("stack", subject, f"does not exist in {wanted.backend}", wanted.command)
    else:
        yield not_known("stack", subject, reason)
    yield _secrets_provider(root, stack, environment, backend, wanted.provider)


def _login(root: Path, subject: str, backend: str) -> Row:
    from readiness.secret_shapes import mask_secrets

    shown = mask_secrets(backend)
    answer = pulumi_answer(root, "whoami", "--non-interactive")
    if answer.status == 0:
        return passed("state backend", subject, f"{shown}, as {answer.out}")
    if _NO_CONNECTION.search(answer.error):
        return not_known("state backend", subject, f"{shown} does not answer: {answer.error}")
    if "missing google credentials" in answer.error:
        return not_known("state backend", subject, f"{shown} was not asked: no Google credentials")
    return failed("state backend", subject, f"{shown}: {answer.error}", f"pulumi login {shown}")


def _secrets_provider(root: Path, stack: str, environment: Mapping[str, str], backend: str, usual: str) -> Row:
    check, subject, file = "secrets provider", f"stack {stack}", stack_file_name(stack)
    declared = str(project_mapping(root / file).get("secretsprovider") or "")
    if declared not in PASSPHRASE_PROVIDERS:
        return passed(check, subject, f"{declared.partition('://')[0]} in {file}")
    if backend.startswith(("https://", "http://")):
        return passed(check, subject, "that of the backend")
    if declared == "" and "encryptionsalt" not in project_mapping(root / file) and usual not in PASSPHRASE_PROVIDERS:
        return not_known(check, subject, f"{file} names none; the command that creates the stack writes it")
    if has_passphrase(environment):
        return passed(check, subject, "a passphrase, which is set; only the engine knows whether it is the right one")
    return failed(check, subject, "the passphrase is not set", "export PULUMI_CONFIG_PASSPHRASE_FILE=FILE")
