"""The real `pulumi preview`: what it needs on this machine, and running it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from readiness.files import read_regular_text
from readiness.live.google_login import LOG_IN, credential_source
from readiness.refusal import RefusedError
from readiness.settings.stack_files import PROJECT_FILE
from readiness.settings.strict_yaml import read_yaml

_CREDENTIAL_KEYS = ("gcp:credentials", "gcp:accessToken")
# These managers keep the key of a stack's secrets in a passphrase; every other one is a key service.
_PASSPHRASE_PROVIDERS = ("", "default", "passphrase")


def missing_for_preview(environment: Mapping[str, str], *, stack_file: Path) -> list[str]:
    """What a real preview needs and this machine lacks, one sentence each; empty when nothing is missing."""
    search_path = environment.get("PATH", "")
    stack = _mapping(stack_file)
    missing = []
    cli = shutil.which("pulumi", path=search_path)
    if cli is None:
        missing.append("the Pulumi CLI: `pulumi` is not on PATH")
    elif not _has_python_host(cli, search_path):
        missing.append("Pulumi's Python language host: `pulumi-language-python` is neither beside the CLI nor on PATH")
    if not _has_google_credentials(environment, stack):
        missing.append(f"Google Cloud credentials: {LOG_IN}")
    backend = _backend(environment, stack_file.parent / PROJECT_FILE)
    if backend is None:
        missing.append("a state backend: run `pulumi login`, or set PULUMI_BACKEND_URL or PULUMI_ACCESS_TOKEN")
    elif not backend.startswith(("https://", "http://")) and not _has_secrets_key(environment, stack):
        missing.append("the passphrase of the stack's secrets: set PULUMI_CONFIG_PASSPHRASE or its _FILE")
    return missing


def run_preview(root: Path, stack: str) -> int:
    """Runs `pulumi preview` in the project's folder with the terminal handed through; returns its exit status."""
    command = ["pulumi", "preview", "--stack", stack, "--diff"]
    return subprocess.run(command, cwd=root, check=False).returncode  # noqa: S603 - a fixed command


def _has_python_host(cli: str, search_path: str) -> bool:
    beside = Path(cli).resolve().parent / "pulumi-language-python"
    return beside.is_file() or shutil.which("pulumi-language-python", path=search_path) is not None


def _has_google_credentials(environment: Mapping[str, str], stack: Mapping[str, Any]) -> bool:
    if any(key in (stack.get("config") or {}) for key in _CREDENTIAL_KEYS):
        return True
    source = credential_source(environment)
    return source is not None and (source.file is None or source.file.is_file())


def _backend(environment: Mapping[str, str], project_file: Path) -> str | None:
    """The address of the state backend, in the order in which the CLI looks for it."""
    if environment.get("PULUMI_BACKEND_URL"):
        return environment["PULUMI_BACKEND_URL"]
    declared = _mapping(project_file).get("backend")
    if isinstance(declared, dict) and isinstance(declared.get("url"), str) and declared["url"]:
        return declared["url"]
    home = environment.get("PULUMI_CREDENTIALS_PATH") or environment.get("PULUMI_HOME")
    folder = Path(home) if home else _home(environment) / ".pulumi"
    try:
        current = json.loads(read_regular_text(folder / "credentials.json")).get("current")
    except (OSError, ValueError, AttributeError):
        current = None
    if isinstance(current, str) and current:
        return current
    return "https://api.pulumi.com" if environment.get("PULUMI_ACCESS_TOKEN") else None


def _has_secrets_key(environment: Mapping[str, str], stack: Mapping[str, Any]) -> bool:
    """A key service needs none; the passphrase provider, which is the default, does. An empty passphrase is one."""
    if str(stack.get("secretsprovider") or "") not in _PASSPHRASE_PROVIDERS:
        return True
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return True
    return Path(environment.get("PULUMI_CONFIG_PASSPHRASE_FILE") or "no file").is_file()


def _mapping(file: Path) -> Mapping[str, Any]:
    """The top level of a file of the project. It has been checked: one that cannot be read says nothing here."""
    try:
        value = read_yaml(file, file.name).value
    except RefusedError:
        return {}
    return value if isinstance(value, dict) else {}


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or "~").expanduser()
