"""The core layer: one request, from its first hook to its last."""
