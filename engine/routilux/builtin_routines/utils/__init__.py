"""Small helpers: what time it is, and nested data made flat."""

from .data_flattener import DataFlattener
from .time_provider import TimeProvider

__all__ = ["DataFlattener", "TimeProvider"]
