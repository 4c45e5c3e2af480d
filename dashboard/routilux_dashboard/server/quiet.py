"""Importing eventlet as this program wants it: without its resolver, and without its word of farewell."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator

_NO_RESOLVER = "EVENTLET_NO_GREENDNS"


@contextlib.contextmanager
def importing_quietly() -> Iterator[None]:
    """Imports in this block do not replace name resolution and do not warn; afterwards all is as before."""
    before = os.environ.get(_NO_RESOLVER)
    os.environ[_NO_RESOLVER] = "yes"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is None:
            del os.environ[_NO_RESOLVER]
        else:
            os.environ[_NO_RESOLVER] = before
