"""Runs the Pulumi CLI on a copy of the project, with everything it keeps in one temporary folder.

The Python language host and the provider plugins come with official releases only. In their place the engine finds
launchers on its PATH that name ports of this process: the Automation API's own language server for inline programs,
which runs the unchanged `__main__.py`, and the imitated providers. The CLI is called as a user calls it, so that its
exit status, its texts and its death are seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from tests.projects import ROOT, Result

PROVIDERS = ("gcp", "github")
PASSPHRASE = "the-tier-s-own-passphrase"  # noqa: S105 - of a state that lives as long as the tests
# The policy pack's environment: `make test-engine` makes it.
POLICY_PYTHON = ROOT / ".venv-policy" / "bin" / "python"
_TIMEOUT_SECONDS = 120
# The engine writes the whole state after every step, which takes most of the time of a stack of a hundred resources.
# That matters to a command that is killed or stopped half-way; all others write it once, at their end.
_WRITTEN_ONCE = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
WRITTEN_AFTER_EVERY_STEP = {"PULUMI_SKIP_CHECKPOINTS": "false"}


class _LanguageHost(LanguageServer):
    """Knows whether a program is still running: the engine ends a real host, and this one lives in our process."""

    def __init__(self, project: Path) -> None:
        super().__init__(lambda: _run_program(project))
        self._running = 0
        self._changed = threading.Condition()

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        self._count(1)
        try:
            return super().Run(request, context)
        finally:
            self._count(-1)

    def wait_for_programs(self) -> None:
        """The SDK keeps settings of the process: two programs at once, or a dying one, would disturb each other."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._running == 0, timeout=_TIMEOUT_SECONDS), "a program hangs"

    def _count(self, change: int) -> None:
        with self._changed:
            self._running += change
            self._changed.notify_all()

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802 - the service's name
        """A policy pack: runs in its own environment, as the official host does, until the engine hangs up."""
        process = subprocess.Popen(
            [POLICY_PYTHON, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory],
            cwd=request.pwd,
            env={**os.environ, **dict(variable.split("=", 1) for variable in request.env)},
            stdout=subprocess.PIPE,
        )
        context.add_callback(process.kill)
        assert process.stdout is not None
        for line in process.stdout:
            yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        return empty_pb2.Empty()


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """`project` is the folder of the copy, `backend` that of the state; `environment` is complete."""

    project: Path
    backend: Path
    environment: dict[str, str]
    wait_for_programs: Callable[[], None]

    def run(self, *arguments: str, **environment: str) -> Result:
        """Runs `pulumi` to its end."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=_TIMEOUT_SECONDS)
        self.wait_for_programs()
        return Result(process.returncode, out, err)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts `pulumi`."""
        return subprocess.Popen(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.project,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def state(self, stack: str) -> dict[str, Any]:
        """The stack's state, as the backend keeps it: secrets encrypted."""
        file = self.backend / ".pulumi" / "stacks" / "readiness" / f"{stack}.json"
        checkpoint: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        latest: dict[str, Any] = checkpoint["checkpoint"].get("latest") or {}
        return latest

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """The state's resources."""
        found: list[dict[str, Any]] = self.state(stack).get("resources", [])
        return found


@contextlib.contextmanager
def engine_in(folder: Path, project: Path, *, pulumi: Path, provider_port: int, apis: str = "") -> Iterator[Engine]:
    """An engine whose home, state and plugins are in `folder`, for the project at `project`.

    Where `apis` is given, a `gcloud` on its PATH sends its arguments to the store at that address.
    """
    programs, backend = folder / "bin", folder / "backend"
    for created in (programs, backend, folder / "home"):
        created.mkdir()
    (programs / "pulumi").symlink_to(pulumi)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    host = _LanguageHost(project)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    _write_launcher(programs / "pulumi-language-python", port)
    for provider in PROVIDERS:
        _write_launcher(programs / f"pulumi-resource-{provider}", provider_port)
    if apis:
        _write_gcloud(programs / "gcloud", apis)
    try:
        yield Engine(
            project=project,
            backend=backend,
            environment=_environment(folder, programs, backend),
            wait_for_programs=host.wait_for_programs,
        )
    finally:
        server.stop(0)


def _run_program(project: Path) -> None:
    """What the language host does: the program runs in its folder."""
    with contextlib.chdir(project):
        runpy.run_path(str(project / "__main__.py"), run_name="__main__")


def _environment(folder: Path, programs: Path, backend: Path) -> dict[str, str]:
    """Nothing of the user's own Pulumi, no network, and a home of its own."""
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        **_WRITTEN_ONCE,
        "HOME": str(folder),
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "NO_COLOR": "1",
        "GOGC": "off",  # commands of a second or two: collecting their garbage costs a tenth of it
    }


def _write_gcloud(file: Path, apis: str) -> None:
    file.write_text(
        f"""#!{sys.executable}
import json, sys, urllib.request
request = urllib.request.Request("{apis}/gcloud", json.dumps(sys.argv[1:]).encode(), method="POST")
answer = json.load(urllib.request.urlopen(request))
print(answer["text"], end="", file=sys.stderr if answer["status"] else sys.stdout)
sys.exit(answer["status"])
""",
        encoding="utf-8",
    )
    file.chmod(0o755)


def _write_launcher(file: Path, port: int) -> None:
    """What the engine starts as the plugin: it names the port in this process and waits to be ended."""
    shell = shutil.which("sh")
    file.write_text(
        f"#!{shell}\necho {port}\nexec >/dev/null 2>&1\nwhile kill -0 $PPID; do sleep 1; done\n", encoding="utf-8"
    )
    file.chmod(0o755)
