"""Training, reading out, and how sure to be."""
