"""Property values on the wire between engine and provider, and as plain data."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format, struct_pb2

from readiness.plan.recorder import UNKNOWN, is_secret
from readiness.rules.contract import UNKNOWN as UNKNOWN_IN_A_PLAN

Values = dict[str, Any]


def from_wire(struct: struct_pb2.Struct) -> Values:
    """The values as sent, wrappers of secrets included; whole numbers whole."""
    values: Values = _whole(json_format.MessageToDict(struct))
    return values


def to_wire(values: Values) -> struct_pb2.Struct:
    """The values as the engine reads them."""
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def plain(value: Any) -> Any:
    """The value without wrappers; what is unknown in a preview as a plan writes it."""
    if isinstance(value, dict):
        return plain(value["value"]) if is_secret(value) else {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return UNKNOWN_IN_A_PLAN if value == UNKNOWN else value


def holds_secret(value: Any) -> bool:
    """Whether the value is a secret or holds one."""
    if isinstance(value, dict):
        return is_secret(value) or any(holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(holds_secret(item) for item in value)


def unknown() -> str:
    """What stands for a value that only `up` will know."""
    return UNKNOWN


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
