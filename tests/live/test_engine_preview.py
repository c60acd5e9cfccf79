"""The JSON of a refreshed preview, as the engine writes it, becomes one difference for each field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readiness import resource_types as types
from readiness.live.engine_preview import Change, UncheckedError, read_preview, refreshed_preview

Fake = Callable[[str], None]

URN = "urn:pulumi:prod::readiness::x$gcp:monitoring/alertPolicy:AlertPolicy::alerts-a"


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a `pulumi` on PATH that is this shell script."""

    def install(script: str) -> None:
        command = tmp_path / "pulumi"
        command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n{script}\n', encoding="utf-8")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return install


def state(inputs: dict[str, Any], *, type_: str = types.ALERT_POLICY, **more: Any) -> dict[str, Any]:
    """A resource as a step has it."""
    return {"custom": True, "type": type_, "inputs": inputs, "outputs": inputs, "id": "1", **more}


def step(operation: str, **more: Any) -> dict[str, Any]:
    """One step of a preview."""
    return {"op": operation, "urn": URN, **more}


def found(*steps: dict[str, Any]) -> list[tuple[str, Change, str, str, str]]:
    """What the steps say, as tuples."""
    differences = read_preview({"steps": list(steps)}).differences
    return [
        (difference.resource, difference.change, difference.field, difference.declared, difference.live)
        for difference in differences
    ]


def test_refreshes_and_unchanged_resources_are_no_difference() -> None:
    """They are nearly all of a preview; of the first, the ids are kept."""
    old = state({"a": 1})
    preview = read_preview({"steps": [step("refresh", oldState=old, newState=old), step("same", oldState=old)]})
    assert preview.differences == ()
    assert preview.state == (old,)


def test_a_field_that_was_edited_by_hand_is_told_from_one_that_is_not_applied() -> None:
    """By what the last apply left in the state."""
    applied, live, declared = state({"a": 1, "b": 1}), state({"a": 2, "b": 1}), state({"a": 1, "b": 1})
    update = step("update", oldState=live, newState=declared)
    assert found(step("refresh", oldState=applied), update) == [("alerts-a", Change.CHANGED, "a", "1", "2")]
    not_applied = step("update", oldState=applied, newState=state({"a": 3, "b": 1}))
    assert found(step("refresh", oldState=applied), not_applied) == [("alerts-a", Change.NOT_APPLIED, "a", "3", "1")]


def test_a_creation_is_of_what_is_missing_or_was_never_applied() -> None:
    """The state knew the first."""
    create = step("create", newState=state({"displayName": "High CPU"}))
    assert found(create) == [("alerts-a", Change.NOT_APPLIED, "", "High CPU", "nothing")]
    known = step("refresh", oldState=state({}))
    assert found(known, create) == [("alerts-a", Change.MISSING, "", "High CPU", "nothing")]


def test_a_grant_is_named_by_its_role_and_member() -> None:
    """Which is what one looks for."""
    grant = state({"role": "roles/viewer", "member": "user:a@b.dev"}, type_=types.PROJECT_MEMBER)
    assert found(step("create", newState=grant))[0][3] == "roles/viewer user:a@b.dev"


def test_of_the_steps_of_a_replacement_one_is_reported() -> None:
    """The engine lists three."""
    old, new = state({"a": 1}), state({"a": 2})
    steps = (
        step("create-replacement", oldState=old, newState=new),
        step("replace", oldState=old, newState=new),
        step("delete-replaced", oldState=old),
    )
    (difference,) = read_preview({"steps": list(steps)}).differences
    assert (difference.field, difference.hint) == ("a", "an update replaces the resource")


def test_a_field_that_only_the_engine_names_is_shown_from_the_outputs() -> None:
    """After an update that Google refused, the inputs are the same and the outputs differ."""
    live = state({"a": {"x": 1}}, outputs={"a": {"x": 2, "computed": 3}})
    update = step("update", oldState=live, newState=state({"a": {"x": 1}}), diffReasons=["a"])
    assert found(update) == [("alerts-a", Change.CHANGED, "a.x", "1", "2")]


def test_an_update_without_a_reason_is_reported_all_the_same() -> None:
    """Nothing is left out without a word."""
    same = state({"a": 1})
    assert found(step("update", oldState=same, newState=same))[0][3:] == ("as in the program", "differs")


def test_what_the_provider_notes_for_itself_is_no_field() -> None:
    """`__defaults` of Pulumi's bridge."""
    live, declared = state({"a": 2, "__defaults": ["b"]}), state({"a": 1, "__defaults": []})
    assert [field for _, _, field, _, _ in found(step("update", oldState=live, newState=declared))] == ["a"]


@pytest.mark.parametrize(
    ("type_", "field"), [(types.REPOSITORY_SECRET, "value"), (types.CHANNEL, "sensitiveLabels"), (types.CHANNEL, "a")]
)
def test_no_secret_is_shown(type_: str, field: str) -> None:
    """By the type, by the field, and by its shape."""
    token = "xoxb-1-secret"  # noqa: S105 - no token
    live, declared = state({field: token}, type_=type_), state({field: f"{token}2"}, type_=type_)
    (difference,) = read_preview({"steps": [step("update", oldState=live, newState=declared)]}).differences
    assert "xoxb" not in str(difference)


def test_the_engine_is_asked_for_json_after_a_refresh(pulumi: Fake, tmp_path: Path) -> None:
    """Without the refresh it compares the program with its own memory."""
    pulumi("""echo '{"steps": []}'""")
    assert refreshed_preview(tmp_path, "prod").differences == ()
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked[:5] == ["preview", "--stack", "prod", "--refresh", "--json"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'error: no credentials' >&2; exit 255", "no credentials"),
        ("""echo '{"steps": [], "diagnostics": [{"severity": "error", "message": "boom"}]}'; exit 1""", "boom"),
        ("echo 'no JSON'", "is no preview"),
        ("""echo '{"steps": 1}'""", "is no preview"),
        ("""echo '["steps"]'""", "is no preview"),
        ("printf 'error: \\377 xoxb-not-a-real-token\\n' >&2; exit 1", r"\[secret\]"),
    ],
)
def test_a_preview_that_fails_is_not_taken_for_an_answer(pulumi: Fake, tmp_path: Path, script: str, said: str) -> None:
    """Neither for drift nor for none; what it says is shown, without a credential."""
    pulumi(script)
    with pytest.raises(UncheckedError, match=said):
        refreshed_preview(tmp_path, "prod")
