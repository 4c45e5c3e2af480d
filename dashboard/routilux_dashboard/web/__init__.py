"""The HTML pages and the Prometheus endpoint."""
