"""This program's jobs, sent to a server elsewhere."""
