"""Load the flow that a command line names: `package.module:flow` or `path/file.py:flow`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from routilux import Flow

_MACHINERY = (__file__, importlib.__file__)
"""Files in every import's traceback, which say nothing about the program."""


class BadTarget(ValueError):
    """A target that can't be resolved to a flow; the message says why and what a target looks like."""


def load_flow(target: str) -> Flow:
    """Return the flow that `target` names, or that the function of that name creates.

    Raises `BadTarget`.
    """
    place, separator, name = target.rpartition(":")
    if not separator or not place or not name:
        raise BadTarget(f"{target!r} names no flow; write package.module:flow or path/file.py:flow")
    module = _load_file(Path(place)) if place.endswith(".py") else _import(place)
    return _as_flow(_attribute(module, name, place), target)


def _import(name: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise BadTarget(f"{name!r} cannot be imported: {_last_line(error)}") from error


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise BadTarget(f"There is no file {str(path)!r} (looked in {str(Path.cwd())!r})")
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise BadTarget(f"{str(path)!r} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses and saved flows look up their module here
    sys.path.insert(0, str(path.resolve().parent))  # as `python file.py` does
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadTarget(f"{str(path)!r} cannot be run: {_last_line(error)}") from error
    return module


def _attribute(module: ModuleType, name: str, place: str) -> Any:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        flows = ", ".join(repr(key) for key, value in vars(module).items() if isinstance(value, Flow)) or "none"
        raise BadTarget(f"{place!r} has no {name!r}; flows in it: {flows}")
    return found


def _as_flow(found: Any, target: str) -> Flow:
    made = found
    if not isinstance(found, Flow) and callable(found):
        try:
            made = found()
        except Exception as error:
            raise BadTarget(f"{target!r} is a function that failed: {_last_line(error)}") from error
    if not isinstance(made, Flow):
        raise BadTarget(f"{target!r} is {type(made).__name__}: a Flow, or a function that makes one, is needed")
    return made


def _last_line(error: BaseException) -> str:
    """Describe an error and its location, and the line of the program that led there if it is a different one."""
    text = " ".join(traceback.format_exception_only(error)[-1].split())
    places = _places(error)
    return f"{text} ({', reached from '.join(places)})" if places else text


def _places(error: BaseException) -> list[str]:
    """The location of an error and the program's own line that led to it; empty if neither is known."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    frames = [(name, line) for name, line in frames if name not in _MACHINERY and not name.startswith("<frozen ")]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        frames.append((error.filename, error.lineno))
    return [f"{_short(name)}, line {line}" for name, line in dict.fromkeys((*frames[-1:], *frames[:1]))]


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
