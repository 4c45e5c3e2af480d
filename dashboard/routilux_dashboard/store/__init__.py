"""What is kept of jobs beyond memory: in a file, or in a database server."""

from .job_rows import JobList, JobQuery
from .place import BadPlace, locate
from .retention import Retention
from .schema import SchemaRefused
from .store import Store
from .trouble import StoreFailed

__all__ = ["BadPlace", "JobList", "JobQuery", "Retention", "SchemaRefused", "Store", "StoreFailed", "locate"]
