"""A run as numbered segments: the shape, encoding, decoding, checking, cutting and thinning. Pure."""
