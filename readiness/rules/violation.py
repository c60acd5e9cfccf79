"""What is wrong with one field of one resource."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.secret_shapes import mask_secrets

# A path inside a body, such as `conditions[0].displayName`, and what is wrong there. The path is empty for the whole.
FieldMessage = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Violation:
    """`resource` is the name in the program, `path` that of the field in the body that is sent."""

    resource: str
    path: str
    message: str

    def __str__(self) -> str:
        """`RESOURCE: PATH: what is wrong`, and nothing of a credential's shape."""
        parts = (self.resource, self.path, self.message)
        return mask_secrets(": ".join(part for part in parts if part))
