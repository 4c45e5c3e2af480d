"""The reference of the public names as Markdown, made from their docstrings and signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from griffe import Attribute, Class, Function

from .api import PublicClass, public_names
from .docstrings import said_of, tells
from .signatures import signature
from .text import Links, Told, as_markdown, table

NOTE = "<!-- Made from the docstrings by `make docs`: change those. -->"


@dataclass(frozen=True)
class Page:
    """A page of the reference: which names of which package it tells of."""

    file: str
    title: str
    about: str
    package: str
    names: tuple[str, ...]


PAGES = (
    Page("flow.md", "Flows", "The definition that jobs are runs of.", "routilux", ("Flow",)),
    Page(
        "routine.md",
        "Routines",
        "What does the work, its inputs and outputs, and what a handler finds around it.",
        "routilux",
        ("Routine", "Slot", "Event", "Connection", "ExecutionContext", "JobCancelled", "carry"),
    ),
    Page(
        "job.md",
        "Jobs",
        "What a run knows of itself.",
        "routilux",
        ("JobState", "ExecutionRecord", "HistoryRange", "ExecutionTracker", "ControlState", "RunningHandler"),
    ),
    Page("errors.md", "Errors", "What happens when a handler raises.", "routilux", ("ErrorHandler", "ErrorStrategy")),
    Page(
        "outputs.md",
        "Outputs",
        "Where a job's outputs go.",
        "routilux",
        ("OutputHandler", "QueueOutputHandler", "CallbackOutputHandler", "NullOutputHandler"),
    ),
    Page(
        "builtin-routines.md",
        "Built-in routines",
        "Routines that come with the engine.",
        "routilux",
        (
            "TextClipper",
            "TextRenderer",
            "ResultExtractor",
            "DataTransformer",
            "DataValidator",
            "DataFlattener",
            "TimeProvider",
            "ConditionalRouter",
        ),
    ),
    Page(
        "hooks.md",
        "Hooks and readers",
        "Watching jobs from outside: this is what the dashboard is built on.",
        "routilux",
        ("JobHook", "JournalReader", "JournalBatch", "JournalEntry", "Source", "Target", "Totals", "RunTotals"),
    ),
    Page(
        "dashboard.md",
        "The dashboard",
        "The names of `routilux_dashboard`.",
        "routilux_dashboard",
        ("Dashboard", "connect", "Retention", "CannotListen"),
    ),
)
UNTOLD = frozenset({"__version__"})
"""Public names that need no page."""


def reference() -> dict[str, str]:
    """The pages of the reference by file name."""
    links = Links({name: page.file for page in PAGES for name in page.names})
    pages = {page.file: "\n\n".join([NOTE, *_page(page, links)]) + "\n" for page in PAGES}
    return {"README.md": _index(links), **pages}


def _index(links: Links) -> str:
    parts = [
        NOTE,
        "# Reference",
        "Every public name, from its docstring. The [guide](../guide/first-flow.md) tells how to use them.",
    ]
    for page in PAGES:
        rows = [(links.to(name), _first_line(page.package, name, links)) for name in page.names]
        parts += [f"## [{page.title}]({page.file})", page.about, table(("name", "what it is"), rows)]
    parts.append("`routilux.__version__` and `routilux_dashboard.__version__` are the versions of the two, as text.")
    return "\n\n".join(parts) + "\n"


def _first_line(package: str, name: str, links: Links) -> str:
    public = public_names(package)[name]
    source = public.source if isinstance(public, PublicClass) else public
    first = said_of(source).split("\n\n")[0]
    return links.within(" ".join(first.split()), "README.md")


def _page(page: Page, links: Links) -> Iterator[str]:
    yield f"# {page.title}"
    yield page.about
    for name in page.names:
        public = public_names(page.package)[name]
        yield f"## {name}"
        if isinstance(public, PublicClass):
            yield from _class(public, page, links)
        else:
            assert isinstance(public, Function)
            yield from _function(public, name, page, links)


def _class(public: PublicClass, page: Page, links: Links) -> Iterator[str]:
    yield signature(public.name, public.constructor, public.bases)
    told = tells(public.source)
    yield from as_markdown(told, page.file, links)
    yield from _attributes(public, told, page, links)
    for name, member in public.members.items():
        if isinstance(member, Function):
            yield f"### {public.name}.{name}"
            yield from _function(member, name, page, links)
    if public.bases:
        yield f"All of {links.to(public.bases[0], page.file)} besides."


def _attributes(public: PublicClass, told: Told, page: Page, links: Links) -> Iterator[str]:
    """A table of the attributes; an argument that is one, too, is told of already."""
    members = {name: member for name, member in public.members.items() if isinstance(member, Attribute)}
    abouts = {
        name: " ".join(said_of(member).split()) or told.attributes.get(name, "") for name, member in members.items()
    }
    arguments = {parameter.name for parameter in public.constructor.parameters} if public.constructor else set()
    kept = {name: links.within(about, page.file) for name, about in abouts.items() if about or name not in arguments}
    told_of = [f"`{name}`" for name in members if name not in kept]
    if told_of:
        yield f"Also attributes: {', '.join(told_of)}."
    if any(kept.values()):
        rows = [(f"`{name}`", _type_of(members[name]), about) for name, about in kept.items()]
        yield table(("attribute", "type", "what it is"), rows)
    elif kept:
        yield table(("attribute", "type"), [(f"`{name}`", _type_of(members[name])) for name in kept])


def _function(function: Function, name: str, page: Page, links: Links) -> Iterator[str]:
    yield signature(name, function)
    yield from as_markdown(tells(function), page.file, links)


def _type_of(attribute: Attribute) -> str:
    if attribute.annotation is not None:
        return f"`{attribute.annotation}`"
    owner = attribute.parent
    is_member = isinstance(owner, Class) and any(str(base) == "Enum" for base in owner.bases)
    return f"`{attribute.value}`" if is_member else ""
