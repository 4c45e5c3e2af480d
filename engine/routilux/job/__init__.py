"""The parts of one job: its states, what its routines share, who observes it, its document."""
