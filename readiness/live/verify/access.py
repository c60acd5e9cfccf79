"""The credentials that the checks of live systems use, looked for once, and only when a check needs them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from readiness.live.github_api import GitHub
from readiness.live.google_api import Google
from readiness.live.google_login import LoginError
from readiness.live.verify.rows import NotCheckedError

NO_GITHUB = "no GitHub token: set GITHUB_TOKEN to one that may read this repository's environments and rulesets"


Found = TypeVar("Found")


class _Once(Generic[Found]):
    """Something that takes seconds to find: the first thread that asks finds it, the others get what it got."""

    def __init__(self, find: Callable[[], Found]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._found: tuple[Found] | None = None
        self._error: Exception | None = None

    def get(self) -> Found:
        """What was found; raises what finding it raised."""
        with self._lock:
            if self._found is None and self._error is None:
                try:
                    self._found = (self._find(),)
                except Exception as error:
                    self._error = error
            if self._error is not None:
                raise self._error
            assert self._found is not None
            return self._found[0]


class Access:
    """Google and GitHub for one stack. A login may take seconds: it happens in a check's thread, and once."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        project: str,
        provider_values: Mapping[str, Any],
        owner: str,
        repository: str,
    ) -> None:
        self._github = GitHub.from_environment(environment, owner=owner, repository=repository)
        self._google = _Once(
            lambda: Google.from_environment(environment, project=project, provider_values=provider_values)
        )
        self._sees_repository = _Once(lambda: self._github.get("") is not None)

    def google(self) -> Google:
        """The project's APIs. Raises NotCheckedError without credentials that work."""
        try:
            return self._google.get()
        except LoginError as missing:
            raise NotCheckedError(str(missing)) from None

    def github(self) -> GitHub:
        """The application's repository. Raises NotCheckedError without a token, or with one that does not see it.

        What an anonymous reader sees of a repository is no proof that something is missing in it. Raises GitHubError.
        """
        if self._github.token is None:
            raise NotCheckedError(NO_GITHUB)
        if not self._sees_repository.get():
            name = f"{self._github.owner}/{self._github.repository}"
            raise NotCheckedError(f"the GitHub token does not see {name}")
        return self._github
