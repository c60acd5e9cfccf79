"""Every kind of scalar, read as the engine's own loader reads it (measured with pulumi/pulumi's sdk v3.274.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readiness.settings.strict_yaml import Document, read_yaml


def read(folder: Path, value: str) -> Document:
    """A file with one key."""
    (folder / "file.yaml").write_text(f"key: {value}\n", encoding="utf-8")
    return read_yaml(folder / "file.yaml", "file.yaml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("nULL", "nULL"),
        ("true", True), ("True", True), ("FALSE", False), ("tRUE", "tRUE"),
        ("yes", "yes"), ("on", "on"), ("y", "y"), ("NO", "NO"),
        ("0", 0), ("-0", 0), ("+5", 5), ("9223372036854775808", 9223372036854775808),
        ("1e3", 1000), ("1.0", 1), ("1.", 1), ("-0.0", 0), ("1.5e3", 1500),
        (".5", 0.5), ("-.5", -0.5), ("+.5", 0.5), ("00.5", 0.5), ("09.5", 9.5), ("5e-1", 0.5), ("0.80", 0.8),
        ("1e400", "1e400"), ("1e", "1e"), ("0x", "0x"), ("_1", "_1"), ("123abc", "123abc"), ("12:30", "12:30"),
        ("=", "="), ("<<", "<<"), ("'5'", "5"), ('"5"', "5"), ("'0x1F'", "0x1F"), ("'2026-01-01'", "2026-01-01"),
        ('"\\x41"', "A"), ("'a''b'", "a'b"), ("5 # comment", 5), ("&anchor 5", 5),
        ("|\n  a\n  b", "a\nb\n"), (">\n  a\n  b", "a b\n"), ("[a, 1]", ["a", 1]), ("{a: 1}", {"a": 1}),
    ],
)  # fmt: skip
def test_a_scalar_means_what_it_means_to_the_engine(tmp_path: Path, written: str, value: Any) -> None:
    """The type too: True is not 1."""
    document = read(tmp_path, written)
    assert document.value == {"key": value}
    assert type(document.value["key"]) is type(value)
    assert document.problems == []


@pytest.mark.parametrize(
    "written",
    [
        "010", "08", "-010", "+010", "0_1", "0x1F", "-0x1F", "0o17", "0b11", "1_000", "1__0", "-1_0", "1_000.5",
        ".nan", ".NaN", ".inf", "-.inf", "+.Inf", "2026-01-01", "2026-1-1", "2026-01-01T10:00:00Z",
        "2001-12-14t21:59:43.10-05:00", "2026-01-01 10:00:00", "!!int '5'", "!!float 5", "!!timestamp 2026-01-01",
    ],
)  # fmt: skip
def test_a_scalar_that_the_engine_reads_unexpectedly_is_refused(tmp_path: Path, written: str) -> None:
    """010 is 8 to it, 0x1F is 31, a date comes back as `2026-01-01 00:00:00 +0000 UTC`."""
    (problem,) = read(tmp_path, written).problems
    assert (problem.file, problem.line, problem.key) == ("file.yaml", 1, "key")


def test_a_line_is_known_for_every_key_and_item(tmp_path: Path) -> None:
    """Also in flow style, and for what is missing the nearest thing above it."""
    (tmp_path / "file.yaml").write_text("a:\n  - b: 1\n    c: {d: 2,\n      e: 3}\n\n  - f\n", encoding="utf-8")
    document = read_yaml(tmp_path / "file.yaml", "file.yaml")
    lines = [
        document.line_of(path) for path in (("a",), ("a", 0, "b"), ("a", 0, "c", "d"), ("a", 0, "c", "e"), ("a", 1))
    ]
    assert lines == [1, 2, 3, 4, 6]
    assert document.line_of(("a", 0, "c", "missing", 7)) == 3
