"""The same change of many resources is one change: one block, one acknowledgement, a few lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE, Acknowledgement, entries_to_write, read_acknowledgements
from readiness.plan.diff_report import MAX_FIRST_LINES, DiffReport, diff_report
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_diff import StackDiff
from readiness.plan.render_diff import diff_markdown, diff_text
from readiness.resource_types import ALERT_POLICY, CHANNEL, DASHBOARD, ENVIRONMENT, LOG_METRIC, MONITORED_SERVICE
from tests.plan.diff_plans import PlanValue, diff_of, plan_value, resource, value_of
from tests.plan.test_diff_report import _is_whole


def report_of(*diffs: StackDiff, entries: tuple[Acknowledgement, ...] = (), all_stacks: bool = True) -> DiffReport:
    """The report on these stacks."""
    return diff_report(diffs, entries, all_stacks=all_stacks)


def entry(digest: str) -> Acknowledgement:
    """An entry for a digest."""
    return Acknowledgement(digest=digest, reason="Agreed", by="ada", line=3)


def severities(before: str, after: str, *names: str, stack: str = "prod") -> StackDiff:
    """Alert policies whose severity changes."""
    sides = (
        [resource(ALERT_POLICY, {"severity": severity}, name=name) for name in names] for severity in (before, after)
    )
    old, new = (plan_value(*side, stack=stack) for side in sides)
    return diff_of(old, new)


def with_address(plan: Plan, address: str) -> PlanValue:
    """The plan of a stack, all of whose e-mail goes to this address."""
    value = value_of(plan)
    labels = [declared["inputs"]["labels"] for declared in value["resources"] if declared["type"] == CHANNEL]
    text = json.dumps(value)
    for known in {label["email_address"] for label in labels if "email_address" in label}:
        text = text.replace(known, address)
    changed: PlanValue = json.loads(text)
    return changed


@pytest.fixture(scope="module")
def one_address(plans: dict[str, Plan]) -> DiffReport:
    """One address of production changes; staging stays as it is."""
    old, new = (with_address(plans["prod"], address) for address in ("ops@firm.com", "oncall@firm.com"))
    return report_of(diff_of(old, new), diff_of(value_of(plans["staging"]), value_of(plans["staging"])))


def test_one_changed_address_fits_a_screen_and_asks_for_one_agreement(one_address: DiffReport) -> None:
    """It notifies somebody else of every alert: one line, one digest, and the folds are closed at first."""
    text = diff_markdown(one_address)
    assert _is_whole(text)
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) <= 40, text
    assert text.index("notifies") < text.index("<details>")
    said = "notifies email oncall@firm.com instead of email ops@firm.com"
    (group,) = one_address.groups
    assert len(group.members) > 20
    assert f"! {said} [not acknowledged: {group.digests[0]}]" in lines
    assert f"- `prod: {len(group.members)} alert policies: {said}`" in lines
    assert [line for line in lines if "digest:" in line] == [f"  - digest: {group.digests[0]}"]


def test_the_text_form_shows_the_change_once_too(one_address: DiffReport) -> None:
    """And the channel, which gets another name, as one resource with the fields that differ."""
    text = diff_text(one_address)
    assert text.startswith("prod: 1 change weakens protection; 1 delete, ")
    assert text.count("no longer") == 0
    assert text.count("- notificationChannels: ") == 1
    assert "delete and create channels-email-ops@firm.com → channels-email-oncall@firm.com" in text
    assert text.count("managed_by") == 0, "what both channels share"


def test_leaving_a_placeholder_weakens_nothing_and_going_back_does(plans: dict[str, Plan]) -> None:
    """An address of a reserved domain reached nobody."""
    placeholder, real = (with_address(plans["prod"], address) for address in ("ops@example.com", "ops@firm.com"))
    assert report_of(diff_of(placeholder, real)).groups == ()
    assert len(report_of(diff_of(real, placeholder)).groups) == 1


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [("ops@example.com", "ops@firm.com", 0), ("to-be-filled-in", "ops@firm.com", 0), ("ops@firm.com", "a@b.com", 1)],
)
def test_a_channel_that_leaves_a_placeholder_in_place_weakens_nothing(old: str, new: str, count: int) -> None:
    """Whatever its kind: the address is in its labels."""
    sides = (plan_value(resource(CHANNEL, {"labels": {"email_address": address}})) for address in (old, new))
    assert len(report_of(diff_of(*sides)).groups) == count


def test_a_real_address_that_goes_with_a_placeholder_still_counts() -> None:
    """Only what reached nobody may go."""
    policies = [resource(ALERT_POLICY, {"notificationChannels": channels}) for channels in
                (["<a.id>", "<b.id>"], ["<c.id>"])]  # fmt: skip
    channels = [
        resource(CHANNEL, {"type": "email", "labels": {"email_address": address}}, name=name)
        for name, address in (("a", "ops@example.com"), ("b", "ops@firm.com"), ("c", "new@firm.com"))
    ]
    old, new = (plan_value(policy, *channels) for policy in policies)
    (group,) = report_of(diff_of(old, new)).groups
    assert "ops@firm.com" in group.reasons[0]


def test_a_group_s_digest_covers_its_members_and_a_single_change_keeps_its_own() -> None:
    """An acknowledgement for two policies does not cover a third."""
    of_one, of_two, of_three = (
        report_of(severities("CRITICAL", "WARNING", *names)).groups for names in (("a",), ("a", "b"), ("a", "b", "c"))
    )
    assert [len(groups) for groups in (of_one, of_two, of_three)] == [1, 1, 1]
    assert of_one[0].digests == (of_one[0].members[0].digest,)
    assert len({of_one[0].digests, of_two[0].digests, of_three[0].digests}) == 3
    agreed = report_of(severities("CRITICAL", "WARNING", "a", "b", "c"), entries=(entry(of_two[0].digests[0]),))
    assert len(agreed.acknowledgements.open) == 1
    assert len(agreed.acknowledgements.stale) == 1


def test_entries_of_an_earlier_release_agree_if_every_member_has_one() -> None:
    """Before, each resource had an entry of its own."""
    diff = severities("CRITICAL", "WARNING", "a", "b")
    (group,) = report_of(diff).groups
    entries = tuple(entry(member.digest) for member in group.members)
    whole, half = report_of(diff, entries=entries), report_of(diff, entries=entries[:1])
    assert (whole.acknowledgements.open, whole.acknowledgements.stale) == ((), ())
    assert (half.acknowledgements.open, half.acknowledgements.stale) == ((group,), ())


def test_changes_with_other_values_stay_apart() -> None:
    """The same field of the same type is not yet the same change."""
    mixed = diff_of(
        plan_value(*(resource(ALERT_POLICY, {"severity": old}, name=old) for old in ("CRITICAL", "ERROR"))),
        plan_value(*(resource(ALERT_POLICY, {"severity": "WARNING"}, name=old) for old in ("CRITICAL", "ERROR"))),
    )
    report = report_of(mixed)
    assert (len(report.groups), len(report.blocks)) == (2, 2)


def test_what_both_stacks_share_is_shown_once_and_its_entry_holds_for_each_alone(tmp_path: Any) -> None:
    """One entry with a digest for each stack."""
    diffs = [severities("CRITICAL", "WARNING", "a", "b", stack=stack) for stack in ("prod", "staging")]
    report = report_of(*diffs)
    (group,) = report.groups
    assert (group.stacks, len(group.digests)) == (("prod", "staging"), 2)
    assert [block.stack for block in report.blocks] == ["prod, staging"]
    text = "\n".join(entries_to_write(report.acknowledgements.open))
    assert text.count("- digest: [w") == 1
    filled = text.replace("reason: ", "reason: Agreed").replace("by: ", "by: ada")
    (tmp_path / ACKNOWLEDGED_FILE).write_text(filled, encoding="utf-8")
    entries = read_acknowledgements(tmp_path)
    assert [report_of(diff, entries=entries, all_stacks=False).acknowledgements.open for diff in diffs] == [(), ()]
    assert report_of(*diffs, entries=entries).acknowledgements.stale == ()
    assert report_of(*diffs, entries=entries[:1]).acknowledgements.open == (group,), "each stack needs its digest"


def test_what_is_left_of_a_merged_change_stands_under_its_own_field() -> None:
    """Each text under the heading of its field, and a short field beside them with its path."""
    text = "".join(f"line {index}\n" for index in range(9))
    sides = ({"content": text, "title": "Old"}, {"content": text.replace("line 4", "line four"), "title": "New"})
    # What is around the changed line differs, so that the lines of neither are those of both.
    more = [{**side, "content": side["content"].replace("line 3", "line three")} for side in sides]
    old, new = (
        plan_value(resource(DASHBOARD, one, name="one"), resource(DASHBOARD, two, name="two"))
        for one, two in zip(sides, more, strict=True)
    )
    (block,) = report_of(diff_of(old, new)).blocks
    assert block.lines == ("  content:", "-   line 4", "+   line four", "- title: Old", "+ title: New")


def test_many_names_are_shown_all_in_the_text_and_counted_in_the_comment() -> None:
    """Where not every resource of the type changes, a reviewer needs the names."""
    names = [f"policy-{index:03}" for index in range(80)]
    others = [resource(ALERT_POLICY, {"severity": "ERROR"}, name=f"other-{index}") for index in range(3)]
    old, new = (
        plan_value(*others, *(resource(ALERT_POLICY, {"severity": severity}, name=name) for name in names))
        for severity in ("CRITICAL", "WARNING")
    )
    report = report_of(diff_of(old, new))
    assert all(name in diff_text(report) for name in names)
    assert "policy-079" not in diff_markdown(report)
    assert "and 20 more" in " ".join(diff_markdown(report).split())


def watching(*services: str, sign: str = "=", type_: str = LOG_METRIC) -> PlanValue:
    """A plan whose log metrics count what these services log, or whose resources of another type show it."""
    listed = " OR ".join(f'"{service}"' for service in services)
    inputs = {"filter": f"resource.type=x\nresource.labels.service_name{sign}({listed})\n"}
    return plan_value(*(resource(type_, inputs, name=name) for name in ("one", "two")))


def test_a_service_that_is_added_is_said_once() -> None:
    """Whatever watches it now."""
    report = report_of(diff_of(watching("api"), watching("api", "worker")))
    assert [block.lines[0] for block in report.blocks] == ["! now also watches worker"]
    assert report.first_lines() == ["prod: all 2 log metrics: now also watches worker"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (watching("api", sign="!=", type_=DASHBOARD), watching("api", "worker", sign="!=", type_=DASHBOARD)),
        (watching("api", "worker"), watching("api")),
        (watching("api"), watching("web", "worker")),
        (watching("api"), watching("api", "web", "worker")),
    ],
)
def test_what_is_not_one_value_more_is_not_called_watched(old: PlanValue, new: PlanValue) -> None:
    """Excluded, removed, replaced, or more than one."""
    assert not any("now also watches" in line for block in report_of(diff_of(old, new)).blocks for line in block.lines)


def test_the_host_of_a_new_service_is_called_by_the_service() -> None:
    """So that uptime checks and queries are in one line."""
    new = watching("api[.]app", "worker-1[.]app")
    new["resources"].append(resource(MONITORED_SERVICE, {"serviceId": "worker"}, name="service"))
    lines = [line for block in report_of(diff_of(watching("api[.]app"), new)).blocks for line in block.lines]
    assert "! now also watches worker" in lines


def test_people_are_named_by_login_and_team() -> None:
    """GitHub's resource has numbers; the component beside it names them."""

    def plan(*people: str) -> PlanValue:
        users = [int(person.rpartition(" ")[2].rstrip(")")) for person in people]
        words = resource("readiness:github:ProductionEnvironment", {"reviewers": list(people)}, name="component")
        return plan_value(words, resource(ENVIRONMENT, {"reviewers": [{"users": users}]}))

    report = report_of(diff_of(plan("user ada (id 7)", "user bob (id 8)"), plan("user ada (id 7)", "user eve (id 9)")))
    said = [line for block in report.blocks for line in block.lines if line.startswith("!")]
    assert any("user bob (id 8)" in line for line in said)
    assert any("user eve (id 9)" in line for line in said)
    assert any("user eve (id 9)" in line for line in report.first_lines())


