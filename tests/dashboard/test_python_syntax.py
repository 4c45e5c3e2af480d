"""Syntax trees are built in several threads at once."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from routilux_dashboard.demos import python_syntax


@pytest.fixture
def busy_collections() -> Iterator[None]:
    """Garbage collections that run Python code, as some tools have it."""

    def busy(phase: str, info: dict[str, int]) -> None:
        sum(range(200))

    gc.callbacks.append(busy)
    yield
    gc.callbacks.remove(busy)


def test_trees_are_built_in_four_threads_while_garbage_is_collected(busy_collections: None) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path(ast.__file__).parent.glob("[a-c]*.py"))]
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(python_syntax.parse, texts * 4, ["a.py"] * 4 * len(texts)))
    assert all(isinstance(tree, ast.Module) for tree in trees)
