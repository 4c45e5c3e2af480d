"""Built-in routines, ready to configure and connect."""

from .control_flow import ConditionalRouter
from .data_processing import DataTransformer, DataValidator
from .text_processing import ResultExtractor, TextClipper, TextRenderer
from .utils import DataFlattener, TimeProvider

__all__ = [
    "ConditionalRouter",
    "DataFlattener",
    "DataTransformer",
    "DataValidator",
    "ResultExtractor",
    "TextClipper",
    "TextRenderer",
    "TimeProvider",
]
