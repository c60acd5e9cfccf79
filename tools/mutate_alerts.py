"""Breaks each alert rule in every listed way, and fails if no scenario notices: `make mutate-alerts`.

Prints how many mutants there were, and each that survived. Exit status 1 when one did, or when one that is listed as
equivalent does not survive after all. A mutant runs only the scenarios of its alert, and stops at the first that fails.
A rule of the second stack that differs from the first one's by names alone is not broken again. Of the fixture stack
with every option, only the rules of another form are broken (OF_EVERY_OPTION). Arguments are names of alerts: only
their rules are broken.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from readiness.alerts.catalogue import log_metrics_of
from readiness.alerts.deployment_metrics import deployments
from readiness.alerts.scenarios.cases import USUAL_DELIVERY, cases_of
from readiness.alerts.scenarios.promtool import Case, Rule, processors, promtool_tests, run_promtool, write_test_file
from readiness.alerts.scenarios.stack import Stack
from readiness.settings.model import Settings
from tests.alerts.stacks import rules_in, stacks_of
from tests.projects import EVERY_OPTION, plan_of_stack, settings_of
from tools.alert_mutations import Foreign, Mutant, mutants_of, renamed
from tools.find_tool import find_promtool

STACKS = ("prod", "staging")
# Alerts whose rule has another form in the stack with every option: a disk that grows has a limit of its own.
OF_EVERY_OPTION = ("DatabaseDiskFull",)
# A process costs about as much as two cases: few cases a process while a mutant will probably die, many later.
FIRST_CASES_A_PROCESS = 7
LATER_CASES_A_PROCESS = 40

_JOINED = "a division keeps only the services that both operands have, so the other operand's filter does the work"
_SCALED = "a quantile stays the same when every bucket is divided by the number of revisions"
_DELIVERY = ("DeploymentFailed", "LowDeploymentSuccess", "NoDeploymentSuccess")
_OPEN_LONGER = (
    "the alert pages for the same, and only stays open longer after its cause is gone; scenarios tell of pages"
)
_WRITTEN_TWICE_A_DAY = "a figure that is written every twelve hours is found in 25 hours, a minute more or less"
_COUNTED_ONCE = (
    "ImagesDeletedByOthers",
    "LargeImageCleanup",
    "NewCriticalVulnerability",
    "MigrationFailed",
    "DatabaseBackupFailed",
    "RollbackStarted",
    "UnusualSecretAccess",
)
_SAME_MINUTES = "use and size have their samples in the same minutes, and a quotient or a difference needs both"
_ONE_INSTANCE = "an instance writes one series of the metric"
_ANY_ABOVE_ZERO = "where one count is above zero, so are their sum, their largest, their mean and their rate"
_NEVER_BELOW_ZERO = "neither a count nor the result of a probe is below zero"
_NEVER_ZERO = "a count is never 0: without a failing region, or without a probe, there is no count"
_ROUNDED = (
    "over an hour the scaling changes a count by a sixtieth, which rounding drops; the fixture stack every-option has "
    "a window of ten minutes, and its scenarios fail without it"
)
_MEAN = "a mean of probes is 0.6 to the last bit under one promtool, and not under the other"
_SHARES = "a share of requests is a quotient of floats, which meets a threshold of 0.072 exactly by chance alone"
# Mutants that no series can distinguish from the rule, by alert (or stack and alert) and name, with the reason.
EQUIVALENT: dict[tuple[str, str], str] = {
    ("HighErrorRate", "services: filter number 1 dropped"): _JOINED,
    ("HighErrorRate", "services: filter number 2 dropped"): _JOINED,
    ("HighCpuUsage", "aggregation: sum to avg"): _SCALED,
    ("HighMemoryUsage", "aggregation: sum to avg"): _SCALED,
    ("HighLatency", "aggregation: sum to avg"): _SCALED,
    ("FailedHealthChecks", "comparison: number 1 <="): _NEVER_BELOW_ZERO,
    ("FailedHealthChecks", "comparison: number 2 <="): _NEVER_BELOW_ZERO,
    ("FailedHealthChecks", "comparison: number 3 !="): _NEVER_ZERO,
    ("FailedHealthChecks", "comparison: number 4 <"): _MEAN,
    ("FailedHealthChecks", "comparison: number 6 !="): _NEVER_ZERO,
    **{
        ("HealthChecksSilent", f"comparison: number {number} {operator}"): _NEVER_ZERO
        for number in (1, 2)
        for operator in (">=", "!=")
    },
    **{
        ("HealthChecksSilent", f"aggregation: sum to {other}"): _ANY_ABOVE_ZERO
        for other in ("max", "min", "avg", "count")
    },
    ("ContainerCrashLoop", "comparison: number 2 !="): _NEVER_BELOW_ZERO,
    ("FailedLogins", "scaling: to whole numbers"): (
        "24 attempts in the longer window are 20.0 in the stated one, 25 are 20.83: rounding moves neither across 20"
    ),
    ("ContainerCrashLoop", "scaling: dropped"): _ROUNDED,
    ("ContainerCrashLoop", "scaling: inverted"): _ROUNDED,
    **{("ErrorBudgetBurn", f"comparison: number {number} >="): _SHARES for number in (1, 2, 4, 5)},
    **{("SlowErrorBudgetBurn", f"comparison: number {number} >="): _SHARES for number in (1, 2)},
    **{(alert, f"window: {which} doubled"): _OPEN_LONGER for alert in _DELIVERY for which in ("all", "number 1")},
    **{(alert, "window: one sample less"): _WRITTEN_TWICE_A_DAY for alert in _DELIVERY[1:]},
    **{(alert, "comparison: !="): _NEVER_BELOW_ZERO for alert in (*_COUNTED_ONCE, "DeploymentFailed")},
    **{
        (alert, mutant): _ANY_ABOVE_ZERO
        for alert in _COUNTED_ONCE
        for mutant in ("aggregation: sum to max", "aggregation: sum to avg", "metric: increase to rate")
    },
    ("DatabaseBackupFailed", "aggregation: sum to min"): _ONE_INSTANCE,
    **{("DatabaseHighMemory", f"window: number {number} doubled"): _SAME_MINUTES for number in (1, 2)},
    **{
        (f"{EVERY_OPTION}/DatabaseDiskFull", f"window: number {number} doubled"): _SAME_MINUTES
        for number in (1, 2, 3, 4)
    },
    **{("DatabaseDown", f"comparison: number 2 {operator}"): _NEVER_ZERO for operator in (">=", "!=")},
    ("DatabaseDown", "comparison: number 1 <="): "an instance is up, 1, or down, 0; nothing is below zero",
    ("DatabaseDown", "window: number 1 doubled"): "when the newest sample is older than the window, silence counts",
    **{("DatabaseDown", f"aggregation: sum to {other}"): _ONE_INSTANCE for other in ("max", "min", "avg")},
    ("MigrationFailed", "aggregation: sum to min"): "a job in a region has one series",
    ("DeploymentFailed", "metric: increase to rate"): "what grows has a rate above zero, and nothing else has",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """`killed_by`: the first case that failed, or None when the mutant survived."""

    stack: str
    alert: str
    mutant: Mutant
    killed_by: str | None

    @property
    def reason_to_survive(self) -> str | None:
        """The reason why it may survive, if it is listed."""
        of_every_stack = EQUIVALENT.get((self.alert, self.mutant.name))
        return of_every_stack or EQUIVALENT.get((f"{self.stack}/{self.alert}", self.mutant.name))

    @property
    def complaint(self) -> str | None:
        """What is wrong with the outcome."""
        where = f"{self.stack}/{self.alert} {self.mutant.name}"
        if self.killed_by is None and self.reason_to_survive is None:
            return f"survived: {where}\n    {self.mutant.rule['expr']} for {self.mutant.rule['for']}"
        if self.killed_by is not None and self.reason_to_survive is not None:
            return f"listed as equivalent, but {self.killed_by} notices it: {where}"
        return None


def _delivery_names(ours: Settings, theirs: Settings) -> dict[str, str]:
    """The counter of deployments, and the label that distinguishes the two figures."""
    counters = [deployments(stack.project, stack.environment.name).promql_name for stack in (ours, theirs)]
    labels = [f'environment="{stack.environment.name}"' for stack in (ours, theirs)]
    return {counters[0]: counters[1], labels[0]: labels[1]}


def foreign_of(stack: Stack) -> Foreign:
    """Our names and the other environment's: services by role, instance, log metrics."""
    ours, theirs = stack.settings, stack.other
    names = {ours.database_id: theirs.database_id}
    # A counter that only one stack has is not in the other environment.
    their_metrics = {metric.slug: metric.promql_name for metric in log_metrics_of(theirs)}
    for metric in log_metrics_of(ours):
        if metric.slug in their_metrics:
            names[metric.promql_name] = their_metrics[metric.slug]
    names |= _hosts(ours, theirs)
    names |= _delivery_names(ours, theirs)
    by_role = {service.role: service.name for service in theirs.services}
    names |= {service.name: by_role[service.role] for service in ours.services if service.role in by_role}
    return Foreign(names=names)


