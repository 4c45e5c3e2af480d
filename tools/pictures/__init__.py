"""Draws the pictures of docs/diagrams from the code's own tables."""
