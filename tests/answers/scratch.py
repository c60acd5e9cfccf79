"""Runs `readiness` in a scratch project, cut off from everything that differs between machines and days.

The clock stands still, no name is resolved, and the environment holds no credential. Only the command line is called:
the recorded answers stay valid when modules move.
"""

from __future__ import annotations

import contextlib
import io
import os
import platform
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn
from unittest import mock

import time_machine

import components as components  # before a copy of the project is planned: the plan shall show these
from readiness import __version__
from readiness.audit.report import PAGE_PATH
from readiness.cli.main import run
from readiness.plan import base_plan, offline_plan
from readiness.plan.offline_plan import Plan
from tests.answers.corpus import Answer
from tests.plan_memory import Outcome, remembering, remembering_programs
from tests.projects import EVERY_OPTION_FILE, FIRST_CUSTOMER, ROOT, SMALL

# When every command is run.
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
_FOLDERS = {"root": FIRST_CUSTOMER, "small": SMALL, "every-option": EVERY_OPTION_FILE.parent}
PROJECTS = tuple(_FOLDERS)
_PROGRAM = ("__main__.py", "components")
# The only programs that a recorded command finds.
_PROGRAMS = ("git", "tar")


class Scratch:
    """A folder with one project at a time, in which commands are run and what they write is seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._plans: dict[str, Plan] = {}
        self._programs: dict[str, Outcome] = {}
        self._documents: dict[str, str] = {}
        self.project = self._folder / "project"
        for name in ("home", "bin"):
            (self._folder / name).mkdir()
        for name in _PROGRAMS:
            (self._folder / "bin" / name).symlink_to(str(shutil.which(name)))

    def make(self, name: str, files: Mapping[str, str] | None = None) -> None:
        """Makes the project anew, with these files besides."""
        shutil.rmtree(self.project, ignore_errors=True)
        self.project.mkdir()
        self._write_stacks(name)
        for part in _PROGRAM:
            (self.project / part).symlink_to(ROOT / part)
        self.write(files or {})

    def make_repository(self, name: str) -> None:
        """Makes the project with its program as the first commit of a repository."""
        shutil.rmtree(self.project, ignore_errors=True)
        self.project.mkdir()
        self._write_stacks(name)
        ignored = shutil.ignore_patterns("__pycache__")
        for part in ("readiness", "components"):
            shutil.copytree(ROOT / part, self.project / part, ignore=ignored)
        shutil.copy(ROOT / "__main__.py", self.project)
        (self.project / ".gitignore").write_text(".tools/\n__pycache__/\n", encoding="utf-8")
        for arguments in (["init", "--quiet", "-b", "main"], ["add", "--all"], ["commit", "--quiet", "-m", "Declare"]):
            subprocess.run(["git", *arguments], cwd=self.project, env=self._environment(), check=True)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces the one occurrence of `old` in the project. Raises ValueError where there is not just one."""
        text = (self.project / file).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{file} holds {old!r} {text.count(old)} times, not once")
        self.write({file: text.replace(old, new)})

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files of the project."""
        for path, text in files.items():
            (self.project / path).parent.mkdir(parents=True, exist_ok=True)
            (self.project / path).write_text(text, encoding="utf-8")

    def answer(self, title: str, arguments: Sequence[str], **environment: str) -> Answer:
        """Runs `readiness ARGUMENTS` in the project. The variables are set besides the scratch environment."""
        before = self._files()
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
        out, err = streams
        with self._cut_off(environment), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(arguments)
        texts: dict[str, str] = {}
        for name, stream in zip(("stdout", "stderr"), streams, strict=True):
            text = stream.buffer.getvalue().decode("utf-8") if isinstance(stream.buffer, io.BytesIO) else ""
            if text:
                texts[name] = self._normal(text)
        after = self._files()
        for path in sorted(path for path in after if before.get(path) != after[path]):
            text = self._normal(after[path].decode("utf-8"))
            # The command `runbook` shows the pages of the alerts; the others write the same ones.
            is_known = "docs/runbook/" in path and arguments[0] != "runbook"
            texts[f"wrote {path}"] = f"{text.splitlines()[0]}\n" if is_known else text
        gone = sorted(set(before) - set(after))
        return Answer(title=title, status=status, texts=texts | {f"removed {path}": "" for path in gone})

    def _write_stacks(self, name: str) -> None:
        """The files that make the project, without its program. One of the projects has its documents too."""
        for file in _FOLDERS[name].glob("*.yaml"):
            shutil.copy(file, self.project)
        if name != "root":
            return
        if not self._documents:
            for command in ("runbook", "docs"):
                self.answer(command, [command])
            documents = (self.project / "docs").rglob("*.md")
            names = {path.relative_to(self.project).as_posix(): path for path in documents}
            self._documents = {name: path.read_text(encoding="utf-8") for name, path in names.items()}
            self._documents[PAGE_PATH] = "# Security audit\n"  # `audit` asks only whether it exists
        self.write(self._documents)

    @contextlib.contextmanager
    def _cut_off(self, environment: Mapping[str, str]) -> Iterator[None]:
        """No clock, network, terminal, credential or program of this machine."""
        planning = remembering(offline_plan.plan_stack, self._plans)
        with (
            mock.patch.dict(os.environ, self._environment() | dict(environment), clear=True),
            mock.patch.object(socket, "getaddrinfo", _no_address),
            mock.patch.object(offline_plan, "plan_stack", planning),
            mock.patch.object(base_plan, "programs", remembering_programs(base_plan.programs, self._programs)),
            mock.patch("sys.stdin", io.StringIO()),
            contextlib.chdir(self.project),
            time_machine.travel(NOW, tick=False),
        ):
            yield

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": str(self._folder / "bin"),
            "HOME": str(self._folder / "home"),
            "LANG": "C.UTF-8",
            "LOGNAME": "ada",
            "COLUMNS": "100",
            "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1",
            # A machine of Google's would offer its own account.
            "NO_GCE_CHECK": "true",
            **{f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _GIT.items()},
        }

    def _files(self) -> dict[str, bytes]:
        """Content of the project's own files; what is linked is the repository's, what is in `.git` git's."""
        return {
            path.relative_to(self.project).as_posix(): path.read_bytes()
            for folder, names, files in os.walk(self.project)
            for path in (Path(folder) / file for file in files)
            if names is not None and not {".git", ".tools", "__pycache__", "readiness"} & set(path.parts[:-1])
        }

    def _normal(self, text: str) -> str:
        """Without what differs between machines, or with every edit of the program."""
        home = self._folder / "home"
        places = ((self.project, "<project>"), (home, "<home>"), (self._folder, "<scratch>"), (ROOT, "<repository>"))
        for place, name in places:
            text = text.replace(str(place), name)
        text = re.sub(r"(\w\.py)(:|, line )[0-9]+", r"\1\2<line>", text)
        text = re.sub(r"\b[0-9a-f]{40}\b", "<commit>", text)
        text = text.replace(f"readiness {__version__}", "readiness <version>")
        text = text.replace(platform.python_version(), "<python>")
        text = re.sub(
            r"(main \(|Judged by readiness <version> of |, which |diff --base )[0-9a-f]{12}\b", r"\1<commit>", text
        )
        text = re.sub(r"<code>[0-9a-f]{12}</code>", "<code><commit></code>", text)
        return re.sub(r"\bin [0-9]+\.[0-9]+ s\b", "in <seconds> s", text)


_GIT = {"NAME": "Ada", "EMAIL": "ada@example.com", "DATE": "2026-11-30T12:00:00Z"}


def _no_address(*_: object, **__: object) -> NoReturn:
    raise socket.gaierror(-2, "Name or service not known")  # as Linux says it
