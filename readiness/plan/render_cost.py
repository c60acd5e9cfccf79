"""Costs as text, as Markdown and as data for JSON: of a stack, and of a change.

Names of stacks, buckets and policies come from settings and plans, so that Markdown has them in code.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from readiness.plan.change_lines import code_span, printable
from readiness.plan.cost import Cost, Line
from readiness.plan.cost_change import CostChange, LineChange
from readiness.settings.prices import STALE_AFTER_DAYS, Prices

NOT_KNOWN = "not known"
# More stacks than these would make the comment of a pull request longer than a screen.
MAX_STACKS = 10


def cost_line(cost: Cost) -> str:
    """The sum of a stack in one line."""
    return f"Cost: {_total(cost)} (prices of {cost.prices.date}, {cost.prices.source})"


def cost_text(cost: Cost, today: date) -> str:
    """Every line of the costs, for a terminal."""
    lines = ["", "Cost of a month", *(f"    {printable(_line(line))}" for line in cost.lines)]
    return "\n".join([*lines, *(f"    {note}" for note in _notes(cost.prices, today)), ""])


def cost_markdown(cost: Cost, today: date) -> str:
    """The same as a folded list."""
    lines = ["", "<details><summary>Cost of a month</summary>", ""]
    lines += [f"- {code_span(_line(line))}" for line in cost.lines]
    lines += [f"- {note}" for note in _notes(cost.prices, today)]
    return "\n".join([*lines, "", "</details>", ""])


def cost_data(cost: Cost) -> dict[str, Any]:
    """The costs for JSON, the same on every day; docs/costs.md describes the keys."""
    return {
        **_sum_data(cost),
        "prices": {"source": cost.prices.source, "date": cost.prices.date},
        "lines": [_line_data(line) for line in cost.lines],
        "conditions": [
            {
                "policy": condition.policy,
                "metric_references": condition.returned.references,
                "series": condition.returned.series,
                "interval_seconds": condition.interval_seconds,
                "points_month": condition.points_month,
                "assumed_labels": list(condition.returned.assumed),
                "unknown_labels": list(condition.returned.unknown),
            }
            for condition in cost.conditions
        ],
    }


def cost_changes_text(changes: Sequence[CostChange], today: date) -> str:
    """What a change does to the costs, for a terminal: a line for each stack whose costs change, and its parts."""
    changed = [change for change in changes if change.changed]
    if not changed:
        return ""
    lines = ["", f"Cost of a month ({_prices_text(changed)})"]
    for change in changed:
        lines.append(f"  {printable(_change_line(change))}")
        lines += [f"    {printable(_line_change(line))}" for line in change.changed]
    lines += [f"  {note}" for note in _notes(changed[0].after.prices, today)]
    return "\n".join([*lines, ""])


def cost_changes_markdown(changes: Sequence[CostChange], today: date) -> str:
    """The same for the comment of a pull request: a line for each stack, and everything else folded."""
    changed = [change for change in changes if change.changed]
    if not changed:
        return ""
    lines = ["", "### Cost of a month", ""]
    lines += [f"- {code_span(_change_line(change))}" for change in changed[:MAX_STACKS]]
    if len(changed) > MAX_STACKS:
        lines.append(f"- and {len(changed) - MAX_STACKS} more stacks")
    lines += ["", "<details><summary>Quantities and prices</summary>", ""]
    lines += [
        f"- {code_span(f'{change.stack}: {_line_change(line)}')}"
        for change in changed[:MAX_STACKS]
        for line in change.changed
    ]
    notes = [f"{_prices_text(changed)}, the same before and after.", *_notes(changed[0].after.prices, today)]
    return "\n".join([*lines, "", *notes, "", "</details>", ""])


def cost_changes_data(changes: Sequence[CostChange]) -> list[dict[str, Any]]:
    """The costs of every stack before and after, and their difference, for JSON; docs/costs.md describes the keys."""
    return [
        {
            "stack": change.stack,
            "prices": {"source": change.after.prices.source, "date": change.after.prices.date},
            "before": _sum_data(change.before),
            "after": _sum_data(change.after),
            "difference": {
                "usd_month": _rounded(change.after.total(from_start=False) - change.before.total(from_start=False)),
                "usd_month_with_alerting": _rounded(
                    change.after.total(from_start=True) - change.before.total(from_start=True)
                ),
                "not_known": list(change.unknown),
            },
            "lines": [
                {
                    "key": line.line.key,
                    "what": line.line.what,
                    "before": None if line.before is None else _line_data(line.before),
                    "after": None if line.after is None else _line_data(line.after),
                    "difference": {"quantity": line.quantity, "usd_month": _rounded(line.amount)},
                }
                for line in change.lines
            ],
        }
        for change in changes
    ]


def _total(cost: Cost) -> str:
    now, later = cost.total(from_start=False), cost.total(from_start=True)
    least = "at least " if cost.is_least else ""
    text = f"{least}USD {now:,.2f} a month"
    return f"{text}, from {cost.starts} on {least}USD {later:,.2f}" if cost.starts else text


def _line(line: Line) -> str:
    """`points that alerts return: 5,080,800 points; USD 0.5 a million; USD 2.54 from 2027-09-01 on; …`."""
    return f"{line.what}: {'; '.join([_quantity(line), _price(line), *_amount(line), *_free(line), line.derived])}"


def _quantity(line: Line) -> str:
    if line.quantity is None:
        return f"{NOT_KNOWN} ({line.unit})"
    return f"{'at least ' if line.is_least else ''}{line.quantity:,.10g} {line.unit}"


def _price(line: Line) -> str:
    if line.usd is None:
        return "no price in readiness:prices"
    per = {1: "each", 1_000: "a thousand", 1_000_000: "a million"}[line.per]
    return f"USD {line.usd:g} {per}"


def _amount(line: Line) -> list[str]:
    start = f" from {line.charged_from} on" if line.charged_from else ""
    return [f"USD {NOT_KNOWN if line.amount is None else f'{line.amount:,.2f}'}{start}"]


def _free(line: Line) -> list[str]:
    return [line.free] if line.free else []


def _change_line(change: CostChange) -> str:
    """`prod: USD 0.00 -> at least USD 0.30 a month (+0.30)`, and the same from the day on which alerting is charged."""
    parts = [_before_after(change, from_start=False, since="")]
    if starts := change.after.starts or change.before.starts:
        parts.append(_before_after(change, from_start=True, since=f"from {starts} on "))
    unknown = f"; {NOT_KNOWN} and not counted: {', '.join(change.unknown)}" if change.unknown else ""
    return f"{change.stack}: {'; '.join(parts)}{unknown}"


def _before_after(change: CostChange, *, from_start: bool, since: str) -> str:
    before, after = (cost.total(from_start=from_start) for cost in (change.before, change.after))
    texts = [
        f"{'at least ' if cost.is_least else ''}USD {total:,.2f}"
        for cost, total in ((change.before, before), (change.after, after))
    ]
    return f"{since}{texts[0]} -> {texts[1]} a month ({_signed(after - before)})"


def _line_change(change: LineChange) -> str:
    sides = [_amount_text(line) for line in (change.before, change.after)]
    quantities = ["none" if line is None else _quantity(line) for line in (change.before, change.after)]
    by = NOT_KNOWN if change.amount is None else _signed(change.amount)
    start = f" from {change.line.charged_from} on" if change.line.charged_from else ""
    head = f"{change.line.what}: {quantities[0]} -> {quantities[1]}; USD {sides[0]} -> {sides[1]} ({by}){start}"
    return "; ".join([head, _price(change.line), *_free(change.line), change.line.derived])


def _amount_text(line: Line | None) -> str:
    if line is None:
        return "0.00"
    return NOT_KNOWN if line.amount is None else f"{line.amount:,.2f}"


def _signed(amount: float) -> str:
    """Of a hundredth and more two places; less than that is not nothing."""
    if 0 < abs(amount) < 0.005:
        return f"{'+' if amount > 0 else '-'}less than 0.01"
    return f"{amount:+,.2f}" if round(amount, 2) else "no change"


def _prices_text(changes: Sequence[CostChange]) -> str:
    tables = {(change.after.prices.date, change.after.prices.source) for change in changes}
    return f"USD, prices of {' and '.join(f'{day}, {source}' for day, source in sorted(tables))}"


def _notes(prices: Prices, today: date) -> list[str]:
    if not prices.is_stale(today):
        return []
    days = f"more than {STALE_AFTER_DAYS} days ago"
    return [f"The prices are of {prices.date}, {days}: compare them with {prices.source}, then write readiness:prices."]


def _sum_data(cost: Cost) -> dict[str, Any]:
    return {
        "currency": "USD",
        "usd_month": _rounded(cost.total(from_start=False)),
        "usd_month_with_alerting": _rounded(cost.total(from_start=True)),
        "alerting_charged_from": cost.starts,
        "at_least": cost.is_least,
        "not_known": list(cost.unknown),
    }


def _line_data(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "what": line.what,
        "unit": line.unit,
        "quantity": line.quantity,
        "at_least": line.is_least,
        "usd": line.usd,
        "per": line.per,
        "usd_month": _rounded(line.amount),
        "charged_from": line.charged_from,
        "free": line.free,
        "derived": line.derived,
    }


def _rounded(amount: float | None) -> float | None:
    """To a millionth of a dollar: the same digits whatever the order of the sum."""
    return None if amount is None else round(amount, 6)
