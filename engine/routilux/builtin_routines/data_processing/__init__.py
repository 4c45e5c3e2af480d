"""Routines for data: transform it, validate it."""

from .data_transformer import DataTransformer
from .data_validator import DataValidator

__all__ = ["DataTransformer", "DataValidator"]
