"""The real `pulumi preview`: what it needs on this machine, and running it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def missing_for_preview(environment: Mapping[str, str], *, stack_file: Path) -> list[str]:
    """What a real preview needs and this machine lacks, one sentence each; empty when nothing is missing."""
    search_path = environment.get("PATH", "")
    missing = []
    cli = shutil.which("pulumi", path=search_path)
    if cli is None:
        missing.append("the Pulumi CLI: `pulumi` is not on PATH")
    elif not _has_python_host(cli, search_path):
        missing.append("Pulumi's Python language host: `pulumi-language-python` is neither beside the CLI nor on PATH")
    if not _has_google_credentials(environment):
        missing.append(
            "Google Cloud credentials: run `gcloud auth application-default login`, or set "
            "GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_OAUTH_ACCESS_TOKEN"
        )
    backend = _backend(environment)
    if backend is None:
        missing.append("a state backend: run `pulumi login`, or set PULUMI_BACKEND_URL or PULUMI_ACCESS_TOKEN")
    elif not backend.startswith("https://") and not _has_secrets_key(environment, stack_file):
        missing.append("the passphrase of the stack's secrets: set PULUMI_CONFIG_PASSPHRASE or its _FILE")
    return missing


def run_preview(root: Path, stack: str) -> int:
    """Runs `pulumi preview` in the project's folder with the terminal handed through; returns its exit status."""
    command = ["pulumi", "preview", "--stack", stack, "--diff"]
    return subprocess.run(command, cwd=root, check=False).returncode  # noqa: S603 - a fixed command


def _has_python_host(cli: str, search_path: str) -> bool:
    beside = Path(cli).resolve().parent / "pulumi-language-python"
    return beside.is_file() or shutil.which("pulumi-language-python", path=search_path) is not None


def _has_google_credentials(environment: Mapping[str, str]) -> bool:
    if any(environment.get(name) for name in ("GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_CREDENTIALS")):
        return True
    named = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return Path(named).is_file()
    folder = environment.get("CLOUDSDK_CONFIG") or str(_home(environment) / ".config" / "gcloud")
    return (Path(folder) / "application_default_credentials.json").is_file()


def _backend(environment: Mapping[str, str]) -> str | None:
    """The address of the state backend, as the CLI finds it."""
    if environment.get("PULUMI_BACKEND_URL"):
        return environment["PULUMI_BACKEND_URL"]
    if environment.get("PULUMI_ACCESS_TOKEN"):
        return "https://api.pulumi.com"
    home = environment.get("PULUMI_HOME") or str(_home(environment) / ".pulumi")
    try:
        current = json.loads((Path(home) / "credentials.json").read_text(encoding="utf-8")).get("current")
    except (OSError, ValueError, AttributeError):
        return None
    return current or None


def _has_secrets_key(environment: Mapping[str, str], stack_file: Path) -> bool:
    """A key service needs none; the passphrase provider, which is the default, does."""
    if "secretsprovider:" in stack_file.read_text(encoding="utf-8"):
        return True
    return any(name in environment for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"))


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or "~").expanduser()
