"""The committed contracts, and what the refresh says of a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.rules.plan_rules import CONTRACTS
from tools import refresh_contracts
from tools.refresh_contracts import GITHUB_OPERATIONS, GOOGLE_ROOTS, SCHEMAS, changes_between, contract_text

FILES = sorted(SCHEMAS.glob("*.json"))
# Fields whose names are words of JSON Schema: they are looked for as keywords, with a text behind them.
_PROSE = ('"description": "', '"description":"', "enumDescriptions", '"title":"')


def _contract(revision: str, **schemas: Any) -> dict[str, Any]:
    return {"header": {"source": "a", "revision": revision}, "$defs": schemas}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_committed_contract_names_its_source_revision_and_licence(file: Path) -> None:
    """And contains only names, types and enums."""
    text = file.read_text(encoding="utf-8")
    contract = json.loads(text)
    assert all(contract["header"][name] for name in ("source", "revision", "licence"))
    assert contract["header"]["licence"] in ("Apache-2.0", "MIT")
    assert not [keyword for keyword in _PROSE if keyword in text]
    assert contract_text(contract) == text


def test_every_contract_s_schema_is_among_those_that_a_refresh_writes() -> None:
    """And no schema is distilled that no contract uses."""
    written = {(document, root) for document, roots in GOOGLE_ROOTS.items() for root in roots}
    written |= {("github", name) for name, _, _ in GITHUB_OPERATIONS}
    assert written == {contract.schema for contract in CONTRACTS.values() if contract.schema is not None}
    assert {file.stem for file in FILES} == {document for document, _ in written}


def test_a_refresh_says_what_changed_by_schema_and_field() -> None:
    """A line each, after the revisions."""
    before = _contract("1", A={"properties": {"x": {"type": "string"}}}, B={"type": "object"}, C={})
    after = _contract("2", A={"properties": {"x": {"type": "integer"}, "y": {}}}, B={"type": "array"}, D={})
    assert changes_between(before, after) == [
        "revision 1 -> 2",
        "D is new",
        "C is gone",
        "A changed: x, y",
        "B changed: its own keywords",
    ]


def test_a_new_revision_with_the_same_schemas_is_no_change() -> None:
    """The documents are published weekly."""
    assert changes_between(_contract("1", A={}), _contract("2", A={})) == []


def test_the_check_writes_nothing_and_fails_on_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` in front of a refresh; the refresh itself; `--check` after it."""
    monkeypatch.setattr(refresh_contracts, "SCHEMAS", tmp_path / "schemas")

    def google(_: Path) -> dict[str, Any]:
        return {"logging.v2": _contract("1", A={})}

    def github(_: Path) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(refresh_contracts, "_google", google)
    monkeypatch.setattr(refresh_contracts, "_github", github)
    assert refresh_contracts.main(["--check"]) == 1
    assert not (tmp_path / "schemas").exists()
    assert refresh_contracts.main([]) == 0
    assert refresh_contracts.main(["--check"]) == 0
    assert capsys.readouterr().out.splitlines() == ["logging.v2: A is new", "logging.v2: A is new", "nothing changed"]
    assert refresh_contracts.main(["--what"]) == 2
