"""A census of the standard library: which modules of the running Python matter most, and which files are broken.

    walker ──▶ reader ──▶ parser ──tree──▶ complexity ──▶ ranking
     ▲  │                      │ └────────▶ imports ─────▶ ranking
     └──┘ more                 │ └────────▶ compiler
                               └─rejected─▶ triage,        ranking

Every `.py` file of the library, its tests too, is read, parsed, measured and ranked: by PageRank over the imports,
times complexity. Run it with `routilux demo`, or here: `python -m routilux_dashboard.demos.stdlib_census`.

How it is made, and why:

- **Events carry facts, not trees.** The history keeps all that is emitted. So a step gets a path and the file's
  digest, and opens the file again; a job that is paused for a day refuses to go on with a file that has changed.
- **The walker sends itself messages.** It hands out 16 files, then emits `more` to itself. Activations are taken in
  the order in which they were queued, so its turn comes after theirs: all steps work at once, and little waits.
- **Retry, because files live.** An editor or a package manager may write to a file while it is read (`SourceBusy`),
  the process may be out of file descriptors, a network share may stumble. Each is an `OSError` and may be over in a
  moment, so the flow tries that activation again. Nothing fails for show: on a quiet disk no retry happens.
- **A broken file does not break the census.** The library has files that do not parse, for its own tests. The
  parser sends them to `triage`, which sorts the kinds that it can explain. For a file that can't even be decoded the
  parser raises, so that the history shows an error. With CONTINUE, the job continues.
- **The compiler is optional.** A file may parse and yet not compile (`from __future__ import rested_snopes`). That is
  an error of this step alone, and the ranking does not wait for it.
- **The report comes once.** Each file reaches `ranking` either as a rejection or as a score and its imports. One
  atomic count tells which of them was the last. The report depends on the files only: not on order, pauses, workers.
"""

from __future__ import annotations

import platform
from collections import Counter
from pathlib import Path
from typing import Any

from routilux import ErrorHandler, Flow, JobState
from routilux_dashboard.demos import python_source, python_syntax
from routilux_dashboard.demos.census_report import headline, make_report
from routilux_dashboard.demos.census_step import CensusStep
from routilux_dashboard.demos.module_score import score_module
from routilux_dashboard.demos.rejection import explain_rejection

NAME = "stdlib-census"
SUMMARY = "Reads, parses, measures and ranks every module of the running Python's standard library."
ENTRY = "walker"
HANDED_OUT_AT_ONCE = 16
SECONDS_AT_MOST = 7 * 24 * 3600.0
"""A census that is paused or slowed down for a talk may take long."""


class SourceWalker(CensusStep):
    """Lists the files and hands them out, a few at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.walk)
        self.define_slot("more", handler=self.hand_out)
        self.define_event("file", ["path", "module"])
        self.define_event("more", ["start"])

    def walk(self, root: str | None = None, limit: int = 0, pace: float = 0.0, **_: Any) -> None:
        """Take the census of a folder of Python files.

        Args:
            root: the folder; none given means the running Python's standard library.
            limit: take this many files only, in alphabetical order; 0 takes all.
            pace: seconds to wait after each file, for watching; 0 goes as fast as it can.
        """
        folder = Path(root).expanduser().resolve() if root else python_source.standard_library()
        if not folder.is_dir():
            raise ValueError(f"root is {str(folder)!r}, which is no folder; name one with Python files")
        if limit < 0 or pace < 0:
            raise ValueError(f"limit is {limit!r} and pace {pace!r}; both must be 0 or more")
        files = python_source.list_sources(folder)[: limit or None]
        if not files:
            raise ValueError(f"no Python file below {str(folder)!r}; name a folder that has some as root")
        python_syntax.mute_compiler()
        self.open_books(python_source.import_base(folder), files, pace)
        self.send_output("caption", text=f"Python {platform.python_version()} has {len(files):,} files to read")
        self.emit("more", start=0)

    def open_books(self, base: Path, files: list[str], pace: float) -> None:
        job = self.context().job_state
        pairs = python_source.name_modules(files)
        census = {"python": platform.python_version(), "base": str(base), "pace": pace, "files": pairs}
        job.update_shared_data("census", census)
        for book in ("scores", "imports", "rejected", "operations"):
            job.update_shared_data(book, {})
        self.log("started", files=len(files))

    def hand_out(self, start: int) -> None:
        census = self.census()
        stop = start + (1 if census["pace"] else HANDED_OUT_AT_ONCE)
        for path, module in census["files"][start:stop]:
            self.emit("file", path=path, module=module)
            self.tally(module, files=1)
        self.context().sleep(census["pace"])
        if stop < len(census["files"]):
            self.emit("more", start=stop)
        else:
            self.log("all files handed out", files=len(census["files"]))


class FileReader(CensusStep):
    """Reads a file for the first time; its digest is what all later steps hold on to."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("path", handler=self.read)
        self.define_event("text", ["path", "module", "bytes", "digest"])

    def read(self, path: str, module: str) -> None:
        data = python_source.read_whole(self.file(path))
        self.tally(module, read=1, bytes=len(data))
        self.emit("text", path=path, module=module, bytes=len(data), digest=python_source.digest_of(data))


