"""A file that the audit uploads: whether another user reaches it, whether it can be deleted, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.live.application import JSON_TYPE, Visitor, bearer
from readiness.live.rows import NotCheckedError, Observation, Outcome, judged
from readiness.live.web import ApiError

# Logging shows most entries within seconds; longer than this the audit does not wait.
LOG_DELAY_SECONDS = 15
_HIDDEN = frozenset({401, 403, 404})
# 405: the API has no such method, so that nobody can change anything by it.
_UNCHANGED = _HIDDEN | {405}


def own_data_changes(visitor: Visitor) -> Iterator[Observation]:
    """What one user has uploaded, another one can neither read nor change nor delete. It is the audit's own file."""
    stranger = bearer(visitor.tokens(visitor.other, "second test account")["access_token"])
    file = visitor.test_file()
    path, delete_path = visitor.item_path(file), visitor.item_path(file, to_delete=True)
    statuses = {"GET": visitor.ask(path, headers=stranger).status}
    for method in ("PUT", "PATCH"):
        statuses[method] = visitor.ask(path, method=method, headers={**stranger, **JSON_TYPE}, data=b"{}").status
    statuses["DELETE"] = visitor.ask(delete_path, method="DELETE", headers=stranger).status
    yield from _judged_by_status(statuses)
    token = visitor.tokens(visitor.account)["access_token"]
    still = visitor.ask(path, headers=bearer(token)).status
    if still != 200:
        yield Outcome.FAIL, f"after the second account's requests the first one gets {still} for its own file"


def deletion(visitor: Visitor) -> Iterator[Observation]:
    """A user can delete what they uploaded, and the application shows it no more."""
    file = visitor.test_file()
    deleted = visitor.delete_test_file().status
    if deleted >= 300:
        yield Outcome.FAIL, f"the deletion is answered with {deleted}; delete {file.word}.txt from the test account"
        return
    token = visitor.tokens(visitor.account)["access_token"]
    shown = visitor.ask(visitor.item_path(file), headers=bearer(token))
    if shown.status in (404, 410):
        yield Outcome.PASS, f"the uploaded file is deleted ({deleted}), and its address answers {shown.status}"
    elif shown.status == 200:
        yield Outcome.FAIL, "the file is still shown after its deletion"
    else:
        yield Outcome.NOT_CHECKED, f"the address of the deleted file answers {shown.status}"


def stored_uploads(visitor: Visitor) -> Iterator[Observation]:
    """After its deletion no word of the file is in the application's list, in the logs, or in a bucket's names."""
    file = visitor.test_file()
    deleted = visitor.delete_test_file().status
    if deleted >= 300:
        raise NotCheckedError(f"the deletion is answered with {deleted}: what it leaves cannot be told")
    if visitor.paths.owned_list is not None:
        answer = visitor.own_things(visitor.tokens(visitor.account)["access_token"])
        if answer.status != 200 or not answer.complete:
            yield Outcome.NOT_CHECKED, f"the list of the account's things answers {answer.status}"
        else:
            found = [f"a word of the deleted file is in {visitor.paths.owned_list}"] if file.word in answer.text else []
            yield from judged(found, f"no word of the deleted file is in {visitor.paths.owned_list}")
    if not visitor.places:
        yield Outcome.NOT_CHECKED, "without Google credentials neither logs nor buckets can be searched"
        return
    visitor.deadline.sleep(LOG_DELAY_SECONDS)
    for place, holds in visitor.places.items():
        try:
            found = [f"a word of the deleted file is in {place}"] if holds(file.word) else []
        except ApiError as error:
            yield Outcome.NOT_CHECKED, f"{place} cannot be searched: {error}"
        else:
            yield from judged(found, f"no word of the deleted file is in {place}")


def _judged_by_status(statuses: dict[str, int]) -> Iterator[Observation]:
    for method, status in statuses.items():
        if status in (_HIDDEN if method == "GET" else _UNCHANGED):
            yield Outcome.PASS, f"{method} by the second account is answered with {status}"
        elif status < 300:
            yield Outcome.FAIL, f"{method} by the second account succeeds on the first one's file: {status}"
        else:
            yield Outcome.NOT_CHECKED, f"{method} by the second account is answered with {status}, which tells nothing"
