"""Finds fenced code blocks in text."""

from __future__ import annotations

import re

_FENCE = re.compile(r"```(?:\{([\w+#.-]+)\}|([\w+#.-]+))[ \t]*\r?\n(.*?)```", re.DOTALL)


def code_blocks(text: str, language: str) -> list[str]:
    """The contents of the blocks whose fence names that language, plain or in braces, in any case.

    >>> code_blocks("Run:\\n```Python\\nprint(1)\\n```\\nand\\n```{python}\\nprint(2)\\n```", "python")
    ['print(1)\\n', 'print(2)\\n']
    """
    wanted = language.lower()
    return [body for braced, plain, body in _FENCE.findall(text) if (braced or plain).lower() == wanted]
