"""The results of a stack's alerts, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from readiness.alerts.scenarios.proof import AlertProof, Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class StackProof:
    """All results of a stack's alerts. `not_proven`: alerts that promtool cannot test, with the reasons."""

    stack: str
    promtool_version: str
    every_phase: bool
    alerts: Sequence[AlertProof]
    not_proven: Sequence[tuple[str, str]]

    @property
    def incidents(self) -> int:
        """How many incidents ran."""
        return sum(alert.must_page + alert.must_stay_quiet for alert in self.alerts)

    @property
    def failures(self) -> int:
        """How many of them failed."""
        return sum(len(alert.failures) for alert in self.alerts)

    @property
    def result(self) -> str:
        """`passed`, `failed`, or `not proven` if no incident ran."""
        if self.failures:
            return "failed"
        return "passed" if self.incidents else "not proven"


def proof_text(proof: StackProof) -> str:
    """For people: a line for each alert, its failures below it, then what is not covered."""
    return "\n".join(_lines(proof)) + "\n"


def _lines(proof: StackProof) -> Iterator[str]:
    arrivals = f"at {'six arrival times' if proof.every_phase else 'one arrival time'} of their samples"
    yield f"{proof.stack}: incidents made from its own settings, {arrivals}, on promtool {proof.promtool_version}"
    yield ""
    width = max((len(alert.alert) for alert in proof.alerts), default=0)
    for alert in proof.alerts:
        verdict = "FAILED" if alert.failures else "not proven" if alert.gap else "ok"
        counts = (
            f"{alert.pages} of {alert.must_page} page when they must, "
            f"{alert.stays_quiet} of {alert.must_stay_quiet} stay quiet"
        )
        yield f"{alert.alert:{width}}  {verdict:10}  {counts}"
        for failure in alert.failures:
            yield from _failure_lines(failure)
        if alert.failures:
            yield f"    query: {alert.query} for {alert.duration}"
    yield from _listed(
        "Incidents that the settings rule out:",
        [f"{alert.alert} {name}: {reason}" for alert in proof.alerts for name, reason in alert.not_built],
    )
    gaps = [f"{alert.alert}: {alert.gap}" for alert in proof.alerts if alert.gap]
    yield from _listed("Not proven:", [*gaps, *(f"{name}: {reason}" for name, reason in proof.not_proven)])
    yield ""
    missing = len(gaps) + len(proof.not_proven)
    unproven = f"; {missing} alert{'' if missing == 1 else 's'} not proven" if missing else ""
    failed = f"{proof.failures} of " if proof.failures else ""
    alerts = f"{len(proof.alerts)} alert{'' if len(proof.alerts) == 1 else 's'}"
    yield f"{proof.result}: {failed}{proof.incidents} incidents of {alerts}{unproven}"


def _failure_lines(failure: Failure) -> Iterator[str]:
    yield f"    {failure.scenario}: {failure.expected}; {failure.found}"
    yield f"      {failure.why}"
    if failure.tried > 1:
        yield f"      At {failure.deliveries} of {failure.tried} arrival times of the samples."


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def proof_json(proof: StackProof) -> str:
    """For programs. `result` is `passed`, `failed` or `not proven`, for the stack and for each alert."""
    value = {
        "stack": proof.stack,
        "promtool": proof.promtool_version,
        "every_phase": proof.every_phase,
        "result": proof.result,
        "incidents": proof.incidents,
        "failed": proof.failures,
        "alerts": [
            {
                "alert": alert.alert,
                "result": "failed" if alert.failures else "not proven" if alert.gap else "passed",
                "must_page": {"incidents": alert.must_page, "passed": alert.pages},
                "must_stay_quiet": {"incidents": alert.must_stay_quiet, "passed": alert.stays_quiet},
                "query": alert.query,
                "for": alert.duration,
                "failures": [asdict(failure) for failure in alert.failures],
                "not_built": [{"scenario": name, "reason": reason} for name, reason in alert.not_built],
            }
            for alert in proof.alerts
        ],
        "not_proven": [{"alert": name, "reason": reason} for name, reason in proof.not_proven],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
