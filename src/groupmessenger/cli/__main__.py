"""`python -m groupmessenger.cli`."""

from . import main

main()
