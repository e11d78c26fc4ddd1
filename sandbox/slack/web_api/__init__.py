"""The methods of the Web API, one file a family, and the checks before each call."""
