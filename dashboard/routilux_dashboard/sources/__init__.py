"""Where a job's batches, rows and commands come from: this program, a connected program, or the store."""
