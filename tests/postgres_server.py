"""A real PostgreSQL server for one run of the tests: Debian's, in a folder of its own, on the loopback interface.

The server refuses to run as root: then it runs as `postgres`, whom Debian's package makes, or as `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS, PAUSE_SECONDS = 60, 0.05
ROLE = "shop"


class NoPostgresError(Exception):
    """Why no server can be had here."""


def find_programs() -> Path:
    """The folder of `initdb` and `postgres`; Debian keeps it off PATH. Raises NoPostgresError."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError("no PostgreSQL server here: `apt-get install postgresql`, or put initdb on PATH")


class PostgresServer:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self.port = port
        self._programs = programs
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """With a password that the server does not ask for, so that a test sees whether it is shown."""
        return f"postgresql://{ROLE}:planted-password@127.0.0.1:{self.port}/postgres"

    def initialise(self) -> None:
        """Makes the cluster."""
        arguments = ("-D", self._folder / "data", "-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-sync")
        command = [str(part) for part in (self._programs / "initdb", *arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, **_unprivileged(self._folder))
        if done.returncode != 0:
            raise NoPostgresError(f"initdb failed: {done.stderr.strip()[-300:]}")

    def start(self, **settings: str | int) -> None:
        """Starts it and waits until it takes connections."""
        values = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", **settings}
        options = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
        command = [self._programs / "postgres", "-D", self._folder / "data", "-p", self.port, *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, **_unprivileged(self._folder)
            )
        for _ in range(int(START_SECONDS / PAUSE_SECONDS)):
            if self._answers():
                return
            if self._process.poll() is not None:
                break
            time.sleep(PAUSE_SECONDS)
        raise NoPostgresError(f"the server did not start: {(self._folder / 'log').read_text()[-300:]}")

    def stop(self) -> None:
        """Ends every connection and the server, as a failure of the instance does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=START_SECONDS)

    def _answers(self) -> bool:
        ready = (str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run(ready, check=False, capture_output=True).returncode == 0


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server, gone with its folder when the block ends. Raises NoPostgresError."""
    programs = find_programs()
    # Not pytest's own folder: that of root may be entered by root alone.
    folder = Path(tempfile.mkdtemp(prefix="readiness-postgres-"))
    server = PostgresServer(programs, folder, free_port())
    try:
        if (user := _unprivileged(folder).get("user")) is not None:
            shutil.chown(folder, user=user)
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unprivileged(folder: Path) -> dict[str, Any]:
    """What a process of the server is started with."""
    if os.getuid() != 0:
        return {"cwd": folder}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"cwd": folder, "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoPostgresError("the server refuses to run as root, and there is neither `postgres` nor `nobody`")
