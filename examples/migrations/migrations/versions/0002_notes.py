"""Notes on users: a table that the code before it does not miss.

Expand first: a later revision may take something away, once no serving revision reads it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A new table, and a column that may be empty."""
    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.add_column("users", sa.Column("nickname", sa.String(100), nullable=True))


def downgrade() -> None:
    """Run by a person, never by the workflow: it deletes what has been written since."""
    op.drop_column("users", "nickname")
    op.drop_table("notes")
