"""What watch makes of the facts of a cluster: signals, the incidents that they are part of, and what is reported.

Pure: time is an argument. :func:`bot.swarm.incidents.observation.observe` turns one reading into signals,
:func:`bot.swarm.incidents.transitions.advance` keeps the incidents, and
:func:`bot.swarm.incidents.incident_message.incident_message` shows one.
"""
