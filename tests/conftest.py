"""For every test: hypothesis without deadlines, on examples that CI can repeat."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Two noisy cores: how long an example takes says nothing.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# A test that needs a store names one, so that no test writes into the user's data folder.
os.environ["ROUTILUX_STORE"] = "none"
