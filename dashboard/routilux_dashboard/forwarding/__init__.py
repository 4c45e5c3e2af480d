"""Forwarding: this program's jobs, sent to a server elsewhere. `connection.py` explains it."""
