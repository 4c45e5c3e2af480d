"""Threads, and what they share safely: locks, timers, a pool of workers, the current frame."""
