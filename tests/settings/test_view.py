"""Settings of which some values are refused: the others can be read, and nothing takes a refused one for a value."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from readiness.alerts.api_limits import limit_violations
from readiness.rules.project import project_problems
from readiness.rules.stack import check_config
from readiness.settings.base import RefusedValueError
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig
from readiness.settings.validation import view_of
from readiness.settings.view import known, known_items
from tests.pinned_clock import NOW, TODAY
from tests.projects import EVERY_OPTION, config_of
from tests.settings.mutations import paths_of


def view_with(key: str, path: tuple[str | int, ...], value: Any) -> Settings:
    """The view of the stack with every option on, with another value at a place."""
    config = config_of(EVERY_OPTION)
    put(config, key, path, value)
    return view_of(config)


def put(config: StackConfig, key: str, path: tuple[str | int, ...], value: Any) -> None:
    """Writes another value at a place."""
    config.values = copy.deepcopy(config.values)
    holder: Any = config.values
    part: str | int = key
    for inner in path:
        holder, part = holder[part], inner
    holder[part] = value


def test_a_refused_value_cannot_be_read_and_the_others_can() -> None:
    """Neither as None, which is a setting that is left out, nor as its default."""
    view = view_with("readiness:image_registry", ("keep_recent_versions",), "many")
    assert view.image_registry is not None
    with pytest.raises(RefusedValueError):
        _ = view.image_registry.keep_recent_versions
    assert known(view.image_registry, "keep_recent_versions") is None
    assert view.image_registry.packages == ("api", "web/shop")
    assert view.services[0].host == "shop-api.example.net"
    assert "keep_recent_versions" in view.image_registry.model_fields_set


def test_a_property_of_a_refused_value_cannot_be_read_either() -> None:
    """The host of an address."""
    view = view_with("readiness:services", (0, "url"), 7)
    with pytest.raises(RefusedValueError):
        _ = view.services[0].host
    assert view.services[1].host == "shop-web.example.net"


def test_a_misspelt_key_is_a_refused_value() -> None:
    """What was written is not known, so that no default stands for it."""
    view = view_with("readiness:uptime_checks", (), {"periodSeconds": 300})
    with pytest.raises(RefusedValueError):
        _ = view.uptime_checks.period_seconds
    assert view.uptime_checks.timeout_seconds == 10


def test_a_list_with_a_refused_item_is_read_item_by_item_only() -> None:
    """The others keep their index."""
    view = view_with("readiness:image_registry", ("keep_tags", 1), "no tag!")
    assert view.image_registry is not None
    tags = view.image_registry.keep_tags
    with pytest.raises(RefusedValueError):
        list(tags)
    with pytest.raises(RefusedValueError):
        _ = tags[1]
    assert len(tags) == 5
    assert dict(known_items(tags)) == {0: "latest", 2: "production-latest", 3: "production-previous", 4: "release-"}


def test_without_a_refused_value_the_view_is_the_settings() -> None:
    """Nothing is built twice."""
    found = check_config(config_of(EVERY_OPTION), today=TODAY)
    assert found.view is found.settings


PLACES = [
    (key, path)
    for key, value in config_of(EVERY_OPTION).values.items()
    for path in ((), *paths_of(value))
    if key.startswith("readiness:")
]


def test_every_rule_copes_with_a_refused_value(tmp_path: Path) -> None:
    """Every third place of the file by itself: nothing raises, limits and records included."""
    for key, path in PLACES[::3]:
        config = config_of(EVERY_OPTION)
        put(config, key, path, {"no": ["setting"]})
        found = check_config(config, today=TODAY)
        assert found.settings is None, (key, path)
        assert found.view is not None
        list(limit_violations(found.view))
        project_problems(tmp_path, config, found.view, NOW)
