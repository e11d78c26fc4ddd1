"""The tests: unit, plans, scenarios, fleet, chaos, browser."""
