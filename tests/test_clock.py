"""No result depends on the day or on the machine's speed: the clock is read in one place, and tests cannot read it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from readiness import clock
from tests.pinned_clock import NOW, TODAY
from tests.projects import ROOT

HANG_SECONDS = 60


@pytest.mark.parametrize("place", ["tests/x.py", "readiness/x.py", "readiness/delivered/x/y.py", "components/x.py"])
def test_reading_a_clock_is_refused_by_the_linter(place: str) -> None:
    """However it is imported; `make check` runs the same rule on every file."""
    program = (
        "import time as t, datetime as dt\nfrom time import monotonic as m\nfrom datetime import date, datetime as d\n"
        "t.time()\nm()\nt.perf_counter()\nt.process_time()\nd.now()\nd.utcnow()\ndate.today()\ndt.datetime.now()\n"
    )
    command = [sys.executable, "-m", "ruff", "check", "--select=TID251", "--output-format=concise", "--no-cache"]
    done = subprocess.run(
        [*command, f"--stdin-filename={place}", "-"],
        cwd=ROOT,
        input=program,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    refused = {int(line.split(":")[1]) for line in done.stdout.splitlines() if "TID251" in line}
    assert refused == {2, 4, 6, 7, 8, 9, 10, 11}


def test_the_rule_is_on() -> None:
    """In what `make check` runs, not in this file alone."""
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--no-cache"]
    done = subprocess.run(
        [*command, "--stdin-filename=tests/x.py", "-"],
        cwd=ROOT,
        input="import time\n\ntime.monotonic()\n",
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert "TID251" in done.stdout, done.stderr


def test_in_tests_it_is_always_the_same_instant() -> None:
    """Whatever the machine's clock says."""
    assert (clock.now(), clock.today()) == (NOW, TODAY)


def test_the_day_is_the_day_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Kolkata the next one has begun then."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert clock.today().isoformat() == "2026-12-31"
