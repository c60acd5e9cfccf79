"""The first two lines of every delivered file: where to edit it, and a digest that reveals edits by hand.

It uses only the standard library, because the policy pack reads the paths too, in its own environment.
"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

# Deliveries write only below this folder of the application's repository.
MANAGED_FOLDER = ".github/"
# Modules next to the packages of the delivered programs; each program has a copy.
SHARED_MODULES = ("apis.py", "http_client.py")

# As a comment of YAML, TOML and Python, or of Markdown.
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
    """A delivered program, by path: the modules of `package`, and copies of the shared modules.

    It runs as `python3 -m PACKAGE` in the folder, so it can import nothing outside the package.
    """
    here = files("readiness.delivered")
    modules = [file for file in here.joinpath(package).iterdir() if file.name.endswith(".py")]
    texts = {file.name: file.read_text(encoding="utf-8") for file in (*modules, *map(here.joinpath, SHARED_MODULES))}
    return {
        f"{folder}/{package}/{name}": with_header(setting, text.replace("\nfrom ..", "\nfrom ."))
        for name, text in sorted(texts.items())
    }


def is_as_delivered(text: str) -> bool:
    """Whether the text has the header, and the rest of the text matches its digest."""
    found = _HEADER.match(text)
    return found is not None and found.group(1, 2).count(_digest(text[found.end() :])) == 1


def file_digest(text: str) -> str:
    """`sha256:…` of a whole file, as in plans and pull requests."""
    return f"sha256:{_digest(text)}"


def is_managed_path(path: str) -> bool:
    """Whether a delivery may write the path: below `.github/`, without `.`, `..` and backslashes."""
    parts = path.split("/")
    return path.startswith(MANAGED_FOLDER) and not {"", ".", ".."} & set(parts) and "\\" not in path


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
