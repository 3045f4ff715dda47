"""Films: from a file to frames with exact times, and from frames to a file with all else kept."""
