"""Why a service's tasks do not run or what they say, and what fixes it. Pure."""
