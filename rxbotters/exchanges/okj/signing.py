"""OKJ's signatures: those of OKX, the same for V3 and V5.

Source: dev.okj.com/apidoc (2026-09), okcoinjapan/V3-Open-API-SDK and V5-Open-API-SDK (2026).
"""

from rxbotters.exchanges.okx.signing import login_sign, sign

__all__ = ["login_sign", "sign"]
