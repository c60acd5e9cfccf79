"""Whether a database migration stays inside its transaction: SQL files and Alembic revisions."""
