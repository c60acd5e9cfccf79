"""What the delivered migration does on a real PostgreSQL: fails whole, waits for its turn, begins at a live schema.

`make test-postgres`: needs a PostgreSQL server, and the example's own environment, which that target makes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.revisions import BODIES, revision_text
from tests.postgres_server import ROLE, NoPostgresError, PostgresServer, find_programs, postgres_server
from tests.projects import ROOT

pytestmark = pytest.mark.postgres

EXAMPLE = ROOT / "examples" / "migrations"
PYTHON = Path(os.environ.get("READINESS_MIGRATIONS_PYTHON") or ROOT / ".venv-migrations" / "bin" / "python")
REVISION = '''\
"""Planted by a test."""
from alembic import op
revision, down_revision, branch_labels, depends_on = "{revision}", "{after}", None, None
def upgrade() -> None:
    op.execute("""{sql}""")
'''


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server for all of them; each has a database of its own."""
    if not PYTHON.exists():
        pytest.skip(f"no environment for {EXAMPLE.name}: run `make test-postgres`")
    try:
        with postgres_server() as running:
            yield running
    except NoPostgresError as reason:
        pytest.skip(str(reason))


def comparable(dump: str) -> list[str]:
    """Without the random word of pg_dump's `\\restrict`."""
    return [line for line in dump.splitlines() if not line.startswith("\\")]


