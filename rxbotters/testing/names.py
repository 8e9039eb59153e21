"""`Names`: the name service of the virtual network."""

from __future__ import annotations

import ipaddress

__all__ = ["Names"]

_LOOPBACK = "127.0.0.1"


class Names:
    """Names and addresses, one for one. A new name gets the next address of 10.0.0.0/8.

    Example:
        >>> names = Names()
        >>> names.address("ws.example.com"), names.known("WS.EXAMPLE.COM"), names.known("other.example.com")
        ('10.0.0.1', '10.0.0.1', None)
        >>> names.name("10.0.0.1"), names.address("localhost")
        ('ws.example.com', '127.0.0.1')
    """

    def __init__(self) -> None:
        self._by_name = {"localhost": _LOOPBACK}
        self._by_address: dict[str, str] = {}

    def known(self, name: str) -> str | None:
        """Return the address of a name, ``None`` if it has none; an address is its own."""
        name = name.lower().rstrip(".")
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return self._by_name.get(name)
        return _LOOPBACK if address.is_loopback and address.version == 6 else str(address)

    @staticmethod
    def numeric(name: str) -> bool:
        """Whether a name is an address already, so that nobody has to look it up."""
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def address(self, name: str) -> str:
        """Return the address of a name; one that is new gets one."""
        found = self.known(name)
        if found is None:
            number = len(self._by_name)
            found = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            name = name.lower().rstrip(".")
            self._by_name[name] = found
            self._by_address[found] = name
        return found

    def name(self, address: str) -> str:
        """Return the name of an address, or the address."""
        known = self.known(address) or address
        return self._by_address.get(known, known)
