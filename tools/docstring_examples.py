"""A griffe extension: doctests in docstrings become code blocks when mkdocstrings renders them as Markdown."""

from __future__ import annotations

import re
from typing import Any

import griffe


def fenced(docstring: str) -> str:
    """Put each doctest of a docstring between fences."""
    return "\n\n".join(
        f"```pycon\n{part}\n```" if part.startswith(">>> ") else part for part in re.split(r"\n\n+", docstring)
    )


class DocstringExamples(griffe.Extension):
    """Applies `fenced` to every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for each object once its docstring is known."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
