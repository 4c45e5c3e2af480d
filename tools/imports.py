"""Reads imports from Python and TypeScript sources, without running them."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

Graph = dict[str, set[str]]
"""Module → the modules that it imports when it is loaded."""


@dataclass(frozen=True)
class Import:
    """One imported name: `from source import name`, or `import source` with an empty `name`."""

    module: str
    line: int
    source: str
    name: str
    when_loaded: bool
    """False inside a function, and below `if TYPE_CHECKING`."""

    def __str__(self) -> str:
        what = f"from {self.source} import {self.name}" if self.name else f"import {self.source}"
        return f"{self.module}, line {self.line}: {what}"


def python_modules(package: Path) -> dict[str, Path]:
    """Every module of the package in that folder, by its dotted name."""
    return {_dotted(path, package.parent): path for path in sorted(package.rglob("*.py"))}


def python_imports(package: Path) -> Iterator[Import]:
    """Every import of every module of a package; relative ones with their full names."""
    for module, path in python_modules(package).items():
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        here = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node, when_loaded in _walk(tree, when_loaded=True):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(module, node.lineno, alias.name, "", when_loaded)
            elif isinstance(node, ast.ImportFrom):
                source = _absolute(here, node.level, node.module)
                for alias in node.names:
                    yield Import(module, node.lineno, source, alias.name, when_loaded)


def python_graph(package: Path, *, whole: bool = False) -> Graph:
    """The imports inside a package when it is loaded; with `whole`, those for types and inside functions too."""
    modules = python_modules(package)
    graph: Graph = {module: set() for module in modules}
    for found in python_imports(package):
        if not (whole or found.when_loaded):
            continue
        full = f"{found.source}.{found.name}"
        target = full if full in modules else found.source
        if target in modules:
            graph[found.module].add(target)
    return graph


def typescript_graph(folder: Path) -> Graph:
    """The imports below a folder of TypeScript, without tests and type-only imports."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.ts"))}
    files = {name: path for name, path in files.items() if not name.endswith((".test.ts", ".d.ts"))}
    return {name: _typescript_targets(path, folder, files) for name, path in files.items()}


def circle(graph: Graph) -> list[str]:
    """The modules of one circle of imports, the first again at the end; empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []


def public_names(package: Path) -> set[str]:
    """The names in a package's `__all__`."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None
            return set(ast.literal_eval(node.value))
    raise ValueError(f"{package / '__init__.py'} has no __all__")


def long_files(paths: Iterable[Path], limit: int) -> list[str]:
    """The files of more than `limit` lines, blank ones not counted, with how many they have."""
    counted = ((path, sum(map(bool, map(str.strip, path.read_text(encoding="utf-8").splitlines())))) for path in paths)
    return [f"{path}: {lines} lines" for path, lines in counted if lines > limit]


def _dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _absolute(here: str, level: int, source: str | None) -> str:
    if level == 0:
        return source or ""
    base = here.split(".")[: len(here.split(".")) - (level - 1)]
    return ".".join([*base, source] if source else base)


def _walk(node: ast.AST, *, when_loaded: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _for_types_only(child)
        yield child, when_loaded
        yield from _walk(child, when_loaded=when_loaded and not later)


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


_TYPESCRIPT_IMPORT = re.compile(
    r"""^\s*(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?["'](\.[^"']+)["']""", re.MULTILINE
)


def _typescript_targets(path: Path, folder: Path, files: dict[str, Path]) -> set[str]:
    targets = set()
    for relative in _TYPESCRIPT_IMPORT.findall(path.read_text(encoding="utf-8")):
        base = (path.parent / relative.split("?")[0]).resolve()
        for candidate in (base, base.with_name(base.name + ".ts"), base / "index.ts"):
            if candidate.is_relative_to(folder.resolve()):
                name = candidate.relative_to(folder.resolve()).as_posix()
                targets |= {name} & files.keys()
    return targets
