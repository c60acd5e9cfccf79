"""`readiness rules`."""

from __future__ import annotations

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import plan_of, project_option, project_root


@click.command(epilog=examples("rules prod > rules.yml", "rules staging --project infrastructure"))
@stack_argument
@project_option
def rules(stack: str, project: str | None) -> None:
    """Print the alert policies as a Prometheus rule file."""
    from readiness.alerts.rule_file import rule_file_header, rule_groups
    from readiness.resource_types import ALERT_POLICY
    from readiness.yaml_text import yaml_text

    policies = plan_of(project_root(project), stack).of_type(ALERT_POLICY)
    click.echo(rule_file_header(stack) + yaml_text(rule_groups(policies)), nl=False)
