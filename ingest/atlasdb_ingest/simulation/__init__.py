"""Brains whose connections are known: for tests, the demo and training."""
