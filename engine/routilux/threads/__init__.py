"""Threads, and what is safe between them."""
