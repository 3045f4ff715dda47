"""Still pictures: from a file to an upright sRGB frame, and from a frame to a file."""
