"""Tracebacks are written down without parsing anything."""

from __future__ import annotations

import ast

import pytest

from routilux.execution.failures import format_traceback


def raised() -> BaseException:
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        return error


def test_the_formatted_traceback_has_the_whole_chain() -> None:
    text = format_traceback(raised())
    assert text.index("KeyError: 'inner'") < text.index("direct cause") < text.index("ValueError: outer")
    assert 'raise KeyError("inner")' in text


def test_formatting_a_traceback_parses_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    error = raised()
    monkeypatch.setattr(ast, "parse", lambda *_: pytest.fail("parsed"))
    assert "ValueError: outer" in format_traceback(error)
