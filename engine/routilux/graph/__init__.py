"""The structure of a flow, and the routing table computed from it."""
