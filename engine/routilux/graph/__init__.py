"""What is wired to what, decided once."""