def _hosts(ours: Settings, theirs: Settings) -> dict[str, str]:
    """Our hosts as a pattern holds them, and those of the services with the same role."""
    by_role = {service.role: service.host.replace(".", "[.]") for service in theirs.services}
    return {
        service.host.replace(".", "[.]"): by_role[service.role] for service in ours.services if service.role in by_role
    }


def batches(cases: Sequence[Case]) -> Iterator[list[Case]]:
    """The cases at the usual phase first: they are many scenarios in few runs, and kill most mutants."""
    usual = [case for case in cases if case.delivery == USUAL_DELIVERY]
    rest = [case for case in cases if case.delivery != USUAL_DELIVERY]
    for group, size in ((usual, FIRST_CASES_A_PROCESS), (rest, LATER_CASES_A_PROCESS)):
        for start in range(0, len(group), size):
            yield list(group[start : start + size])


def first_failure(promtool: Path, rule: Rule, texts: Sequence[str]) -> str | None:
    """The first case that fails under a rule; the batches are run one after the other until then."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            failed = run_promtool(promtool, [write_test_file(Path(folder), str(number), rule, text)])
            if failed:
                return next(iter(failed))
    return None


def _killer_of(promtool: Path, texts: Sequence[str]) -> Callable[[Mutant], str | None]:
    return lambda mutant: first_failure(promtool, mutant.rule, texts)


def _is_told_already(stack: Stack, alert: str, rules: dict[tuple[str, str], Rule]) -> bool:
    """Whether the first stack has the same rule but for names: then its mutants are the same, too."""
    first = rules.get((STACKS[0], alert))
    if stack.name == STACKS[0] or first is None:
        return False
    rule = rules[stack.name, alert]
    return (renamed(rule["expr"], foreign_of(stack).names), rule["for"]) == (first["expr"], first["for"])


def outcomes_of(promtool: Path, stack: Stack, rules: dict[tuple[str, str], Rule]) -> Iterator[Outcome]:
    """The outcome of every mutant of a stack's rules."""
    cases = list(cases_of(stack))
    with ThreadPoolExecutor(processors()) as pool:
        for (of_stack, alert), rule in rules.items():
            if of_stack != stack.name or _is_told_already(stack, alert, rules):
                continue
            texts = [promtool_tests(batch, rule) for batch in batches([case for case in cases if case.alert == alert])]
            if first_failure(promtool, rule, texts):
                raise SystemExit(
                    f"{stack.name}/{alert}: a scenario fails without a mutation; fix that first (make test)"
                )
            mutants = list(mutants_of(rule, foreign_of(stack)))
            killers = pool.map(_killer_of(promtool, texts), mutants)
            for mutant, killed_by in zip(mutants, killers, strict=True):
                yield Outcome(stack=stack.name, alert=alert, mutant=mutant, killed_by=killed_by)


