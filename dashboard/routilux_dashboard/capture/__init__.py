"""What a program's jobs write down, taken to where it is kept: a store, or a server elsewhere."""
