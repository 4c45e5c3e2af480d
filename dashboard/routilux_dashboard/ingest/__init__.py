"""Segments received from connected programs."""
