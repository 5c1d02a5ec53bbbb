"""The type of values that JSON can say, for annotations: importing pydantic's own costs more than a short command."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import JsonValue
else:
    JsonValue = Any

__all__ = ["JsonValue"]
