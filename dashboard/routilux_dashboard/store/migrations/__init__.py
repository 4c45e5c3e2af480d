"""Migrations: the history of the store's tables, one module a version, in `versions`."""
