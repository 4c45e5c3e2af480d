"""Parameters of a query: each reads itself, and says of itself what OpenAPI wants to know.

What is not understood is refused (400), never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request

from ..times import MILLISECOND, epoch_ns
from .problems import Refused

_MOST = 2**53
LAST_NS = 2**63 - 1
"""The last moment that there is here, in the year 2262; a later one is taken for it."""
_IN_A_NAME = r"[^\s,\u001c-\u001f\u0085\ufeff]"
"""No blank, whoever is asked what a blank is, and no comma."""
_LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: later ones have no ISO text."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that may be left out; `doc` is a sentence for those who ask."""

    name: str
    doc: str

    @property
    def schema(self) -> dict[str, Any]:
        """What it may be, as JSON Schema."""
        raise NotImplementedError

    @property
    def given(self) -> str | None:
        """The text that the request has."""
        return request.args.get(self.name)

    def described(self) -> dict[str, Any]:
        """The parameter as OpenAPI has it."""
        return {"name": self.name, "in": "query", "description": self.doc, "required": False, "schema": self.schema}


@dataclass(frozen=True)
class Number(Parameter):
    """A whole number from `least` to `most`."""

    least: int = 0
    most: int = _MOST
    default: int | None = None

    @property
    def schema(self) -> dict[str, Any]:
        default = {} if self.default is None else {"default": self.default}
        return {"type": "integer", "minimum": self.least, "maximum": self.most, **default}

    def read(self) -> int | None:
        """The number, or the default when it is left out."""
        text = self.given
        if text is None:
            return self.default
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
        if value is None or not self.least <= value <= self.most:
            shown = f"{self.name}={text[:80]!r}"
            raise Refused(400, "Bad number", f"{shown}: a whole number from {self.least} to {self.most} is needed.")
        return value


@dataclass(frozen=True)
class Text(Parameter):
    """Any text, up to `longest` characters, that has `pattern` in it. An empty one is as good as none."""

    longest: int = 200
    pattern: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest, **({"pattern": self.pattern} if self.pattern else {})}

    def read(self) -> str | None:
        """The text, or `None` when there is none."""
        text = self.given
        if text is not None and len(text) > self.longest:
            raise Refused(400, "Too long", f"{self.name} has {len(text)} characters; at most {self.longest} are read.")
        return text or None


@dataclass(frozen=True)
class Word(Parameter):
    """One of the words of `known`."""

    known: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.known)}

    def read(self) -> str | None:
        """The word, or `None` when there is none."""
        text = self.given
        if text is not None and text not in self.known:
            raise unknown_word(self, text)
        return text


@dataclass(frozen=True)
class Words(Word):
    """Some of the words of `known`, separated by commas or given several times."""

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": super().schema}

    def read_all(self) -> set[str]:
        """The words; empty when it is left out."""
        found = {word for text in request.args.getlist(self.name) for word in text.split(",")}
        for word in sorted(found - set(self.known)):
            raise unknown_word(self, word)
        return found


@dataclass(frozen=True)
class Names(Parameter):
    """Any names, separated by commas or given several times: at most 100 times, up to 1,000 characters each."""

    @property
    def schema(self) -> dict[str, Any]:
        name = {"type": "string", "maxLength": 1_000, "pattern": _IN_A_NAME}
        return {"type": "array", "maxItems": 100, "items": name}

    def read_all(self) -> list[str]:
        """The names; empty when it is left out."""
        given = request.args.getlist(self.name)
        if not all(re.search(_IN_A_NAME, text) for text in given):
            raise Refused(400, "No name", f"{self.name} is empty: one name at least is needed, or leave it out.")
        if len(given) > 100 or any(len(text) > 1_000 for text in given):
            raise Refused(400, "Too long", f"{self.name} is read at most 100 times, with up to 1,000 characters.")
        return [name for text in given for word in text.split(",") if (name := word.strip())]


@dataclass(frozen=True)
class Moment(Parameter):
    """A moment: ISO 8601 (in UTC when it has no offset), or milliseconds since the epoch."""

    @property
    def schema(self) -> dict[str, Any]:
        iso = {"type": "string", "format": "date-time"}
        return {"anyOf": [iso, {"type": "number", "minimum": 0, "maximum": _LAST_MS}]}

    def read_ns(self) -> int | None:
        """The moment in ns since the epoch, or `None` when it is left out."""
        return self._read(0)

    def read_end_ns(self) -> int | None:
        """The end of the moment: all that was within the microsecond, or millisecond, that the text names."""
        return self._read(1)

    def _read(self, side: int) -> int | None:
        text = self.given
        if text is None:
            return None
        try:
            return min(max(_moment_ns(text)[side], 0), LAST_NS)
        except (ValueError, OverflowError):
            said = "ISO 8601 (2026-01-31T12:00:00Z) or milliseconds since the epoch is needed"
            raise Refused(400, "Bad time", f"{self.name}={text[:80]!r}: {said}.") from None


def _moment_ns(text: str) -> tuple[int, int]:
    """The first and last ns of what the text names."""
    if len(text) > 60:
        raise ValueError(text)
    if text[:1].isdigit() and text.isascii() and not ({"-", ":", "T"} & set(text[1:].replace("e-", ""))):
        milliseconds = float(text)
        if not 0 <= milliseconds <= _LAST_MS:
            raise ValueError(text)
        first = round(milliseconds * MILLISECOND)
        return first, first + (MILLISECOND - 1 if milliseconds.is_integer() else 0)
    moment = datetime.fromisoformat(text[:11] + text[11:].replace(" ", "+"))  # a "+" that nobody escaped
    first = epoch_ns(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    return first, first + 999


def unknown_word(parameter: Word, word: str) -> Refused:
    """What to answer to a word that is none of the known."""
    known = ", ".join(parameter.known)
    return Refused(400, f"Unknown {parameter.name}", f"{parameter.name}={word[:80]!r}: one of {known} is needed.")


def only(parameters: tuple[Parameter, ...]) -> None:
    """Refuse parameters that a call does not have."""
    names = [parameter.name for parameter in parameters]
    for name in request.args:
        if name not in names:
            known = ", ".join(names) or "none"
            raise Refused(400, "Unknown parameter", f"{request.path} has no parameter {name!r}; it has: {known}.")