class Application:
    """A copy of the example, and an empty database that it migrates."""

    def __init__(self, server: PostgresServer, folder: Path, database: str) -> None:
        self.folder = shutil.copytree(EXAMPLE, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
        self.versions = self.folder / "migrations" / "versions"
        self._port = str(server.port)
        self._database = "postgres"
        self.sql(f'CREATE DATABASE "{database}"')
        self._database = database

    @property
    def environment(self) -> dict[str, str]:
        """What the Cloud Run job gives the container."""
        place = {"DB_HOST": "127.0.0.1", "DB_PORT": self._port, "DB_NAME": self._database, "DB_USER": ROLE}
        return {**os.environ, **place, "DB_PASSWORD": "planted-password", "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command of the application, not waited for."""
        command = [str(PYTHON), *(arguments or ("migrate.py", "upgrade"))]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, **pipes)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit status and both streams."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out + err

    def _client(self, program: str, *options: str, text: str = "") -> str:
        """What `psql` or `pg_dump` prints with these options, and the text as its input."""
        path = shutil.which(program) or str(find_programs() / program)
        place = ("-h", "127.0.0.1", "-p", self._port, "-U", ROLE, "-d", self._database)
        return subprocess.run([path, *place, *options], check=True, capture_output=True, text=True, input=text).stdout

    def sql(self, statement: str) -> str:
        """What psql prints for it, unaligned."""
        return self._client("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement).strip()

    def dump(self, *options: str) -> str:
        """The schema as `pg_dump` writes it."""
        return self.dump_all("--schema-only", "--no-owner", "--no-privileges", *options)

    def dump_all(self, *options: str) -> str:
        """Schema and rows."""
        return self._client("pg_dump", *options)

    def restore(self, dump: str) -> None:
        """What `dump_all` gave, into a database without the schema."""
        self._client("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", text=dump)

    def plant(self, revision: str, after: str, sql: str) -> None:
        """A further revision."""
        text = REVISION.format(revision=revision, after=after, sql=sql)
        (self.versions / f"{revision}_planted.py").write_text(text, encoding="utf-8")

    @property
    def tables(self) -> set[str]:
        """What there is."""
        return set(self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").split())

    @property
    def revision(self) -> str:
        """What the database records."""
        return self.sql("SELECT version_num FROM alembic_version") if "alembic_version" in self.tables else ""


@pytest.fixture
def app(server: PostgresServer, tmp_path: Path, request: pytest.FixtureRequest) -> Application:
    """A fresh one for each test."""
    return Application(server, tmp_path, str(request.node.name)[:60])


def test_an_empty_database_is_brought_to_the_newest_revision_and_verified(app: Application) -> None:
    """What CI runs on every pull request."""
    status, text = app.run()
    assert (status, app.revision) == (0, "0002"), text
    assert "the schema is at 0002, the newest revision" in text
    assert app.tables == {"alembic_version", "notes", "users"}
    assert "planted-password" not in text


def test_a_second_run_does_nothing_and_ends_well(app: Application) -> None:
    """The workflow can be started again."""
    app.run()
    before = comparable(app.dump())
    assert app.run()[0] == 0
    assert comparable(app.dump()) == before


def test_a_failing_revision_leaves_schema_and_revision_as_they_were(app: Application) -> None:
    """The revision before it in the same run is rolled back too: the old code finds what it knows."""
    app.run()
    before = comparable(app.dump())
    app.plant("0003", "0002", "CREATE TABLE half (a int)")
    app.plant("0004", "0003", "CREATE TABLE more (a int); SELECT 1 / 0")
    status, text = app.run()
    assert status == 1
    assert "division by zero" in text
    assert (comparable(app.dump()), app.revision) == (before, "0002")


def test_a_failing_revision_can_be_mended_and_run_again(app: Application) -> None:
    """Nothing is left over that a retry would stumble on."""
    app.plant("0003", "0002", "CREATE TABLE once (a int); SELECT 1 / 0")
    assert app.run()[0] == 1
    app.plant("0003", "0002", "CREATE TABLE once (a int)")
    assert app.run()[0] == 0
    assert app.revision == "0003"


def test_an_embedded_commit_leaves_half_of_the_change_which_is_why_lint_refuses_it(app: Application) -> None:
    """The server's own behaviour: each retry fails on the half that stayed."""
    app.run()
    app.plant("0003", "0002", "CREATE TABLE half (a int); COMMIT; SELECT 1 / 0")
    assert app.run()[0] == 1
    assert ("half" in app.tables, app.revision) == (True, "0002")
    assert "already exists" in app.run()[1]


@pytest.mark.parametrize("name", BODIES)
def test_what_a_commit_of_each_object_does(server: PostgresServer, tmp_path: Path, name: str) -> None:
    """What `migrations lint` knows of each is what the server does; where it is silent, what was written is there."""
    app = Application(server, tmp_path, name)
    app.plant("0003", "0002", "CREATE TABLE probe (id serial PRIMARY KEY, value int); INSERT INTO probe VALUES (1, 1)")
    assert app.run()[0] == 0
    app.sql("SELECT setval('probe_id_seq', 1)")
    (app.versions / "0004_planted.py").write_text(revision_text(BODIES[name].lines), encoding="utf-8")
    status, text = app.run()
    assert (status, app.sql("SELECT string_agg(value::text, ' ' ORDER BY id) FROM probe")) == (
        BODIES[name].status,
        BODIES[name].rows,
    ), text
    assert app.revision == ("0004" if status == 0 else "0003")


# Of the first run: it goes on once the second waits for it, after a minute at the latest.
UNTIL_ANOTHER_WAITS = """DO $$ BEGIN FOR i IN 1..600 LOOP
EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory');
PERFORM pg_sleep(0.1); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$"""


def test_of_two_runs_at_once_one_waits_and_both_end_well(app: Application) -> None:
    """Without the lock one of them fails with a UniqueViolation on alembic_version."""
    # The run that has the lock keeps it until it sees the other wait, and writes down how many it saw.
    waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'"
    seen = f"INSERT INTO slow SELECT count(*) {waiting}"
    app.plant("0003", "0002", f"CREATE TABLE slow (waiting int); {UNTIL_ANOTHER_WAITS}; {seen}")
    started = [app.start(), app.start()]
    texts = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], texts
    assert app.sql("SELECT waiting FROM slow") == "1", "the second run never waited"
    assert sum("Running upgrade 0002 -> 0003" in text for text in texts) == 1
    assert app.revision == "0003"


def test_a_migration_gives_up_on_a_table_that_somebody_holds(app: Application) -> None:
    """Every query behind a waiting ALTER TABLE would wait too."""
    app.run()
    app.plant("0003", "0002", "ALTER TABLE users ADD COLUMN held int")
    holder = app.start("-c", HOLD)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        process = subprocess.run(
            [PYTHON, "migrate.py", "upgrade"],
            cwd=app.folder,
            env={**app.environment, "MIGRATION_TABLE_WAIT": "200ms"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        holder.terminate()
        holder.communicate()
    assert process.returncode == 1
    assert "LockNotAvailable" in process.stderr
    assert app.revision == "0002"


HOLD = """\
import os, psycopg2, time
names = {"host": "DB_HOST", "port": "DB_PORT", "dbname": "DB_NAME", "user": "DB_USER"}
connection = psycopg2.connect(**{name: os.environ[variable] for name, variable in names.items()})
connection.cursor().execute("SELECT * FROM users")
print("held", flush=True)
time.sleep(60)
"""


def test_verify_fails_where_the_schema_is_behind(app: Application) -> None:
    """So the deployment of code that wants more stops."""
    app.run()
    app.plant("0003", "0002", "CREATE TABLE later (a int)")
    status, text = app.run("migrate.py", "verify")
    assert status == 1
    assert "the schema is at ['0002'], and the newest is ['0003']" in text
    assert "later" not in app.tables, "verify changes nothing"


LIVE = """
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TABLE people (id serial PRIMARY KEY, kind kind DEFAULT 'a' NOT NULL, share text DEFAULT '100%');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- a comment; with a semicolon
    NEW.share := to_char(now(), 'HH24:MI');

    RETURN NEW;
END;
$$;
CREATE TRIGGER touch BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW shares AS SELECT share FROM people;
"""


def test_a_live_schema_becomes_the_baseline_and_an_empty_database_gets_the_same(
    app: Application, server: PostgresServer, tmp_path: Path
) -> None:
    """Dump, clean, stamp. The dump of what the baseline makes is the dump of what was live, to the letter."""
    app.sql(LIVE)
    (app.versions / "0002_notes.py").unlink()
    without_alembic = ("--exclude-table=alembic_version",)
    live = app.dump(*without_alembic)
    baseline = subprocess.run(
        [PYTHON, "baseline.py"], cwd=app.folder, input=live, capture_output=True, text=True, check=True
    )
    (app.versions / "0001_baseline.sql").write_text(baseline.stdout, encoding="utf-8")
    assert app.run("-m", "alembic", "stamp", "0001")[0] == 0
    assert app.run("migrate.py", "verify")[0] == 0
    empty = Application(server, tmp_path / "empty", "an_empty_database")
    shutil.rmtree(empty.folder)
    shutil.copytree(app.folder, empty.folder)
    status, text = empty.run()
    assert status == 0, text
    assert comparable(empty.dump(*without_alembic)) == comparable(live)


def test_a_person_rolls_back_by_a_downgrade_and_forward_again(app: Application) -> None:
    """The procedure of docs/migrations.md, for a change that nothing has been written to."""
    app.run()
    assert app.run("-m", "alembic", "downgrade", "0001")[0] == 0
    assert (app.revision, "notes" in app.tables) == ("0001", False)
    assert app.run()[0] == 0
    assert (app.revision, "notes" in app.tables) == ("0002", True)


def test_the_database_can_be_restored_from_the_backup_before_the_migration(app: Application) -> None:
    """The other procedure, with `pg_dump` in the place of Cloud SQL's backup: rows and revision come back."""
    app.run()
    app.sql("INSERT INTO users (id, email) VALUES ('00000000-0000-0000-0000-000000000001', 'a@example.com')")
    backup = app.dump_all("--schema=public")
    app.plant("0003", "0002", "ALTER TABLE users DROP COLUMN email")
    assert app.run()[0] == 0
    app.sql("DROP SCHEMA public CASCADE")
    app.restore(backup)
    assert app.revision == "0002"
    assert app.sql("SELECT email FROM users") == "a@example.com"


def test_sql_is_not_printed_for_somebody_to_run_without_the_lock(app: Application) -> None:
    """`alembic upgrade head --sql` is refused."""
    status, text = app.run("-m", "alembic", "upgrade", "head", "--sql")
    assert status == 1
    assert "without the lock" in text
