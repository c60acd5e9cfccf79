"""`readiness test`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from readiness.cli.arguments import WholeNumber, examples, format_option, stack_argument
from readiness.cli.common import plan_of, project_option, project_root, settings_of
from readiness.cli.progress import end_progress, show_progress

if TYPE_CHECKING:
    from readiness.settings.model import Settings


@click.command(epilog=examples("test prod", "test staging --alert HighErrorRate --format json"))
@stack_argument
@click.option("--alert", "names", metavar="NAME", multiple=True, help="Only this alert. Repeatable.")
@click.option("--every-phase", is_flag=True, help="Try six arrival times of the samples. This takes longer.")
@format_option("text", "json")
@click.option(
    "--timeout-seconds",
    type=WholeNumber(),
    default=1800,
    show_default=True,
    help="The time limit for each alert, in seconds.",
)
@project_option
def test(
    stack: str, names: tuple[str, ...], every_phase: bool, form: str, timeout_seconds: int, project: str | None
) -> None:
    """Prove with promtool that the alerts of STACK work.

    It runs built-in incidents, made from the thresholds, windows, services and names of the stack. An alert must page
    in some and stay quiet in others. It ends with status 1 if one fails. promtool must be on PATH or in
    .tools/promtool.
    """
    from readiness.alerts.scenarios.find_promtool import find_promtool
    from readiness.alerts.scenarios.promtool import PromtoolError
    from readiness.alerts.scenarios.proof import prove
    from readiness.alerts.scenarios.report import StackProof, proof_json, proof_text
    from readiness.alerts.scenarios.stack import alone
    from readiness.resource_types import ALERT_POLICY

    root = project_root(project)
    settings = settings_of(root, stack)
    rules, not_proven = _sorted_out(plan_of(root, stack).of_type(ALERT_POLICY), settings)
    if names:
        _refuse_unknown(names, rules, dict(not_proven))
        rules = {name: rule for name, rule in rules.items() if name in names}
        not_proven.clear()
    try:
        promtool, version = find_promtool(root, deadline_seconds=timeout_seconds)
        alerts = prove(
            alone(stack, settings),
            rules,
            promtool,
            every_phase=every_phase,
            deadline_seconds=timeout_seconds,
            done=_progress,
        )
    except PromtoolError as error:
        raise click.ClickException(str(error)) from None
    finally:
        end_progress()
    proof = StackProof(
        stack=stack, promtool_version=version, every_phase=every_phase, alerts=alerts, not_proven=not_proven
    )
    click.echo(proof_json(proof) if form == "json" else proof_text(proof), nl=False)
    if proof.result != "passed":
        sys.exit(1)


def _sorted_out(
    policies: Iterable[dict[str, Any]], settings: Settings
) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str]]]:
    """The rules with incidents, by alert, and every other alert with the reason why it has none."""
    from readiness.alerts.catalogue import alerts_of
    from readiness.alerts.rule_file import rule_groups
    from readiness.alerts.scenarios.proof import scenarios_of

    listed = list(policies)
    rules = {rule["alert"]: rule for group in rule_groups(listed)["groups"] for rule in group["rules"]}
    declared = [definition.name for definition in alerts_of(settings)]
    built_in = {name: rules[name] for name in declared if name in rules and scenarios_of(name)}
    reasons = [(name, "the program does not declare it") for name in declared if name not in rules]
    reasons += [(name, "it has no built-in incident") for name in rules if name not in built_in]
    reasons += [(name, "promtool runs PromQL conditions only, and it has none") for name in _without_promql(listed)]
    return built_in, sorted(reasons)


def _without_promql(policies: Iterable[dict[str, Any]]) -> Iterator[str]:
    for policy in policies:
        conditions = policy["inputs"].get("conditions", [])
        if not any("conditionPrometheusQueryLanguage" in condition for condition in conditions):
            yield str(policy["inputs"].get("displayName", "an alert policy without a name"))


def _refuse_unknown(names: Iterable[str], rules: Iterable[str], not_proven: dict[str, str]) -> None:
    known = set(rules)
    for name in names:
        if name in not_proven:
            raise click.ClickException(f"{name} cannot be proven: {not_proven[name]}")
        if name not in known:
            raise click.ClickException(f"this stack has no alert {name}. It has: {', '.join(sorted(known))}")


def _progress(finished: int, total: int) -> None:
    show_progress(f"tried {finished} of {total} alerts")
