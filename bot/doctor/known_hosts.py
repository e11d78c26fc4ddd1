"""The known_hosts files: which lines are skipped."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.finding import DoctorFinding, ok, problem, warning
from bot.doctor.resources import Resources
from bot.engine.ssh.known_hosts import skipped_lines


def known_hosts(resources: Resources) -> Iterator[DoctorFinding]:
    """Check that each line that may be about a host can be used; the others make no host unreachable."""
    for path, hosts in resources.engines.known_hosts().items():
        try:
            skipped = list(skipped_lines(path, hosts))
        except OSError as error:
            yield problem(f"`{path}` cannot be read: {error.strerror}.", "Correct the file or its permissions.")
            continue
        for number, why in skipped:
            yield warning(f"`{path}`, line {number}, is skipped: {why}.", "Correct it, or list the host's own key.")
        if not skipped and path.exists():
            yield ok(f"`{path}`: every line for the hosts of swarmbot.yml can be used.")
