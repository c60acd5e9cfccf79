"""Makes `0001_baseline.sql` of a schema dump: `pg_dump --schema-only --no-owner --no-privileges | python baseline.py`.

Left out: psql's own commands (`\restrict`), which only psql understands, and settings of the dump's session. One of
those empties the search path, and Alembic would not find its table afterwards; the dump names every schema itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

_SESSION = re.compile(r"SET \w+ = |SELECT pg_catalog\.set_config\(")
# Alembic makes it, and fills it in.
_VERSION_TABLE = re.compile(r"\balembic_version\b")


def baseline(dump: str) -> str:
    """The dump's statements about the schema, without comments. A routine's body stays as it is."""
    kept = [statement for statement in _statements(dump.splitlines()) if not _VERSION_TABLE.search(statement)]
    return "\n\n".join(part.strip("\n") for part in kept) + "\n"


def _statements(lines: Iterable[str]) -> Iterator[str]:
    statement: list[str] = []
    quote = ""
    for line in lines:
        if not statement and (not line.strip() or line.startswith(("\\", "--")) or _SESSION.match(line)):
            continue
        statement.append(line)
        for tag in re.findall(r"\$\w*\$", line):
            quote = "" if tag == quote else quote or tag
        if not quote and line.endswith(";"):
            yield "\n".join(statement)
            statement = []


if __name__ == "__main__":
    sys.stdout.write(baseline(sys.stdin.read()))
