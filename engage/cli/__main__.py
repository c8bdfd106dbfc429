"""`python -m engage.cli`: the same as the `engage` command."""

from engage.cli import main

main()
