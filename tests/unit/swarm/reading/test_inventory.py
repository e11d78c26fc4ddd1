"""The comparison of a cluster with its restored backup."""

from __future__ import annotations

from bot.swarm.reading.inventory import ClusterObject, Comparison, compare

TAKEN = 100.0


def thing(name: str, digest: str = "a", created: float = 1.0, updated: float = 1.0) -> ClusterObject:
    """Return a service."""
    return ClusterObject("service", name, digest, created, updated)


def test_equal_objects_are_counted() -> None:
    """Objects are compared by id, not by name: a service that was removed and created again is a different one."""
    assert compare({"1": thing("web"), "2": thing("api")}, {"1": thing("web"), "2": thing("api")}, TAKEN) == Comparison(
        2, (), ()
    )
    created_again = compare({"2": thing("web", created=200.0)}, {"1": thing("web")}, TAKEN)
    assert created_again == Comparison(0, ("service `web` was created", "service `web` was removed"), ())


def test_changes_after_the_backup_are_not_faults() -> None:
    """Objects may have been created, changed or removed since."""
    living = {"1": thing("web", "b", updated=200.0), "2": thing("new", created=200.0)}
    found = compare(living, {"1": thing("web"), "3": thing("old")}, TAKEN)
    assert found == Comparison(
        0, ("service `new` was created", "service `web` was changed", "service `old` was removed"), ()
    )


def test_older_objects_that_differ_are_faults() -> None:
    """They existed when the backup was taken and are missing or different in it."""
    living = {"1": thing("web", "b"), "2": thing("api")}
    found = compare(living, {"1": thing("web")}, TAKEN)
    assert found == Comparison(0, (), ("service `api` is not in it", "service `web` differs in it"))
