"""How far a service's present spec is rolled out, how long that may take, and what leads back. Pure."""
