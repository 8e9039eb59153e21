"""``python -m rxbotters``."""

from rxbotters.cli import main

main()
