"""Mistakes in an alert rule, each as a pure function from a rule to its mutants.

They work on the rule's text, so that they need no model of the queries; a rule in which an operator finds nothing to
change gives no mutant. `MUTATIONS` is the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Rule = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreign:
    """The names of the other environment: each name of this environment, and its name there."""

    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """A rule with one mistake. `name`: the operator, and what it did."""

    name: str
    rule: Rule


Expression = Callable[[str, Foreign], Iterable[tuple[str, str]]]

# A comparison with a number: at the end, before `and`, or in brackets.
_COMPARISON = re.compile(r" (?P<operator>>=|<=|>|<|==) (?P<threshold>[0-9.e+-]+)(?=$|\)| (?:and|or|unless) )")
_WINDOW = re.compile(r"\[(?P<window>[0-9smh]+)\]")
_BY = re.compile(r" by \((?P<labels>[^)]*)\)")
_SELECTOR = re.compile(r"\{(?P<matchers>[^}]*)\}")
_SERVICE = re.compile(r',(?P<label>service_name|host)=~"(?P<names>[^"]*)"')
_DATABASE = re.compile(r',database_id="(?P<id>[^"]*)"')


def mutants_of(rule: Rule, foreign: Foreign) -> Iterator[Mutant]:
    """Every mutant of a rule, in the order of the list, except those that do not change the text."""
    for operator, change in MUTATIONS.items():
        for what, expression in change(rule["expr"], foreign):
            if expression != rule["expr"]:
                yield Mutant(name=f"{operator}: {what}", rule={**rule, "expr": expression})
    for what, duration in _durations(rule["for"]):
        yield Mutant(name=f"for: {what}", rule={**rule, "for": duration})


def _comparison(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    for where, found in _comparisons(text):
        for operator in ("<", "<=", ">", ">=", "==", "!="):
            yield f"{where}{operator}", _replaced(text, found, f" {operator} {found['threshold']}")


def _threshold(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    # 1000 and 100 are wrong units: seconds for milliseconds, percent for a share.
    for where, found in _comparisons(text):
        threshold = float(found["threshold"])
        if threshold == 0:
            # Not 1: promtool extrapolates one entry to a little more than one.
            yield f"{where}2 for 0", _replaced(text, found, f" {found['operator']} 2")
            continue
        for factor in (10, 100, 1000):
            for what, value in ((f"x {factor}", threshold * factor), (f"/ {factor}", threshold / factor)):
                yield f"{where}{what}", _replaced(text, found, f" {found['operator']} {value!r}")


def _comparisons(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Every comparison with a number, and the name that distinguishes its mutants if there are several."""
    found = list(_COMPARISON.finditer(text))
    for index, piece in enumerate(found):
        yield f"number {index + 1} " if len(found) > 1 else "", piece


