"""A run in one file: as JSON lines that can be imported, and as an HTML page that needs no server."""
