"""This program's jobs, sent to a server elsewhere; and what is asked of them there, done here."""
