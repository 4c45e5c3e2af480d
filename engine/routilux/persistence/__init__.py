"""Plain data in and out: copied, checked, read from files and written to them. Knows nothing of workflows."""
