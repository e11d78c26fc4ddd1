"""Makes Facts from the answers of engines: chooses the manager that is read, and finds which host is which node."""
