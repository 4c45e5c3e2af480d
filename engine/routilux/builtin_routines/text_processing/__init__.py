"""Routines for text: clip it, render it, find results in it."""

from .result_extractor import ResultExtractor
from .text_clipper import TextClipper
from .text_renderer import TextRenderer

__all__ = ["ResultExtractor", "TextClipper", "TextRenderer"]
