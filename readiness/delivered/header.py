"""The first two lines of every delivered file: where it is edited, and by what a change by hand is seen.

Standard library only: the policy pack reads the paths too, in an environment of its own.
"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

# Nothing of the application's repository is ever written outside of it.
MANAGED_FOLDER = ".github/"
# Beside the packages of the delivered programs; each program carries a copy.
SHARED_MODULES = ("apis.py", "http_client.py")

# In a comment of YAML, TOML and Python, or of Markdown.
_HEADER = re.compile(
    r"# Made by readiness from [^\n]*\n# sha256 of what follows: ([0-9a-f]{64})\n"
    r"|<!-- Made by readiness from [^\n]* -->\n<!-- sha256 of what follows: ([0-9a-f]{64}) -->\n"
)


def with_header(setting: str, body: str) -> str:
    """The whole file; `setting` as in `dependabot`, without the namespace."""
    edit_it = f"# Made by readiness from the setting readiness:{setting}. Edit it there: this file is written over."
    return f"{edit_it}\n# sha256 of what follows: {_digest(body)}\n{body}"


def with_page_header(body: str) -> str:
    """The whole page, with the same two lines as comments of Markdown."""
    edit_it = "Made by readiness from the settings of all stacks. Edit them there: this file is written over."
    return f"<!-- {edit_it} -->\n<!-- sha256 of what follows: {_digest(body)} -->\n{body}"


def program_files(setting: str, folder: str, package: str) -> dict[str, str]:
    """A delivered program, by path: the modules of `package`, and copies of those that both programs share.

    It runs as `python3 -m PACKAGE` in the folder, so that nothing beside the package can be imported.
    """
    here = files("readiness.delivered")
    modules = [file for file in here.joinpath(package).iterdir() if file.name.endswith(".py")]
    texts = {file.name: file.read_text(encoding="utf-8") for file in (*modules, *map(here.joinpath, SHARED_MODULES))}
    return {
        f"{folder}/{package}/{name}": with_header(setting, text.replace("\nfrom ..", "\nfrom ."))
        for name, text in sorted(texts.items())
    }


def is_as_delivered(text: str) -> bool:
    """Whether the text has the header, and what follows it is what the header was made for."""
    found = _HEADER.match(text)
    return found is not None and found.group(1, 2).count(_digest(text[found.end() :])) == 1


def file_digest(text: str) -> str:
    """`sha256:…` of a whole file, as plans and pull requests show it."""
    return f"sha256:{_digest(text)}"


def is_managed_path(path: str) -> bool:
    """Whether a file may be written there: below `.github/`, by a plain path."""
    parts = path.split("/")
    return path.startswith(MANAGED_FOLDER) and not {"", ".", ".."} & set(parts) and "\\" not in path


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
