"""Reading files that came from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from routilux import JobState


def test_a_file_that_was_cut_off_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text('{"_type": "JobState", "flow_id": "mi')
    with pytest.raises(json.JSONDecodeError, match=r"job\.json is no JSON, or was cut off: .*line 1 column 34"):
        JobState.load(path)
