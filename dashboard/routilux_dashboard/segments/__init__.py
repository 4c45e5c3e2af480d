"""A run as numbered segments: their shape, encoding, checking, cutting and thinning. Pure; `segment.py` explains it."""
