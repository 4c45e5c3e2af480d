"""The version of the distribution: of the dashboard and, with it, of the engine that it ships."""

__version__ = "0.1.0"
