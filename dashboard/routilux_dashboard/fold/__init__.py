"""Segments folded into counters, and counters into keyframes and frames. Pure: no clock, no thread, no engine call."""
