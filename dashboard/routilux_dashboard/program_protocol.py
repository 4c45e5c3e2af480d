"""What a program and a server elsewhere say to one another: Socket.IO, namespace `/programs`, MessagePack.

The program joins with a `Greeting` (Socket.IO's `auth`) and sends

- `flow` (`FlowDefinition`): a flow that jobs can be started of, and again when it changed;
- `jobs` (job ids, at most `ASKED_AT_ONCE`): answered with `have` (`Have`). A job is asked for in each
  connection before a segment of it is sent;
- `segments` (a list of bytes, each a `Segment` as MessagePack, together at most `MAX_SEGMENTS` bytes);
- `beat` (`Beat`), every two seconds: it lives, whatever its handlers do. Answered with `heard`;
- `answer` (`Answer`): what became of an order.

The server sends

- `have` (`Have`), and `again` (job id → number): send what comes after that segment, once more;
- `taken` (a number): so many of the bytes of segments have been worked off. No more than `WINDOW` may be
  under way;
- `kept` (job id → number): segments up to that number are in the store, and need not be held any more;
- `refused` (`Have.refused`): jobs that are not taken (any more), with the reason;
- `order` (`Order`): to be answered;
- `heard`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

PROGRAMS = "/programs"
VERSION = 1
ASKED_AT_ONCE = 1_000
MAX_SEGMENTS = 1_000_000
MAX_PROGRAM_MESSAGE = MAX_SEGMENTS + 64 * 1024
"""Bytes of one message of a program, with what is around its segments."""
WINDOW = 8_000_000
BEAT_SECONDS = 2.0
SILENT_SECONDS = 8.0
"""A program that is not heard of for so long is lost, until it is heard of again."""
MAX_NAME = 200


class Greeting(msgspec.Struct):
    """Who joins. `key` is the program's secret of this process: only who has it may go on with its jobs.

    `origin` is "name @ host:pid". `now_ns`: its clock (ns since the epoch).
    """

    version: int
    key: str
    origin: str
    now_ns: int
    token: str | None = None


class Have(msgspec.Struct):
    """What the server has of the jobs that it was asked for: the number of the last segment, 0 for nothing.

    `refused`: jobs that it does not take from this program, with the reason. `unread`: of these it cannot say yet what
    it has, for its store cannot be read. It shows them meanwhile to whoever sends them from their first segment on,
    and answers once it can.
    """

    jobs: dict[str, int] = {}
    refused: dict[str, str] = {}
    unread: list[str] = []


class Beat(msgspec.Struct):
    """The program lives. `now_ns`: its clock."""

    now_ns: int


class Order(msgspec.Struct, omit_defaults=True):
    """Something that is asked of the program: a control of `job_id`, or the start of a job of `flow_id`."""

    id: int
    action: Literal["start", "pause", "resume", "step", "cancel"]
    flow_id: str = ""
    job_id: str = ""
    entry: str | None = None
    params: dict[str, object] | None = None
    again: str | None = None
    reason: str = ""
    by: str = ""


class Answer(msgspec.Struct, omit_defaults=True):
    """What became of order `id`: done (`job_id` is the job that was started), or refused, with the reason.

    `refusal`: "control" makes no sense now, "start" or "argument" cannot be so, "fault" is of the program.
    """

    id: int
    job_id: str = ""
    refusal: Literal["", "control", "start", "argument", "fault"] = ""
    name: str = ""
    text: str = ""