def _window(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    for what, factor in (("halved", 0.5), ("doubled", 2.0)):
        yield f"all {what}", _WINDOW.sub(lambda found, factor=factor: _scaled(found, factor), text)
        for index, found in enumerate(_WINDOW.finditer(text)):
            yield f"number {index + 1} {what}", _replaced(text, found, _scaled(found, factor))
    yield "five minutes", _WINDOW.sub("[5m]", text)
    yield "one sample less", _WINDOW.sub(lambda found: f"[{_seconds(found['window']) - 60}s]", text)


def _scaled(found: re.Match[str], factor: float) -> str:
    return f"[{round(_seconds(found['window']) * factor)}s]"


def _seconds(window: str) -> int:
    """Seconds of a window such as `3m`."""
    found = re.fullmatch(r"(\d+)([smh])", window)
    if found is None:
        raise ValueError(f"a window in one unit was expected, not {window}")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def _by(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    yield "dropped", _BY.sub("", text)
    labels = {label.strip() for found in _BY.finditer(text) for label in found["labels"].split(",")}
    for label in sorted(labels):
        yield f"without {label}", _BY.sub(lambda found, label=label: _by_without(found, label), text)


def _by_without(found: re.Match[str], label: str) -> str:
    left = [part for part in re.split(r", *", found["labels"]) if part != label]
    return f" by ({', '.join(left)})"


def _services(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    """The filter by service, or by host."""
    yield "filter dropped", _SERVICE.sub("", text)
    yield "filter widened at the end", _SERVICE.sub(r',\g<label>=~"(\g<names>).*"', text)
    yield "filter widened at the start", _SERVICE.sub(r',\g<label>=~".*(\g<names>)"', text)
    yield "the first only", _SERVICE.sub(lambda f: f',{f["label"]}=~"{f["names"].split("|")[0]}"', text)
    yield "the last only", _SERVICE.sub(lambda f: f',{f["label"]}=~"{f["names"].split("|")[-1]}"', text)
    yield "dots that match anything", text.replace("[.]", ".")
    found = list(_SERVICE.finditer(text))
    if len(found) > 1:
        for index, piece in enumerate(found):
            yield f"filter number {index + 1} dropped", _replaced(text, piece, "")


def _database(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    yield "filter dropped", _DATABASE.sub("", text)
    yield "filter widened", _DATABASE.sub(r',database_id=~"\g<id>.*"', text)


def _environment(text: str, foreign: Foreign) -> Iterator[tuple[str, str]]:
    yield "swapped", renamed(text, foreign.names)
    for name, other in foreign.names.items():
        yield f"{name} swapped", renamed(text, {name: other})


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with each name replaced by another."""
    # Longest first, so that no name is cut by one that it begins with.
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(pattern, lambda found: names[found[0]], text)


def _resource(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    yield "filter dropped", re.sub(r'monitored_resource="[^"]*",?', "", text)


def _answers(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    for other in ("4xx", "2xx"):
        yield other, text.replace('response_code_class="5xx"', f'response_code_class="{other}"')
    yield "filter dropped", text.replace(',response_code_class="5xx"', "")


def _percentile(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    for other in ("0.05", "0.5", "0.9", "0.95", "0.99"):
        yield other, re.sub(r"histogram_quantile\([0-9.]+,", f"histogram_quantile({other},", text)


def _aggregation(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    for other in ("sum", "min", "avg"):
        yield f"max to {other}", re.sub(r"\bmax\b", other, text)
    for other in ("max", "min", "avg", "count"):
        yield f"sum to {other}", re.sub(r"\bsum\b", other, text)


def _sides(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    """The two operands of a ratio, or of `or`."""
    for operator, others in _OPERATORS.items():
        for other in others if operator in text else ():
            yield f"{operator.strip()} to {other.strip()}", text.replace(operator, other)
    for index, found in enumerate(re.finditer(r" and (?!on)", text)):
        yield f"and number {index + 1} to or", _replaced(text, found, " or ")
        yield f"and number {index + 1} to unless", _replaced(text, found, " unless ")
    for index, found in enumerate(re.finditer(r" unless ", text)):
        yield f"unless number {index + 1} to and", _replaced(text, found, " and ")
        yield f"unless number {index + 1} to or", _replaced(text, found, " or ")
        yield f"unless number {index + 1} dropped", text[: found.start()]
    for index, found in enumerate(re.finditer(r" and on \(\) \([^()]*\(\)[^()]*\)", text)):
        yield f"clause {index + 1} dropped", _replaced(text, found, "")
    largest = re.search(r"max\((?P<counts>.+ or .+)\) \*", text)
    counts = largest["counts"].split(" or ") if largest else []
    for index in range(len(counts)):
        left = " or ".join(counts[:index] + counts[index + 1 :])
        yield f"operand {index + 1} dropped", text.replace(" or ".join(counts), left)
    if " / sum" in text:
        base, threshold = text.rsplit(" > ", 1)
        good = base.replace('response_code_class="5xx"', 'response_code_class!="5xx"')
        yield "one minus good over all", f"1 - {good} > {threshold}"


_OPERATORS = {" or ": (" and ", " unless ", " + on() "), " / sum": (" * sum", " - sum")}


def _scaling(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    yield "dropped", re.sub(r" \* \d+ / \d+", "", text)
    yield "inverted", re.sub(r" \* (\d+) / (\d+)", r" * \2 / \1", text)
    yield "to whole numbers", text.replace(", 0.01)", ")")
    yield "divisor doubled", re.sub(r"\) / (\d+)(?=[) ])", lambda found: f") / {2 * int(found[1])}", text)
    yield "divisor halved", re.sub(r"\) / (\d+)(?=[) ])", lambda found: f") / {int(found[1]) / 2}", text)


def _metric(text: str, _foreign: Foreign) -> Iterator[tuple[str, str]]:
    yield "CPU for memory", text.replace("container_memory_utilizations", "container_cpu_utilizations")
    yield "memory for CPU", text.replace("container_cpu_utilizations", "container_memory_utilizations")
    for old in ("max_over_time(", "min_over_time(", "avg_over_time(", "count_over_time(", "last_over_time("):
        for new in ("max_over_time(", "min_over_time("):
            yield f"{old[:-1]} to {new[:-1]}", text.replace(old, new)
    for other in ("idle", "starting"):
        yield f"state {other}", text.replace('state="active"', f'state="{other}"')
    yield "every state", text.replace(',state="active"', "")
    yield "count for buckets", text.replace("startup_latencies_count", "startup_latencies_sum")
    yield "increase to rate", text.replace("increase(", "rate(")


def _durations(duration: str) -> Iterator[tuple[str, str]]:
    seconds = int(duration.removesuffix("s"))
    if seconds == 0:
        yield "a minute instead of none", "60s"
        yield "five minutes instead of none", "300s"
        return
    yield "dropped", "0s"
    yield "halved", f"{seconds // 2}s"
    yield "doubled", f"{2 * seconds}s"
    yield "a minute shorter", f"{seconds - 60}s"
    yield "a minute longer", f"{seconds + 60}s"


def _replaced(text: str, found: re.Match[str], new: str) -> str:
    return text[: found.start()] + new + text[found.end() :]


MUTATIONS: dict[str, Expression] = {
    "comparison": _comparison,
    "threshold": _threshold,
    "window": _window,
    "by": _by,
    "services": _services,
    "database": _database,
    "environment": _environment,
    "resource": _resource,
    "answers": _answers,
    "percentile": _percentile,
    "aggregation": _aggregation,
    "sides": _sides,
    "scaling": _scaling,
    "metric": _metric,
}
