"""Masks credentials in a plan that was handed in; our own plans hold none.

Two different credentials in one place stay told apart, so that a diff still says that one was changed.
"""

from __future__ import annotations

import re

from readiness.secret_shapes import mask_secrets

SECRET = "[secret]"  # noqa: S105 - what is shown in place of one

# Keys under which both providers take a credential, whatever its shape. Names and references of
# secrets (`secretName`, `secretId`) are no secrets.
_SECRET_KEY = re.compile(
    r"password|passphrase|token$|apikey|servicekey|privatekey|plaintextvalue|^secretvalue|^clientsecret", re.IGNORECASE
)
_SENSITIVE_PARENT = "sensitiveLabels"
_SECRET_TYPE = re.compile(r"^github:index/\w*Secret:")


class SecretMask:
    """One for all plans of a comparison: it remembers what stood where."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], dict[str, int]] = {}

    def text(self, text: str, *, place: str, whole: bool) -> str:
        """The text without credentials; `whole` masks all of it. `place` is the same in the plans that are compared."""
        masked = SECRET if whole else mask_secrets(text)
        if masked == text:
            return text
        numbers = self._seen.setdefault((place, masked), {})
        number = numbers.setdefault(text, len(numbers) + 1)
        return masked if number == 1 else f"{masked} (another, {number})"


def holds_a_secret(keys: tuple[str, ...], resource_type: str) -> bool:
    """Whether the input at this path of keys is a credential by its name."""
    if not keys:
        return False
    if _SECRET_TYPE.match(resource_type) and keys[0] in ("value", "encryptedValue", "valueEncrypted"):
        return True
    return _SENSITIVE_PARENT in keys[:-1] or _SECRET_KEY.search(keys[-1]) is not None
