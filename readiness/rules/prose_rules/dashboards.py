"""Dashboards (monitoring v1, `Dashboard`).

Sources: the descriptions in the discovery document, and docs/facts/monitoring.md#dashboards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, exactly_one_of, inside
from readiness.rules.violation import FieldMessage

MAX_WIDGETS = 50
MAX_COLUMNS = 48
# What a widget says of itself; everything else in it is its content.
_ABOUT_THE_WIDGET = frozenset({"title", "id", "visibilityCondition"})
# Other rules say that these are no zero.
_NEVER_ZERO = (".columns", ".height", ".width")
_QUERIES = (
    "opsAnalyticsQuery",
    "prometheusQuery",
    "timeSeriesFilter",
    "timeSeriesFilterRatio",
    "timeSeriesQueryLanguage",
    "traceQuery",
)


def _widget_count(dashboard: BodyView) -> Iterator[FieldMessage]:
    """50 widgets; the headers of collapsible groups are not counted."""
    widgets = [view for view in _widgets(dashboard) if not view.has("collapsibleGroup")]
    if len(widgets) > MAX_WIDGETS:
        yield dashboard.finding("", f"has {len(widgets)} widgets; the API takes {MAX_WIDGETS}")


def _one_content_a_widget(dashboard: BodyView) -> Iterator[FieldMessage]:
    """A `oneof` of `Widget`."""
    for widget in _widgets(dashboard):
        contents = [name for name in widget.value if name not in _ABOUT_THE_WIDGET]
        if len(contents) > 1:
            yield widget.finding(contents[1], f"stands beside {contents[0]}; a widget has one content")


def _widgets(dashboard: BodyView) -> list[BodyView]:
    found: list[BodyView] = []
    for view in dashboard.walk():
        found += [widget for widget in view.each("widgets") if isinstance(widget.value, dict)]
        if isinstance(view.field("widget").value, dict):
            found.append(view.field("widget"))
    return found


def _one_query(dashboard: BodyView) -> Iterator[FieldMessage]:
    """A `oneof` of `TimeSeriesQuery`."""
    for view in dashboard.walk():
        if view.has("timeSeriesQuery"):
            yield from exactly_one_of(*_QUERIES)(view.field("timeSeriesQuery"))


def _nothing_that_differs_for_ever(dashboard: BodyView) -> Iterator[FieldMessage]:
    """The API gives back no null, empty list, zero or false, so that each shows in every later preview.

    The provider overlooks what only the API's answer has, not what only the program has (`removeComputedKeys`).
    """
    for view in dashboard.walk():
        if view.value is None or view.value == []:
            yield view.finding("", "is empty; leave it out, or every preview shows a difference")
        if isinstance(view.value, int | float) and not view.value and not view.path.endswith(_NEVER_ZERO):
            shown = json.dumps(view.value)
            yield view.finding("", f"is {shown}; leave it out, or every preview shows a difference")


def _mosaic(layout: BodyView) -> Iterator[FieldMessage]:
    """`The number of columns must be between 1 and 48`; tiles lie inside them and have a size."""
    columns = layout.number("columns")
    if columns is not None and not 1 <= columns <= MAX_COLUMNS:
        yield layout.finding("columns", f"are {columns:g}; the API takes 1 to {MAX_COLUMNS}")
    for tile in layout.each("tiles"):
        for name in ("width", "height"):
            if (tile.number(name) or 0) < 1:
                yield tile.finding(name, "must be 1 or more")
        right = (tile.number("xPos") or 0) + (tile.number("width") or 0)
        if columns is not None and right > columns:
            yield tile.finding("width", f"reaches column {right:g} of {columns:g}")


DASHBOARD_RULES: tuple[Rule, ...] = (
    exactly_one_of("columnLayout", "gridLayout", "mosaicLayout", "rowLayout"),
    inside("mosaicLayout", _mosaic),
    _widget_count,
    _one_content_a_widget,
    _one_query,
    _nothing_that_differs_for_ever,
)
