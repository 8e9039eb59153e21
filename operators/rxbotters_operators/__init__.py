"""Stream operators that know time and streams, and nothing of exchanges."""