class AstParser(CensusStep):
    """Decodes and parses a file: a `tree` for those who measure it, or `rejected` with the reason."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("text", handler=self.parse)
        self.define_event("tree", ["path", "module", "digest", "nodes"])
        self.define_event("rejected", ["path", "module", "error", "error_type", "line"])

    def parse(self, path: str, module: str, digest: str) -> None:
        try:
            nodes = python_syntax.count_nodes(self.tree(path, digest))
        except (python_source.Undecodable, SyntaxError) as error:
            self.tally(module, rejected=1)
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            line = error.lineno if isinstance(error, SyntaxError) else None
            self.emit("rejected", path=path, error=reason, error_type=type(error).__name__, line=line)
        else:
            self.tally(module, parsed=1, nodes=nodes)
            self.emit("tree", path=path, module=module, digest=digest, nodes=nodes)


class ComplexityMeter(CensusStep):
    """Measures functions, documentation and text of a module."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("tree", handler=self.measure)
        self.define_event("score", ["module", "complexity", "functions", "lines", "maintainability"])

    def measure(self, path: str, module: str, digest: str) -> None:
        text = self.text(path, digest)
        score = score_module(python_syntax.parse(text, path), text)
        self.tally(module, measured=1, functions=score["functions"], complexity=score["complexity"])
        self.emit("score", module=module, **score)


class ImportGraph(CensusStep):
    """Finds out what a module imports."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("tree", handler=self.find)
        self.define_event("edges", ["module", "imports"])

    def find(self, path: str, module: str, digest: str) -> None:
        is_package = path.endswith("__init__.py")
        names = python_syntax.imported_names(self.tree(path, digest), module, is_package)
        self.tally(module, modules=1, imports=len(names))
        self.emit("edges", module=module, imports=names)


class CompilerCheck(CensusStep):
    """Compiles a module, counts its operations, and checks that its tree can be written out and parsed again."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("tree", handler=self.check)

    def check(self, path: str, module: str, digest: str) -> None:
        tree = self.tree(path, digest)
        operations = python_syntax.count_operations(python_syntax.compile_tree(tree, path))
        if not python_syntax.survives_round_trip(tree, path):
            raise RuntimeError(f"{path!r} written out and parsed again is another tree")
        with self.context().job_state.edit_shared_data("operations") as totals:
            totals.value = dict(Counter(totals.value) + operations)
        self.tally(module, compiled=1, operations=operations.total())


