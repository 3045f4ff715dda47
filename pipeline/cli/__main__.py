"""`python -m stylize.pipeline.cli`: the program, where its script is not on the path."""

from . import main

main()
