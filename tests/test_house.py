"""The house's rules that a reader relies on: who may import whom, and how long a file may grow."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import imports

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "engine" / "routilux"
DASHBOARD = ROOT / "dashboard" / "routilux_dashboard"
BROWSER = ROOT / "static" / "src"

LINES = 350
OUTSIDERS = {
    "alembic", "apispec", "click", "eventlet", "flask", "flask_socketio", "msgpack", "msgspec", "platformdirs",
    "prometheus_client", "rich", "socketio", "sqlalchemy", "urllib3", "websocket",
}  # fmt: skip
"""What pyproject.toml names, by import name."""
BROUGHT_ALONG = {"engineio", "greenlet", "jinja2", "markupsafe", "werkzeug"}
"""What those are built on, and cannot be used without."""

ENGINE_LEVELS = (
    ("persistence", "status", "output_handler"),
    ("threads", "journal", "binding", "error_handler"),
    ("job", "slot", "execution_tracker"),
    ("event", "job_state"),
    ("connection", "context", "hooks"),
    ("routine",),
    ("graph", "builtin_routines"),
    ("execution",),
    ("flow",),
)
"""The engine's rooms, from the bottom. A room imports only from lower levels, type-only imports included."""
SHARED_NAMES = {"RunningHandler"}
"""A public class of the engine and the shape on the wire that shows it: both names are fixed."""
ROOMS = (
    "version", "times", "worker_pool", "assets", "names", "protocol", "rendering", "payloads", "server", "segments",
    "fold", "flows", "recording", "store", "sources", "jobs", "forwarding", "ingest", "live", "api", "web", "serving",
    "app", "demos", "cli",
)  # fmt: skip
"""The dashboard's rooms, from the bottom: a room imports only from the rooms before it, type-only imports included."""
APART = (("forwarding", "jobs"), ("store", "recording"), ("store", "flows"), ("server", "segments"), ("live", "ingest"))
"""Pairs of rooms of one level, which do not import each other."""
UPWARD = {("sources", "jobs")}
"""Pairs that break the rule and are being mended. Nothing may be added here."""


# -- the rules -------------------------------------------------------------------------------------------------------


def foreign_imports(package: Path, allowed: set[str]) -> list[str]:
    """Imports of anything but the standard library, the package itself and `allowed`."""
    fine = sys.stdlib_module_names | {package.name} | allowed
    return [str(found) for found in imports.python_imports(package) if found.source.split(".")[0] not in fine]


def private_imports(package: Path, engine: Path) -> list[str]:
    """Imports from the engine other than `from routilux import <a public name>`."""
    public = imports.public_names(engine)
    return [
        str(found)
        for found in imports.python_imports(package)
        if found.source.split(".")[0] == engine.name and not (found.source == engine.name and found.name in public)
    ]


def modules_naming(package: Path, name: str) -> set[str]:
    """Modules that import `name`, or hold it as a string (as `import_module` or an option would)."""
    naming = {found.module for found in imports.python_imports(package) if found.source.split(".")[0] == name}
    for module, path in imports.python_modules(package).items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(".")[0] == name:
                naming.add(module)
    return naming


