"""A cluster and what came out of its backup, compared object by object."""

from __future__ import annotations

from bot.swarm.reading.inventory import ClusterObject, Comparison, compare

TAKEN = 100.0


def thing(name: str, digest: str = "a", created: float = 1.0, updated: float = 1.0) -> ClusterObject:
    """A service."""
    return ClusterObject("service", name, digest, created, updated)


def test_what_is_the_same_is_counted() -> None:
    """By id, not by name: a service that was removed and made anew is another one."""
    assert compare({"1": thing("web"), "2": thing("api")}, {"1": thing("web"), "2": thing("api")}, TAKEN) == Comparison(
        2, (), ()
    )
    made_anew = compare({"2": thing("web", created=200.0)}, {"1": thing("web")}, TAKEN)
    assert made_anew == Comparison(0, ("service `web` was created", "service `web` was removed"), ())


def test_what_came_after_the_backup_speaks_not_against_it() -> None:
    """Created, changed or removed since."""
    living = {"1": thing("web", "b", updated=200.0), "2": thing("new", created=200.0)}
    found = compare(living, {"1": thing("web"), "3": thing("old")}, TAKEN)
    assert found == Comparison(
        0, ("service `new` was created", "service `web` was changed", "service `old` was removed"), ()
    )


def test_what_is_older_and_differs_speaks_against_it() -> None:
    """It was there when the backup was taken, and does not come back as it was."""
    living = {"1": thing("web", "b"), "2": thing("api")}
    found = compare(living, {"1": thing("web")}, TAKEN)
    assert found == Comparison(0, (), ("service `api` is not in it", "service `web` differs in it"))
