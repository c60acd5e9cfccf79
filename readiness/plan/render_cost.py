"""Costs as text, as Markdown and as data for JSON: of a stack, and of a change.

Names of stacks, buckets and policies come from settings and plans, so that Markdown has them in code.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from readiness.plan.change_lines import code_span, printable, shortened
from readiness.plan.cost import Cost, Line
from readiness.plan.cost_change import CostChange, LineChange
from readiness.settings.prices import STALE_AFTER_DAYS, Prices

NOT_KNOWN = "not known"
# More stacks than these would make the comment of a pull request longer than a screen.
MAX_STACKS = 10
# Of all stacks together: the comment needs its space for what reduces protection.
MAX_LINES_IN_A_COMMENT = 30


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
    lines += [f"- {code_span(shortened(_change_line(change)))}" for change in changed[:MAX_STACKS]]
    if len(changed) > MAX_STACKS:
        lines.append(f"- and {len(changed) - MAX_STACKS} more stacks")
    details = [f"{change.stack}: {_line_change(line)}" for change in changed for line in change.changed]
    lines += ["", "<details><summary>Quantities and prices</summary>", ""]
    lines += [f"- {code_span(shortened(text))}" for text in details[:MAX_LINES_IN_A_COMMENT]]
    if len(details) > MAX_LINES_IN_A_COMMENT:
        lines.append(f"- and {len(details) - MAX_LINES_IN_A_COMMENT} more lines")
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
    """`metrics that alerts read: 62 references, at USD 0.35 per reference = USD 21.70 from 2027-09-01 on; …`."""
    parts = [_quantity(line)]
    if line.paid is not None and line.paid != line.quantity:
        parts.append(f"{line.paid:,.0f} of them to pay")
    amount = "" if line.amount is None else f" = USD {line.amount:,.2f}{_start(line)}"
    return f"{line.what}: {', '.join([*parts, _price(line)])}{amount}; {_details(line)}"


def _quantity(line: Line) -> str:
    if line.quantity is None:
        return NOT_KNOWN
    return f"{'at least ' if line.is_least else ''}{line.quantity:,.10g} {line.unit}"


def _price(line: Line) -> str:
    return "no price in readiness:prices" if line.usd is None else f"at USD {line.usd:g} per {line.each}"


def _start(line: Line) -> str:
    return f" from {line.charged_from} on" if line.charged_from else ""


def _details(line: Line) -> str:
    return "; ".join(part for part in (line.free, line.derived) if part)


def _change_line(change: CostChange) -> str:
    """`prod: at least USD 0.00 a month, no change; from 2027-09-01 on at least USD 27.09 -> 27.53 a month (+0.44)`."""
    parts = [_before_after(change, from_start=False)]
    if starts := change.after.starts or change.before.starts:
        parts.append(f"from {starts} on {_before_after(change, from_start=True)}")
    unknown = f"; {NOT_KNOWN} and not counted: {', '.join(change.unknown)}" if change.unknown else ""
    return f"{change.stack}: {'; '.join(parts)}{unknown}"


def _before_after(change: CostChange, *, from_start: bool) -> str:
    before, after = (cost.total(from_start=from_start) for cost in (change.before, change.after))
    least = "at least " if change.before.is_least or change.after.is_least else ""
    if round(after - before, 10) == 0:
        return f"{least}USD {after:,.2f} a month, no {'known ' if change.unknown else ''}change"
    return f"{least}USD {before:,.2f} -> {after:,.2f} a month ({_signed(after - before)})"


def _line_change(change: LineChange) -> str:
    """`points that alerts return: 1,000 points -> 2,000 points; USD 0.00 -> 0.01 (+0.01); at USD …`."""
    before, after = ("none" if line is None else _quantity(line) for line in (change.before, change.after))
    quantities = before if before == after else f"{before} -> {after}"
    text = f"{change.line.what}: {quantities}"
    if change.amount is not None:
        amounts = [0 if line is None else line.amount or 0 for line in (change.before, change.after)]
        text += f"; USD {amounts[0]:,.2f} -> {amounts[1]:,.2f} ({_signed(change.amount)}){_start(change.line)}"
    derived = [line.derived for line in (change.before, change.after) if line is not None]
    is_same = before == after and len(derived) == 2
    details = f"before: {derived[0]}; after: {derived[1]}" if is_same else _details(change.line)
    return f"{text}; {_price(change.line)}; {details}"


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
