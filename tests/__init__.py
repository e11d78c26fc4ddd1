"""The tests: unit, plans, watch, scenarios, fleet, chaos, browser; and kits, which is what they share."""
