"""A file that the audit uploads: can another user access it, can it be deleted, and what remains afterwards?"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from readiness.live.application import JSON_TYPE, SampleFile, Visitor, bearer, id_text
from readiness.live.rows import NotCheckedError, Observation, Outcome, judged
from readiness.live.verify.service import value_at
from readiness.live.web import ApiError, Probe

# Cloud Logging shows most entries within seconds; the audit does not wait longer than this.
LOG_DELAY_SECONDS = 15
_HIDDEN = frozenset({401, 403, 404})
# 405: the API has no such method, so nobody can change anything with it.
_UNCHANGED = _HIDDEN | {405}


def own_data_changes(visitor: Visitor) -> Iterator[Observation]:
    """Another user can neither read nor change nor delete an uploaded file. The file is the audit's own."""
    stranger = bearer(visitor.tokens(visitor.other, "second test account")["access_token"])
    file = sample_file(visitor)
    path = _filled(visitor.paths.uploaded_path, file, "api.uploaded_path")
    delete_path = _filled(visitor.paths.delete_path, file, "smoke.delete_path")
    statuses = {"GET": visitor.ask(path, headers=stranger).status}
    for method in ("PUT", "PATCH"):
        statuses[method] = visitor.ask(path, method=method, headers={**stranger, **JSON_TYPE}, data=b"{}").status
    statuses["DELETE"] = visitor.ask(delete_path, method="DELETE", headers=stranger).status
    yield from _judged_by_status(statuses)
    token = visitor.tokens(visitor.account)["access_token"]
    still = visitor.ask(path, headers=bearer(token)).status
    if still != 200:
        yield Outcome.FAIL, f"after the requests of the second account, the first one gets {still} for its own file"


def deletion(visitor: Visitor) -> Iterator[Observation]:
    """A user can delete an uploaded file, and the application no longer shows it."""
    file = sample_file(visitor)
    deleted = _deleted(visitor).status
    if deleted >= 300:
        yield Outcome.FAIL, f"the deletion is answered with {deleted}; delete {file.word}.txt from the test account"
        return
    token = visitor.tokens(visitor.account)["access_token"]
    shown = visitor.ask(_filled(visitor.paths.uploaded_path, file, "api.uploaded_path"), headers=bearer(token))
    if shown.status in (404, 410):
        yield Outcome.PASS, f"the uploaded file is deleted ({deleted}), and its address answers {shown.status}"
    elif shown.status == 200:
        yield Outcome.FAIL, "the file is still shown after its deletion"
    else:
        yield Outcome.NOT_CHECKED, f"the address of the deleted file answers {shown.status}"


def stored_uploads(visitor: Visitor) -> Iterator[Observation]:
    """After a deletion, no word of the file is in the application's list, the logs, or names of objects in buckets."""
    file = sample_file(visitor)
    deleted = _deleted(visitor).status
    if deleted >= 300:
        raise NotCheckedError(f"the deletion is answered with {deleted}, so it is not known what a deletion leaves")
    list_path = visitor.paths.uploaded_list or visitor.paths.owned_list
    if list_path is None:
        yield Outcome.NOT_CHECKED, "the settings have no `smoke.uploaded`, which names a list of uploads"
    else:
        token = visitor.tokens(visitor.account)["access_token"]
        answer = visitor.ask(list_path, headers=bearer(token))
        if answer.status != 200 or not answer.complete:
            yield Outcome.NOT_CHECKED, f"{list_path} answers {answer.status}"
        else:
            found = [f"a word of the deleted file is in {list_path}"] if file.word in answer.text else []
            yield from judged(found, f"no word of the deleted file is in {list_path}")
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


def sample_file(visitor: Visitor) -> SampleFile:
    """The file of the first account, which is uploaded once for all checks. Raises NotCheckedError."""
    if visitor.sample_file is None:
        try:
            visitor.sample_file = _uploaded(visitor)
        except NotCheckedError as error:
            visitor.sample_file = error
    if isinstance(visitor.sample_file, NotCheckedError):
        raise visitor.sample_file
    return visitor.sample_file


def _uploaded(visitor: Visitor) -> SampleFile:
    paths = visitor.paths
    if paths.upload is None or paths.delete_path is None:
        raise NotCheckedError("the settings need `smoke.upload_path` and `smoke.delete_path`: nothing is uploaded")
    token = visitor.tokens(visitor.account)["access_token"]
    into = visitor.first_own_id() if "{id}" in paths.upload else ""
    word = f"readinessaudit{uuid4().hex}"
    text = f"A file of the security audit, which deletes it again. {word}\n".encode() * 3
    answer = visitor.upload(token, into, f"{word}.txt", "text/plain", text)
    if answer.status >= 300:
        raise NotCheckedError(f"the upload of a small text file was answered with {answer.status}")
    identity = id_text(value_at(answer.body, paths.uploaded_id))
    if not identity:
        message = f"the answer to an upload has no id at {paths.uploaded_id}"
        raise NotCheckedError(f"{message}: delete {word}.txt from the test account")
    return SampleFile(identity=identity, word=word)


def _deleted(visitor: Visitor) -> Probe:
    """The answer to the deletion of the file by the first account, which is sent once."""
    if visitor.deletion is None:
        token = visitor.tokens(visitor.account)["access_token"]
        path = _filled(visitor.paths.delete_path, sample_file(visitor), "smoke.delete_path")
        visitor.deletion = visitor.ask(path, method="DELETE", headers=bearer(token))
    return visitor.deletion


def _filled(path: str | None, file: SampleFile, setting: str) -> str:
    """A path with the file's id in place of `{upload}`. Raises NotCheckedError if the setting is missing."""
    if path is None:
        raise NotCheckedError(f"no `{setting}` in the settings")
    return path.replace("{upload}", file.identity)


def _judged_by_status(statuses: dict[str, int]) -> Iterator[Observation]:
    for method, status in statuses.items():
        if status in (_HIDDEN if method == "GET" else _UNCHANGED):
            yield Outcome.PASS, f"{method} by the second account is answered with {status}"
        elif status < 300:
            yield Outcome.FAIL, f"{method} by the second account succeeds on the first one's file: {status}"
        else:
            yield Outcome.NOT_CHECKED, f"{method} by the second account is answered with {status}, which proves nothing"
