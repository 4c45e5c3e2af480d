"""A process that saves a job over and over, until it is killed."""

from __future__ import annotations

import itertools
import sys

from routilux import JobState


def job_of(number: int, size: int) -> JobState:
    """A job whose document says which one it is at its beginning, in its midst and at its end."""
    job = JobState("f")
    job.job_id = f"job {number}"
    job.shared_data = {"number": number, "filling": [f"row {number}"] * size}
    job.output_log.append({"number": number})
    return job


def numbers_in(job: JobState) -> set[int]:
    """The numbers that a file's content names; one, when it is whole."""
    rows = job.shared_data["filling"]
    named = {int(job.job_id.split()[1]), job.shared_data["number"], job.output_log[-1]["number"]}
    return named | {int(row.split()[1]) for row in rows}


def main(path: str, size: int) -> None:
    for number in itertools.count():
        job_of(number, size).save(path)
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
