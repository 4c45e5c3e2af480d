"""Finding a flow by the name that a command line gives it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from routilux_dashboard.cli.targets import BadTarget, load_flow

SOURCE = """
from routilux import Flow
flow = Flow("plain")
def make(): return Flow("made")
def needs(argument): return Flow("never")
def breaks(): raise RuntimeError("broken inside")
class Holder:
    flow = Flow("held")
number = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with programs in it, as the working directory."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pipelines.py").write_text(SOURCE)
    (tmp_path / "helper.py").write_text("from pipelines import flow\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")
    (tmp_path / "raises.py").write_text("1 / 0\n")
    (tmp_path / "lacks.py").write_text("import no_such_module\n")
    (tmp_path / "deeper.py").write_text("import pipelines\n\npipelines.breaks()\n")
    (tmp_path / "uses_wrong.py").write_text("\nimport wrong\n")
    (tmp_path / "lines.py").write_text("raise ValueError('one\\ntwo')\n")
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("target", "flow_id"),
    [
        ("pipelines:flow", "plain"),
        ("pipelines:make", "made"),
        ("pipelines:Holder.flow", "held"),
        ("pipelines.py:flow", "plain"),
        ("./pipelines.py:make", "made"),
        ("helper.py:flow", "plain"),
        ("helper:flow", "plain"),
    ],
)
def test_a_flow_is_found_by_module_or_by_file(folder: Path, target: str, flow_id: str) -> None:
    assert load_flow(target).flow_id == flow_id


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("pipelines", "package.module:flow"),
        (":flow", "package.module:flow"),
        ("pipelines:", "package.module:flow"),
        ("nowhere:flow", "No module named 'nowhere'"),
        ("nowhere.py:flow", "no file 'nowhere.py'"),
        ("pipelines:folw", "'flow'"),
        ("pipelines:number", "is int"),
        ("pipelines:needs", "argument"),
        ("pipelines:breaks", "broken inside"),
        ("wrong.py:flow", "SyntaxError"),
        ("wrong:flow", "SyntaxError"),
        ("raises.py:flow", "division by zero"),
        ("lacks.py:flow", "no_such_module"),
        ("wrong.py:flow", "(wrong.py, line 1)"),
        ("wrong:flow", "(wrong.py, line 1)"),
        ("raises:flow", "division by zero (raises.py, line 1)"),
        ("raises.py:flow", "division by zero (raises.py, line 1)"),
        ("lacks:flow", "'no_such_module' (lacks.py, line 1)"),
        ("deeper:flow", "broken inside (pipelines.py, line 6, reached from deeper.py, line 3)"),
        ("uses_wrong:flow", "(wrong.py, line 1, reached from uses_wrong.py, line 2)"),
        ("lines:flow", "ValueError: one two (lines.py, line 1)"),
        ("pipelines:breaks", "broken inside (pipelines.py, line 6)"),
    ],
)
def test_a_target_that_leads_nowhere_says_why_in_one_line(folder: Path, target: str, words: str) -> None:
    with pytest.raises(BadTarget) as told:
        load_flow(target)
    assert words in str(told.value)
    assert "\n" not in str(told.value)
