"""The schema as it was live when Alembic took over.

A database that has it already is stamped (`alembic stamp 0001`); an empty one, as in CI, gets it from the file.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The dump, as it is. By the driver: to SQLAlchemy a colon in it would be a parameter."""
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def downgrade() -> None:
    """Refused: before the baseline there is nothing that Alembic knows of."""
    raise NotImplementedError("the baseline is where Alembic begins")