def main() -> int:
    """Runs everything and reports."""
    started = time.monotonic()
    promtool = find_promtool()
    settings = {name: settings_of(name) for name in STACKS}
    stacks = stacks_of(settings)
    stacks.append(Stack(name=EVERY_OPTION, settings=settings_of(EVERY_OPTION), other=settings[STACKS[0]]))
    rules = rules_in({stack.name: plan_of_stack(stack.name) for stack in stacks})
    rules = {key: rule for key, rule in rules.items() if key[0] in STACKS or key[1] in OF_EVERY_OPTION}
    if names := sys.argv[1:]:
        if unknown := set(names) - {alert for _, alert in rules}:
            raise SystemExit(f"no stack has an alert {', '.join(sorted(unknown))}")
        rules = {key: rule for key, rule in rules.items() if key[1] in names}
    outcomes = [outcome for stack in stacks for outcome in outcomes_of(promtool, stack, rules)]
    complaints = [outcome.complaint for outcome in outcomes if outcome.complaint]
    killed = sum(outcome.killed_by is not None for outcome in outcomes)
    excused = sum(outcome.killed_by is None and outcome.reason_to_survive is not None for outcome in outcomes)
    for (alert, name), reason in EQUIVALENT.items():
        print(f"equivalent: {alert} {name}: {reason}")
    for complaint in complaints:
        print(complaint)
    survived = len(outcomes) - killed - excused
    broken = len({(outcome.stack, outcome.alert) for outcome in outcomes})
    print(
        f"{len(outcomes)} mutants of {broken} rules: {killed} killed, {excused} equivalent, {survived} survived; "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
