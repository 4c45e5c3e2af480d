"""The versions, oldest first. A released migration is never changed."""
