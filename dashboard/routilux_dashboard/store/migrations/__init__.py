"""How a store's tables came to be as they are: one module a version, in `versions`."""
