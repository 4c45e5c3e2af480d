"""What sets up, builds and checks the project; run from the Makefile, never shipped."""
