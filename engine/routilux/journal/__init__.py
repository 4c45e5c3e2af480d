"""What happened in one job: records, handler runs and entries."""
