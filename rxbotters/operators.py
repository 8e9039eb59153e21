"""Every operator, ours and reactivex's: ``from rxbotters import operators as ops``."""

from rxbotters_operators import *
from rxbotters_operators import __all__ as __all__
