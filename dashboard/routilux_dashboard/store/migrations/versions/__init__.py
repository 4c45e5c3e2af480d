"""The versions, oldest first; what has been released is not changed."""
