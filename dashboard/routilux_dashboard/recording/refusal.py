"""What is said of a file that is no recording."""

from __future__ import annotations


class InvalidRecording(ValueError):
    """A file is no recording, or not a sound one; the message says where and why."""


def require(holds: bool, otherwise: str) -> None:
    """Refuse for the reason `otherwise` unless it holds."""
    if not holds:
        raise InvalidRecording(otherwise)
