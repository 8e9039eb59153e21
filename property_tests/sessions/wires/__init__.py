"""One file for each exchange; what is here is found by `property_tests.sessions.wire.every_wire`."""
