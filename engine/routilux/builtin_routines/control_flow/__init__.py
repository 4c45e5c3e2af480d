"""Routines that decide where data goes."""

from .conditional_router import ConditionalRouter

__all__ = ["ConditionalRouter"]
