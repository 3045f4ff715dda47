"""Moves frames: read, batch, restyle, refine, smooth, write."""
