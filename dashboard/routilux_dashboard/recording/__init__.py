"""Recordings: a run in one file, as JSON lines that can be imported, or as an HTML page that needs no server.

Film ──► jsonl.write ──► lines ──► jsonl.read ──► import_recording ──► a store
     └─► html_file ──► the built page with the run inside
"""
