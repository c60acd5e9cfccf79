"""Which live things are ours and not declared, which are somebody else's, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from readiness import resource_types as types
from readiness.live.engine_preview import Change
from readiness.live.google_api import ENDPOINTS, Google
from readiness.live.undeclared import Undeclared, undeclared_grants, undeclared_resources
from tests.live.loopback import Reply, Request, serving

NAME = "High CPU (production)"
OURS = {"managed_by": "readiness", "environment": "production"}
DECLARED = [
    {"type": types.ALERT_POLICY, "name": "cpu", "inputs": {"displayName": NAME, "userLabels": OURS}},
    {"type": types.ACCOUNT, "name": "account", "inputs": {"accountId": "migrate"}},
    {
        "type": types.PROJECT_MEMBER,
        "name": "grant",
        "inputs": {"role": "roles/a", "member": "serviceAccount:migrate@p.iam.gserviceaccount.com"},
    },
]
STATE = [{"type": types.ALERT_POLICY, "id": "projects/p/alertPolicies/1"}]


def policy(number: int, **more: Any) -> dict[str, Any]:
    """A live policy, under the project's number as Google may write it."""
    return {"name": f"projects/123/alertPolicies/{number}", "displayName": NAME, "userLabels": OURS, **more}


def things(*policies: dict[str, Any], state: list[dict[str, str]] = STATE) -> Undeclared:
    """What is found beside the declared policy."""
    with answering({"alertPolicies": list(policies)}) as google:
        return undeclared_resources(google, DECLARED, state)


def grants(*bindings: dict[str, Any], status: int = 200) -> Undeclared:
    """What is found in policies that all hold these."""
    with answering({"bindings": list(bindings)}, status) as google:
        return undeclared_grants(google, DECLARED)


@contextmanager
def answering(body: dict[str, Any], status: int = 200) -> Iterator[Google]:
    """A Google that answers everything so."""

    def answer(request: Request) -> Reply:
        del request
        return Reply(status, body)

    with serving(answer) as server:
        yield Google(project="p", token="t", endpoints=dict.fromkeys(ENDPOINTS, server.url))  # noqa: S106


def test_the_thing_that_the_state_holds_is_no_double() -> None:
    """Whether Google writes the project's id or its number."""
    assert things(policy(1)) == Undeclared()


def test_a_second_one_of_the_same_name_is_a_double_with_or_without_our_label() -> None:
    """The one that the state does not hold."""
    for labels in (OURS, {"team": "shop"}):
        (found,) = things(policy(1), policy(2, userLabels=labels)).differences
        assert (found.change, found.resource) == (Change.DOUBLE, "projects/123/alertPolicies/2")
        assert found.hint.endswith("gcloud monitoring policies delete projects/123/alertPolicies/2 --project=p")


def test_in_a_state_that_knows_none_it_is_to_be_adopted() -> None:
    """A lost state, or a first apply: deleting live resources would be wrong."""
    (found,) = things(policy(2), state=[]).differences
    assert found.change is Change.NOT_DECLARED
    assert "readiness adopt" in found.hint


def test_what_another_stack_or_a_drill_made_is_left_to_it() -> None:
    """By its labels; a drill deletes its policy itself."""
    other = policy(2, userLabels={**OURS, "environment": "staging"})
    drill = policy(3, userLabels={**OURS, "drill": "word"})
    assert things(other, drill) == Undeclared()


def test_what_carries_no_label_is_named_and_is_no_difference() -> None:
    """Somebody else's, beside ours."""
    found = things(policy(2, displayName="Theirs", userLabels={}))
    assert found.differences == ()
    assert found.beside == ("alert policy Theirs (projects/123/alertPolicies/2)",)


def test_a_refusal_is_not_known_and_an_api_that_is_off_has_nothing() -> None:
    """Google's words tell them apart."""
    with answering({"error": {"message": "denied"}}, 403) as google:
        assert len(undeclared_resources(google, DECLARED, STATE).not_checked) == 4
    off = {"error": {"message": "Cloud Monitoring API has not been used in project p before or it is disabled."}}
    with answering(off, 403) as google:
        assert undeclared_resources(google, DECLARED, STATE) == Undeclared()


def test_a_grant_to_our_account_that_is_not_declared_is_found() -> None:
    """Grants to others on the project are not ours to judge; on the account itself every grant is."""
    ours = "serviceAccount:migrate@p.iam.gserviceaccount.com"
    found = grants({"role": "roles/owner", "members": [ours, "user:a@b.dev"]}, {"role": "roles/a", "members": [ours]})
    on_project = [difference.live for difference in found.differences if difference.resource.endswith("on project p")]
    assert on_project == [f"roles/owner for {ours}"]
    on_account = [difference.live for difference in found.differences if "on account" in difference.resource]
    assert "roles/owner for user:a@b.dev" in on_account


def test_the_grant_that_bootstrap_makes_on_the_account_is_expected() -> None:
    """The identity that applies may act as the account of the job."""
    apply = "serviceAccount:readiness-apply@p.iam.gserviceaccount.com"
    assert grants({"role": "roles/iam.serviceAccountUser", "members": [apply]}) == Undeclared()


def test_a_condition_that_was_changed_makes_another_grant() -> None:
    """The declared one has none."""
    ours = "serviceAccount:migrate@p.iam.gserviceaccount.com"
    limit = {"title": "t", "expression": "true"}
    found = grants({"role": "roles/a", "members": [ours], "condition": limit}).differences
    assert [difference.live for difference in found if difference.resource.endswith("project p")] == [
        f"roles/a for {ours} if true"
    ]
    assert "'--condition=^;^title=t;expression=true'" in found[0].hint


def test_policies_that_may_not_be_read_are_not_known() -> None:
    """Of the project and of the account."""
    assert len(grants(status=403).not_checked) == 2