class SyntaxTriage(CensusStep):
    """Files a rejected file under the kind that explains it; raises what cannot be decoded."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("file", handler=self.explain)
        self.define_event("filed", ["path", "kind"])

    def explain(self, path: str, error: str, error_type: str, line: int | None) -> None:
        kind = explain_rejection(path, error, error_type)
        self.log("rejected", path=path, line=line, error=error, kind=kind)
        self.tally(path, **{kind: 1})
        if kind == "undecodable":
            raise python_source.Undecodable(f"{path!r} cannot be decoded: {error}")
        self.emit("filed", path=path, kind=kind)


class Ranking(CensusStep):
    """Collects the facts about each file and, once they are complete, ranks the modules."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("score", handler=self.take_score)
        self.define_slot("edges", handler=self.take_edges)
        self.define_slot("rejected", handler=self.take_rejected)
        self.define_event("report", ["files", "parsed", "rejected", "totals", "worst", "top", "digest"])

    def take_score(self, module: str, **figures: Any) -> None:
        self.write_down("scores", module, figures, halves=1)

    def take_edges(self, module: str, imports: list[str]) -> None:
        self.write_down("imports", module, imports, halves=1)

    def take_rejected(self, path: str, error: str) -> None:
        self.write_down("rejected", path, error, halves=2)

    def write_down(self, book: str, name: str, value: Any, halves: int) -> None:
        """A file is complete when both halves, its score and its imports, are here; a rejection counts as both."""
        with self.context().job_state.edit_shared_data(book) as entries:
            entries.value[name] = value
        files = len(self.census()["files"])
        now = self.tally(name, halves=halves)["halves"]
        before = now - halves
        if (tenth := now * 5 // files) > before * 5 // files:
            self.tell_progress(tenth * 10, files)
        if now == 2 * files:
            self.report()

    def tell_progress(self, percent: int, files: int) -> None:
        self.log("progress", percent=percent)
        self.send_output("progress", percent=percent, files=files)
        self.send_output("caption", text=f"{percent} % of {files:,} files measured")

    def report(self) -> None:
        job = self.context().job_state
        books = {book: job.get_shared_data(book) for book in ("scores", "imports", "rejected")}
        report = make_report(self.census()["python"], **books)
        job.update_shared_data("report", report)
        self.send_output("table", title="The modules that matter most", rows=report["top"])
        self.send_output("caption", text=headline(report))
        self.log("report", files=report["files"], digest=report["digest"])
        self.emit("report", **report)


def make_flow(strategy: str = "concurrent", workers: int = 4) -> Flow:
    """The flow of the census.

    Args:
        strategy: "concurrent" or "sequential"; the report is the same.
        workers: threads of a concurrent flow.
    """
    flow = Flow(NAME, execution_strategy=strategy, max_workers=workers, execution_timeout=SECONDS_AT_MOST)
    triage, compiler = SyntaxTriage(), CompilerCheck()
    triage.set_error_handler(ErrorHandler("continue"))
    compiler.set_as_optional()
    flow.set_error_handler(ErrorHandler("retry", max_retries=5, retry_delay=0.2, retryable_exceptions=(OSError,)))
    flow.add_routine(SourceWalker(), ENTRY)
    flow.add_routine(FileReader(), "reader")
    flow.add_routine(AstParser(), "parser")
    flow.add_routine(ComplexityMeter(), "complexity")
    flow.add_routine(ImportGraph(), "imports")
    flow.add_routine(compiler, "compiler")
    flow.add_routine(triage, "triage")
    flow.add_routine(Ranking(), "ranking")
    flow.connect(ENTRY, "more", ENTRY, "more")
    flow.connect(ENTRY, "file", "reader", "path")
    flow.connect("reader", "text", "parser", "text")
    for meter in ("complexity", "imports", "compiler"):
        flow.connect("parser", "tree", meter, "tree")
    flow.connect("complexity", "score", "ranking", "score")
    flow.connect("imports", "edges", "ranking", "edges")
    for receiver, slot in (("triage", "file"), ("ranking", "rejected")):
        flow.connect("parser", "rejected", receiver, slot)
    return flow


def main() -> None:
    """Run the census and print its table."""
    flow = make_flow()
    job_state = flow.start(ENTRY)
    JobState.wait_for_completion(flow, job_state)
    report = job_state.get_shared_data("report")
    if report is None:
        raise SystemExit(f"The census {job_state.status}: {job_state.get_routine_state(ENTRY)}")
    print(headline(report))
    for row in report["top"]:
        print(
            "{rank:>3}  {module:<30}{weight:>7.1f}  imported by {fan_in:>3}, complexity {complexity:>5}".format(**row)
        )


if __name__ == "__main__":
    main()
