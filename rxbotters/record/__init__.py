"""Recordings of what exchanges sent: read them here, replay them anywhere."""

from .reader import Record, read_records

__all__ = ["Record", "read_records"]
