"""A job's journal folded into figures, and figures into frames. Pure: no clock, no thread, no engine call."""
