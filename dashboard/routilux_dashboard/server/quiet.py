"""Import eventlet without its DNS resolver and without its deprecation warning."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator

_NO_RESOLVER = "EVENTLET_NO_GREENDNS"


@contextlib.contextmanager
def importing_quietly() -> Iterator[None]:
    """Imports in this block neither replace name resolution nor warn; the previous settings are restored on exit."""
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
