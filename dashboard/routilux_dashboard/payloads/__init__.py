"""Any Python value as safe, bounded JSON."""
