"""What a program and a server elsewhere send each other: Socket.IO, namespace `/programs`, MessagePack.

The program joins with a `Hello` (Socket.IO's `auth`) and sends

- `flow` (`FlowDefinition`): a flow that jobs can be started of; again whenever it changed;
- `jobs` (job ids, at most `ASKED_AT_ONCE`): answered with `have` (`KnownSegments`). In each connection a job is queried
  before its segments are sent;
- `segments` (a list of bytes, each a `Segment` as MessagePack, together at most `MAX_SEGMENTS` bytes);
- `beat` (`Heartbeat`), every two seconds, whatever its handlers do. Answered with `heard`;
- `answer` (`CommandResult`): the result of a command.

The server sends

- `have` (`KnownSegments`), and `again` (job id → number): send the segments after that number once more;
- `taken` (a number): so many bytes of segments have been processed. At most `WINDOW` bytes may be in flight;
- `kept` (job id → number): segments up to that number are stored, and the program may drop them;
- `refused` (`KnownSegments.refused`): jobs that are not accepted, or no longer, with the reason;
- `order` (`Command`): answered with `answer`;
- `heard`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from .vocabulary import Action

PROGRAMS = "/programs"
VERSION = 1
ASKED_AT_ONCE = 1_000
MAX_SEGMENTS = 1_000_000
MAX_PROGRAM_MESSAGE = MAX_SEGMENTS + 64 * 1024
"""Bytes of one message of a program: its segments and what surrounds them."""
WINDOW = 8_000_000
BEAT_SECONDS = 2.0
SILENT_SECONDS = 8.0
"""After so long without a message a program is lost, until the next message."""
MAX_NAME = 200


class Hello(msgspec.Struct):
    """A program joins. `key` is a secret of its process: only a program that has it may continue its jobs.

    `origin` is "name @ host:pid", `now_ns` the program's clock (ns since the epoch).
    """

    version: int
    key: str
    origin: str
    now_ns: int
    token: str | None = None


class KnownSegments(msgspec.Struct):
    """What the server has of the queried jobs: the number of the last segment, 0 for an unknown job.

    Attributes:
        refused: jobs that it does not accept from this program, with the reason.
        unread: jobs of which it can't tell, because its store can't be read. It shows them to its clients if the
            program sends them from their first segment on, and answers once it can.
    """

    jobs: dict[str, int] = {}
    refused: dict[str, str] = {}
    unread: list[str] = []


class Heartbeat(msgspec.Struct):
    """The program is alive. `now_ns` is its clock."""

    now_ns: int


class Command(msgspec.Struct, omit_defaults=True):
    """A command to the program: control `job_id`, or start a job of `flow_id`."""

    id: int
    action: Action | Literal["start"]
    flow_id: str = ""
    job_id: str = ""
    entry: str | None = None
    params: dict[str, object] | None = None
    again: str | None = None
    reason: str = ""
    by: str = ""


class CommandResult(msgspec.Struct, omit_defaults=True):
    """The result of command `id`: done (`job_id` is the job that was started), or refused with a reason.

    `refusal` says which kind: a "control" that makes no sense now, an invalid "start" or "argument", or a "fault" of
    the program.
    """

    id: int
    job_id: str = ""
    refusal: Literal["", "control", "start", "argument", "fault"] = ""
    name: str = ""
    text: str = ""
