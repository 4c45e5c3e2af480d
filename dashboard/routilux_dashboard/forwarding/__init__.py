"""This program's jobs, forwarded to a server elsewhere."""
