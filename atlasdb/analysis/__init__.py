"""Graph theory on one connectome: arrays in, arrays and frames out."""
