"""The flows and jobs that are watched, and what is told of them."""
