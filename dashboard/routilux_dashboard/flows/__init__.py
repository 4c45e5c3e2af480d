"""Flow definitions and the parameters of their entry routines."""