def test_what_to_look_at_first_has_at_most_so_many_lines() -> None:
    """The rest is counted, and the list is above every fold."""
    old = [
        resource(ALERT_POLICY, {"severity": "ERROR", "displayName": f"{index}"}, name=f"p{index}")
        for index in range(30)
    ]
    new = [
        policy | {"inputs": {"severity": "WARNING", "notificationChannels": [f"c{index}"]}}
        for index, policy in enumerate(old)
    ]
    gone = [resource(LOG_METRIC, {"filter": f"{index}"}, name=f"m{index}") for index in range(30)]
    report = report_of(diff_of(plan_value(*old, *gone), plan_value(*new)))
    lines = report.first_lines()
    assert len(lines) == MAX_FIRST_LINES
    assert lines[-1].startswith("and ")
    text = diff_markdown(report)
    assert text.index(lines[0]) < text.index("<details>")


@pytest.mark.parametrize(
    ("changed", "others", "kind", "has_names"),
    [
        (9, 0, "all 9 alert policies", False),
        (9, 1, "9 alert policies, all but other-0", False),
        (9, 3, "9 alert policies", True),
        (3, 1, "3 alert policies", True),
    ],
)
def test_of_nearly_all_resources_of_a_type_the_others_are_named(
    changed: int, others: int, kind: str, has_names: bool
) -> None:
    """In place of a list that fills the screen; of a few, their own names say more."""
    names = [f"policy-{index}" for index in range(changed)]
    kept = [resource(ALERT_POLICY, {"severity": "ERROR"}, name=f"other-{index}") for index in range(others)]
    sides = (
        [*kept, *(resource(ALERT_POLICY, {"severity": value}, name=name) for name in names)]
        for value in ("CRITICAL", "ERROR")
    )
    text = diff_text(report_of(diff_of(*(plan_value(*side) for side in sides))))
    assert f"~ prod: update {kind}  components/it.py:7\n" in text
    assert ("policy-1" in text) is has_names
