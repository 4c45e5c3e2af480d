"""The sources of a job's batches and rows and the targets of its commands: this program, a connected one, the store."""
