"""A run in one file: as JSON lines that can be imported, and as an HTML page that needs no server.

`jsonl.write` and `html.html_file` make them of segments; `from_memory.from_memory` makes segments of
a job that no store keeps; `importing.import_recording` takes JSON lines into a store.
"""
