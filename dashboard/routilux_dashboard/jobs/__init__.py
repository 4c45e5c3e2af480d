"""The jobs that the dashboard shows: one job, the table of all, the job list."""
