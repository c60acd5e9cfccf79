"""What the Cloud Run job runs: `upgrade` brings the schema to the newest revision, `verify` proves that it is there.

Exit status 1 when the database is not where the code wants it, so that the deployment stops.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

HERE = Path(__file__).resolve().parent


def upgrade(config: Config) -> int:
    """Runs what is missing, whole or not at all, then verifies."""
    command.upgrade(config, "head")
    return verify(config)


def verify(config: Config) -> int:
    """Compares the revision that the database records with the newest one of the files."""
    scripts = ScriptDirectory.from_config(config)
    wanted, found = set(scripts.get_heads()), set[str]()

    def read(revision: object, _context: object) -> list[object]:
        found.update(revision if isinstance(revision, tuple) else (revision,) if revision else ())
        return []

    with EnvironmentContext(config, scripts, fn=read):
        scripts.run_env()
    if found == wanted:
        print(f"the schema is at {', '.join(sorted(found))}, the newest revision")
        return 0
    print(f"the schema is at {sorted(found) or 'no revision'}, and the newest is {sorted(wanted)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    commands = {"upgrade": upgrade, "verify": verify}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"usage: migrate.py {'|'.join(commands)}")
    sys.exit(commands[sys.argv[1]](Config(HERE / "alembic.ini")))
