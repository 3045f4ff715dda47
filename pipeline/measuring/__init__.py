"""Measuring painted films: frames of several films side by side in, findings out."""
