"""The store: jobs beyond memory, in a file or on a database server. `store.py` explains it."""

from .errors import StoreFailed
from .job_rows import JobQuery, StoredJobs
from .location import BadLocation, locate
from .retention import Retention
from .schema import SchemaRefused
from .store import Store

__all__ = ["BadLocation", "JobQuery", "Retention", "SchemaRefused", "Store", "StoreFailed", "StoredJobs", "locate"]
