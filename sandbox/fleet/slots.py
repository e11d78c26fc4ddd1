"""Which fleet has which slot of this machine: so several can be up at once, and a dead owner's is taken over.

A slot's record in /run (empty after a reboot, as the machine's namespaces are) names the fleet's state folder and
its owner, the process without which it must not live on; a fleet that stays up by itself has none.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bot.errors import Failed
from sandbox.fleet.files import Files
from sandbox.fleet.network import Network
from sandbox.fleet.shell import started_at

REGISTRY = Path("/run/swarmbot-fleets")
_SLOTS = range(100)


class Owner(BaseModel):
    """A process, told from a later one of the same id by when it started."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Owner:
        """Return the owner that process ``pid`` makes."""
        return cls(pid=pid, started=started_at(pid))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return started_at(self.pid) == self.started != 0


class Claim(BaseModel):
    """One fleet's hold on a slot."""

    model_config = ConfigDict(frozen=True)

    slot: int
    state: Path
    size: int
    owner: Owner | None

    @property
    def stands(self) -> bool:
        """Whether this fleet is wanted still."""
        return self.owner is None or self.owner.alive


def claim(state: Path, size: int, owner: Owner | None) -> Claim:
    """Take a free slot for the fleet of ``state``, clearing away what dead owners left.

    Raises :class:`Failed` if that fleet is up already, or if no slot is free.
    """
    with _locked():
        for held in _claims():
            if held.stands and held.state == state:
                raise Failed(f"The fleet of {state} is up already.", next_step="Take it down first.")
            if not held.stands:
                _clear(held)
        taken = {held.slot for held in _claims()}
        for slot in _SLOTS:
            if slot not in taken and not Network(slot).remains():
                mine = Claim(slot=slot, state=state, size=size, owner=owner)
                _record(slot).write_text(mine.model_dump_json())
                return mine
    raise Failed(f"All {len(_SLOTS)} slots for fleets are taken.")


def release(mine: Claim) -> None:
    """Remove all of a fleet and free its slot; nothing if it is no longer the one that holds the slot."""
    with _locked():
        if mine in _claims():
            _clear(mine)


def held_by(state: Path) -> Claim | None:
    """Return the claim of the fleet of ``state``, if it has one."""
    with _locked():
        return next((held for held in _claims() if held.state == state), None)


def _claims() -> list[Claim]:
    return [Claim.model_validate_json(path.read_text()) for path in sorted(REGISTRY.glob("*.json"))]


def _clear(held: Claim) -> None:
    Network(held.slot).down()
    Files(held.state).remove()
    _record(held.slot).unlink()


def _record(slot: int) -> Path:
    return REGISTRY / f"{slot}.json"


@contextmanager
def _locked() -> Iterator[None]:
    REGISTRY.mkdir(mode=0o755, exist_ok=True)
    with (REGISTRY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # every holder's work is bounded, and the kernel frees a dead one's
        yield
