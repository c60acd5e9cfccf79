"""What the health endpoint answers before and after the change, with its database up and down.

`make test-postgres`: needs a PostgreSQL server, and the service's own environment, which that target makes.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.health.answers import CASES, RECORDED_FILE, comparable, recorded
from tests.postgres_server import NoPostgresError, PostgresServer, free_port, postgres_server
from tests.projects import ROOT

pytestmark = pytest.mark.postgres

# Hang guards.
START_SECONDS, PAUSE_SECONDS = 60, 0.05
SERVICE = ROOT / "examples" / "health_service" / "service.py"
PYTHON = Path(os.environ.get("READINESS_HEALTH_PYTHON") or ROOT / ".venv-health" / "bin" / "python")


@contextmanager
def service(variant: str, database: PostgresServer) -> Iterator[str]:
    """The service in that variant; its address."""
    port = free_port()
    process = subprocess.Popen([PYTHON, SERVICE, variant, str(port), database.url], stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}/health"
    try:
        for _ in range(int(START_SECONDS / PAUSE_SECONDS)):
            try:
                get(url)
                break
            except urllib.error.URLError:
                assert process.poll() is None, f"the service ended: {process.stderr and process.stderr.read()}"
                time.sleep(PAUSE_SECONDS)
        else:
            pytest.fail("the service did not start")
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=60)


def get(url: str) -> tuple[int, Any]:
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - the loopback interface
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, Any]]:
    """The answer of every case: all variants are asked while the database is up, then after it has gone."""
    if not PYTHON.exists():
        pytest.skip(f"no environment for {SERVICE.name}: run `make test-postgres`")
    variants = sorted({variant for variant, _ in CASES.values()})
    found: dict[tuple[str, bool], dict[str, Any]] = {}
    try:
        with postgres_server() as database, ExitStack() as stack:
            urls = {variant: stack.enter_context(service(variant, database)) for variant in variants}
            for up in (True, False):
                if not up:
                    database.stop()
                found |= {(variant, up): comparable(*get(url)) for variant, url in urls.items()}
            database.start()
            again = {variant: comparable(*get(url)) for variant, url in urls.items()}
    except NoPostgresError as reason:
        pytest.skip(str(reason))
    assert again == {variant: found[variant, True] for variant in variants}, "the pool recovers with its database"
    answers = {case: found[key] for case, key in CASES.items()}
    if os.environ.get("READINESS_RECORD_HEALTH"):
        RECORDED_FILE.write_text(json.dumps(answers, indent=2) + "\n", encoding="utf-8")
    return answers


@pytest.mark.parametrize("case", CASES)
def test_the_answer_is_the_recorded_one(measured: dict[str, dict[str, Any]], case: str) -> None:
    """What the page shows is what a real server and the pinned SQLAlchemy answer."""
    assert measured[case] == recorded()[case]


def test_the_change_turns_the_answer_healthy_on_a_real_database(measured: dict[str, dict[str, Any]]) -> None:
    """One line deleted, nothing else."""
    before, after = measured["before the change, database up"], measured["after the change, database up"]
    assert (before["status"], before["body"]["status"]) == (200, "degraded")
    assert (after["status"], after["body"]["status"]) == (200, "healthy")
    assert "error" not in after["body"]["services"]["database"]


def test_no_answer_shows_the_password(measured: dict[str, dict[str, Any]]) -> None:
    """The endpoint is open to everybody."""
    assert "planted-password" not in json.dumps(measured)
