"""Everything that happens in one job: records, handler runs and entries."""
