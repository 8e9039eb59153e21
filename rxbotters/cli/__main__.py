"""``python -m rxbotters.cli``."""

from rxbotters.cli import main

main()
