"""The commands of other programs that the documents may use: subcommands and options, each list with its source.

`python -m tests.docs.known_commands gcloud run services update` adds a command, from the `--help` of the program on
this machine (for `pulumi` that is `.tools/pulumi/*/pulumi`). `gh` is not asked: its lines are from its manual.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import Any

from tests.projects import ROOT

FILE = ROOT / "tests" / "docs" / "known_commands.json"


def known_commands() -> dict[str, dict[str, Any]]:
    """`{program: {source, everywhere: [option], commands: {subcommand: [option]}}}`."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def options_in_help(text: str) -> list[str]:
    """The options that a help page explains: at the beginning of a line, alone or after a short form."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    names: set[str] = set()
    for negative, name in re.findall(r"^ +(?:-\w, )?--(\[no-\])?([a-z][a-z0-9-]*)", plain, flags=re.MULTILINE):
        names |= {f"--{name}", f"--no-{name}"} if negative else {f"--{name}"}
    return sorted(names)


def _add(program: str, words: list[str]) -> None:
    path = shutil.which(program) or str(max(ROOT.glob(f".tools/{program}/*/{program}")))
    done = subprocess.run([path, *words, "--help"], check=True, capture_output=True, text=True, timeout=120)
    known = known_commands()
    known[program]["commands"][" ".join(words)] = options_in_help(done.stdout)
    known[program]["commands"] = dict(sorted(known[program]["commands"].items()))
    FILE.write_text(_readable(known), encoding="utf-8")


def _readable(known: dict[str, dict[str, Any]]) -> str:
    """JSON with one line a command."""
    text = json.dumps(known, indent=2)
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: re.sub(r"\s+", " ", found.group()), text) + "\n"


if __name__ == "__main__":
    _add(sys.argv[1], sys.argv[2:])