def upward_imports(package: Path, rooms: tuple[str, ...], apart: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Pairs of rooms (importer, imported) whose imports do not point down. An unlisted room is an error."""
    modules = imports.python_modules(package)
    sideways = {*apart, *((b, a) for a, b in apart)}
    found = set()
    for one in imports.python_imports(package):
        source = f"{one.source}.{one.name}" if f"{one.source}.{one.name}" in modules else one.source
        here, there = _room(one.module), _room(source)
        if not source.startswith(f"{package.name}.") or not here or here == there:
            continue
        if rooms.index(there) > rooms.index(here) or (here, there) in sideways:
            found.add((here, there))
    return sorted(found)


def imports_above(package: Path, levels: tuple[tuple[str, ...], ...]) -> list[str]:
    """Imports between rooms that do not lead to a lower level. An unlisted room is an error."""
    modules = imports.python_modules(package)
    level = {room: number for number, rooms in enumerate(levels) for room in rooms}
    return [
        str(one)
        for one in imports.python_imports(package)
        for source in [f"{one.source}.{one.name}" if f"{one.source}.{one.name}" in modules else one.source]
        if source.startswith(f"{package.name}.")
        and _room(one.module) not in ("", _room(source))
        and level[_room(source)] >= level[_room(one.module)]
    ]


def shared_class_names(*packages: Path) -> set[str]:
    """Names that two classes have."""
    counts: Counter[str] = Counter()
    for package in packages:
        for path in package.rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            counts.update(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {name for name, count in counts.items() if count > 1}


def _room(module: str) -> str:
    return [*module.split("."), ""][1]


def leaving(graph: imports.Graph, room: str) -> list[str]:
    """Imports that lead out of a room of the browser's sources."""
    return [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in sorted(targets)
        if module.startswith(f"{room}/") and not target.startswith(f"{room}/")
    ]


# -- the house keeps them --------------------------------------------------------------------------------------------


def test_the_engine_imports_the_standard_library_and_itself_only() -> None:
    assert foreign_imports(ENGINE, set()) == []


def test_the_dashboard_imports_only_what_the_distribution_asks_for() -> None:
    assert foreign_imports(DASHBOARD, OUTSIDERS | BROUGHT_ALONG | {"routilux"}) == []


def test_the_dashboard_sees_only_the_engines_public_names() -> None:
    assert private_imports(DASHBOARD, ENGINE) == []


@pytest.mark.parametrize("package", [ENGINE, DASHBOARD], ids=lambda package: package.name)
def test_no_import_of_a_package_runs_in_a_circle(package: Path) -> None:
    assert imports.circle(imports.python_graph(package)) == []


@pytest.mark.parametrize("package", [ENGINE, DASHBOARD], ids=lambda package: package.name)
def test_not_even_imports_for_types_run_in_a_circle(package: Path) -> None:
    assert imports.circle(imports.python_graph(package, whole=True)) == []


def test_the_engines_rooms_import_downward_only() -> None:
    assert imports_above(ENGINE, ENGINE_LEVELS) == []


def test_no_two_classes_share_a_name() -> None:
    assert shared_class_names(ENGINE, DASHBOARD) == SHARED_NAMES


def test_the_dashboards_rooms_import_downward_only() -> None:
    assert set(upward_imports(DASHBOARD, ROOMS, APART)) == UPWARD


def test_eventlet_is_named_in_one_module_only() -> None:
    assert modules_naming(DASHBOARD, "eventlet") == {"routilux_dashboard.server.hub"}


def test_no_import_of_the_browsers_sources_runs_in_a_circle() -> None:
    assert imports.circle(imports.typescript_graph(BROWSER)) == []


def test_what_keeps_the_live_state_knows_no_element_of_the_page() -> None:
    assert leaving(imports.typescript_graph(BROWSER), "live") == []


def test_no_file_has_grown_beyond_one_idea() -> None:
    sources = [path for folder in (ENGINE, DASHBOARD, ROOT / "tools") for path in folder.rglob("*.py")]
    sources += [path for path in BROWSER.rglob("*.ts") if path.name != "protocol.ts"]
    assert imports.long_files(sources, LINES) == []


# -- and the rules can fail ------------------------------------------------------------------------------------------

Tree = Callable[[dict[str, str]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Writes a made-up source tree and returns its folder."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_a_web_package_in_the_engine_is_found_even_inside_a_function(tree: Tree) -> None:
    engine = tree(
        {"routilux/__init__.py": "import os, json.decoder\n", "routilux/flow.py": "def f():\n    import flask\n"}
    )
    assert foreign_imports(engine / "routilux", set()) == ["routilux.flow, line 2: import flask"]


def test_a_way_round_the_engines_public_names_is_found(tree: Tree) -> None:
    root = tree(
        {
            "routilux/__init__.py": "__all__ = ['Flow']\n",
            "watch/__init__.py": "from routilux import Flow, flow\n",
            "watch/a.py": "from routilux.journal import Journal\n",
            "watch/b.py": "import routilux\n",
        }
    )
    assert private_imports(root / "watch", root / "routilux") == [
        "watch, line 1: from routilux import flow",
        "watch.a, line 1: from routilux.journal import Journal",
        "watch.b, line 1: import routilux",
    ]


def test_a_circle_is_found_through_relative_imports_and_packages(tree: Tree) -> None:
    root = tree(
        {
            "house/__init__.py": "from .api import serve\n",
            "house/api/__init__.py": "from ..store import Store\n",
            "house/store.py": "from . import jobs\n",
            "house/jobs.py": "import house.api\n",
        }
    )
    found = imports.circle(imports.python_graph(root / "house"))
    assert set(found) == {"house.api", "house.store", "house.jobs"}
    assert found[0] == found[-1]


def test_imports_for_types_and_imports_when_called_are_no_circle(tree: Tree) -> None:
    root = tree(
        {
            "house/__init__.py": "",
            "house/a.py": "from house.b import B\n",
            "house/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.a import A\n",
            "house/c.py": "import house.d\n",
            "house/d.py": "def f():\n    from house import c\n",
        }
    )
    assert imports.circle(imports.python_graph(root / "house")) == []


def test_a_second_module_that_names_eventlet_is_found(tree: Tree) -> None:
    root = tree(
        {
            "house/__init__.py": "",
            "house/hub.py": "import eventlet.wsgi\n",
            "house/live.py": "from importlib import import_module\nimport_module('eventlet')\n",
            "house/app.py": '"""Says nothing of it but: eventlet runs elsewhere."""\n',
        }
    )
    assert modules_naming(root / "house", "eventlet") == {"house.hub", "house.live"}


def test_an_import_of_a_higher_room_is_found_even_for_types_only(tree: Tree) -> None:
    root = tree(
        {
            "house/__init__.py": "",
            "house/store/__init__.py": "from ..fold.rows import Row\nfrom .tables import jobs\n",
            "house/store/tables.py": "import sqlite3\ndef f():\n    from ..server import hub\n",
            "house/fold/rows.py": "if TYPE_CHECKING:\n    from ..store.tables import jobs\n",
            "house/server/hub.py": "",
        }
    )
    rooms = ("fold", "store", "server")
    assert upward_imports(root / "house", rooms, ()) == [("fold", "store"), ("store", "server")]
    assert ("store", "fold") in upward_imports(root / "house", rooms, (("fold", "store"),))


def test_an_import_of_a_room_of_the_same_level_and_a_name_used_twice_are_found(tree: Tree) -> None:
    root = tree(
        {
            "house/__init__.py": "from .flow import Flow\n",
            "house/flow.py": "from .slot import Slot\nclass Flow: ...\n",
            "house/slot.py": "from .event import Event\nclass Slot: ...\n",
            "house/event.py": "class Slot: ...\n",
        }
    )
    assert imports_above(root / "house", (("slot", "event"), ("flow",))) == [
        "house.slot, line 1: from house.event import Event"
    ]
    assert shared_class_names(root / "house") == {"Slot"}


def test_a_circle_and_a_step_upward_are_found_in_typescript(tree: Tree) -> None:
    root = tree(
        {
            "live/state.ts": 'import { draw } from "../graph/draw";\nimport type { T } from "../graph/types.ts";\n',
            "graph/draw.ts": 'import {\n  state,\n} from "../live/state.ts";\nimport "./draw.css";\n',
            "graph/types.ts": 'export * from "../live/state.ts";\n',
        }
    )
    graph = imports.typescript_graph(root)
    assert leaving(graph, "live") == ["live/state.ts imports graph/draw.ts"]
    assert set(imports.circle(graph)) == {"live/state.ts", "graph/draw.ts"}


def test_a_file_that_has_grown_too_long_is_found(tree: Tree) -> None:
    path = tree({"long.py": "x = 1\n\n" * 11}) / "long.py"
    assert imports.long_files([path], 10) == [f"{path}: 11 lines"]
    assert imports.long_files([path], 11) == []
