"""On which nodes a service's tasks may run: constraints, and the filters of SwarmKit's scheduler. Pure."""
