"""Which plans are compared: the working tree's with a commit's, or two that were handed in as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from readiness.finding import Finding
from readiness.plan.base_plan import BaseCommit
from readiness.plan.plan_diff import StackDiff, diff_plans
from readiness.plan.plan_file import ReadPlan, plan_from, read_plan_file
from readiness.plan.secret_mask import SecretMask
from readiness.refusal import RefusedError
from readiness.settings.nearest import suggestion
from readiness.settings.stack_files import read_stack, stack_file_name
from readiness.settings.stack_names import stack_names


def against_commit(root: Path, ref: str, stacks: Sequence[str] = ()) -> list[StackDiff]:
    """The differences from a commit to the working tree as it is, of these stacks or of all.

    A stack that only the working tree has is all created, one that only the commit has is all deleted. Raises
    RefusedError for a stack that neither has, and for whatever keeps a plan from being made.
    """
    base = BaseCommit(root, ref)
    here, there = stack_names(root), base.stacks()
    chosen = _chosen(here, there, stacks)
    secrets = SecretMask()
    with base.plans([stack for stack in chosen if stack in there], secrets) as plans:
        # While the commit's program runs, the working tree's does.
        heads = {
            stack: plan_from(_head_plan(root, stack), file=stack, secrets=secrets) for stack in chosen if stack in here
        }
        bases = {stack: plans.of(stack) for stack in chosen if stack in there}
    diffs: list[StackDiff] = []
    for stack in chosen:
        # Read here and not by the commit's program, which may be older than the question.
        setup = base.setup(stack, secrets)
        old = replace(bases.get(stack) or _nothing_of(heads[stack]), setup=setup)
        # Of a stack that is gone nothing is run any more.
        new = heads.get(stack) or replace(_nothing_of(old), setup=setup)
        diffs.append(diff_plans(old, new))
    return diffs


def of_files(old: Path, new: Path) -> StackDiff:
    """The difference of two plans in files. Raises RefusedError where one is none, or they are of two stacks."""
    secrets = SecretMask()
    before: ReadPlan = read_plan_file(old, secrets)
    return diff_plans(before, read_plan_file(new, secrets))


def _head_plan(root: Path, stack: str) -> object:
    from readiness.plan.offline_plan import plan_stack
    from readiness.rules.stack import check_stack, require_settings

    require_settings(check_stack(root, stack))
    return plan_stack(root, read_stack(root, stack)).as_dict()


def _nothing_of(plan: ReadPlan) -> ReadPlan:
    """The same stack, declaring nothing."""
    return ReadPlan(stack=plan.stack, project=plan.project, resources={}, outputs={})


def _chosen(head: Sequence[str], base: Sequence[str], asked: Sequence[str]) -> list[str]:
    known = sorted({*head, *base})
    chosen = sorted(dict.fromkeys(asked)) or known
    problems = [
        Finding(
            rule_id="stack-unknown",
            file=stack_file_name(stack),
            message="does not exist on either side",
            hint=f"{suggestion(stack, known)}Stacks: {', '.join(known) or 'none'}",
        )
        for stack in chosen
        if stack not in known
    ]
    if not chosen:
        message = "neither the working tree nor the commit has a stack"
        problems.append(
            Finding(
                rule_id="stack-file-missing", file="diff --base", message=message, hint="Create a Pulumi.<stack>.yaml"
            )
        )
    if problems:
        raise RefusedError(problems)
    return chosen
