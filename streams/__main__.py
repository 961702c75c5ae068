"""`python -m streams` is the `tocsin` command."""

from streams.cli import main

main()
