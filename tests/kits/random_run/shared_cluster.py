"""A simulated cluster that several worker processes share, each over a Unix socket, as they share real hosts.

What a worker asked for is carried out although the worker dies meanwhile, and each call takes its time.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from random import Random
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, cast

from bot.config import Config
from bot.errors import EngineError, HostUnreachable
from bot.model import BackupStore, Engine, Engines, EventStream, Facts, FactsQuery, JoinTokens, Revealed
from bot.secrets.secret import Secret
from tests.kits.random_run.history import Member, Sighting
from tests.kits.random_run.script import Planned
from tests.kits.simulated_cluster import Simulated

TOKENS: Final = {role: f"SWMTKN-1-{'0' * 50}-{role}00000000" for role in ("worker", "manager")}
TICK_S: Final = 0.3
READ_S: Final = (0.0, 0.05)
WRITE_S: Final = (0.05, 0.8)
READS: Final = frozenset({"info", "nodes", "join_tokens"})


class CallableCluster(Simulated):
    """A simulated cluster whose tokens look like an engine's, and that asserts nothing about the quorum.

    Hosts fail while commands run, so a call that the quorum gate permitted can come too late: that is the subject of
    tests/fleet/test_quorum_random.py.
    """

    def __init__(self, size: int, managers: int) -> None:
        super().__init__(size, managers)
        self._ids = (f"node{number:03d}" for number in count(100))

    def admit(self, machine: Any, role: str) -> None:
        """Make a machine a member, with the role of the token."""
        super().admit(machine, next((each for each, token in TOKENS.items() if token == role), role))

    @contextmanager
    def change(self, *, lasting: bool = True) -> Iterator[None]:
        """Run a change of an engine."""
        del lasting
        yield
        if self.leader is None:
            self.elect()

    def state(self) -> bytes:
        """Return a copy of the whole state, without the source of ids."""
        return pickle.dumps({name: value for name, value in vars(self).items() if name != "_ids"})

    def members(self) -> dict[str, Member]:
        """Return the members as the records say."""
        found: dict[str, Member] = {}
        for record in self.records.values():
            name, spec = record.machine.name, record.spec
            records = found[name].records + 1 if name in found else 1
            found[name] = Member(spec["Role"], spec["Availability"], MappingProxyType(dict(spec["Labels"])), records)
        return found


class SharedCluster:
    """A context manager that serves a cluster at the Unix socket ``path``."""

    def __init__(self, path: Path, *, size: int, managers: int, seed: int) -> None:
        self.path = path
        self.cluster = CallableCluster(size, managers)
        self.sightings: list[Sighting] = []
        self._chance = Random(seed)  # noqa: S311 - a run that can be repeated
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener = Listener(str(path), "AF_UNIX", backlog=64)
        self._see()

    def __enter__(self) -> Self:
        for work in (self._serve, self._tick):
            threading.Thread(target=work, name="shared cluster", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        Client(str(self.path), "AF_UNIX").close()  # wakes accept()
        self._listener.close()

    def inject(self, fault: Planned, *, on: bool) -> None:
        """Break a host in this way, or repair it (``on``)."""
        with self._changing():
            self.cluster.inject({"host": "power"}.get(fault.kind, fault.kind), fault.target, "", on=on)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            yield
            self._see()

    def _see(self) -> None:
        members = self.cluster.members()
        if not self.sightings or self.sightings[-1].members != members:
            self.sightings.append(Sighting(time.time(), members))

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_S):
            with self._changing():
                self.cluster.tick()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            connection = self._listener.accept()
            threading.Thread(target=self._answer, args=(connection,), name="shared cluster call", daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        try:
            with connection:
                connection.send(self._call(*connection.recv()))
        except (OSError, EOFError):
            return  # the caller is gone

    def _call(self, what: str, host: str = "", arguments: tuple[Any, ...] = (), options: Any = None) -> Any:
        if what == "state":
            self._take_time(READ_S)
            with self._lock:
                return "ok", self.cluster.state()
        self._take_time(READ_S if what in READS else WRITE_S)
        try:
            with self._changing():
                engine = self.cluster[host]
                if what == "join_tokens":
                    engine.nodes()
                    return "ok", TOKENS
                if what == "join_swarm":
                    arguments = (arguments[0], Secret(arguments[1]))
                found = getattr(engine, what)(*arguments, **(options or {}))
        except EngineError as error:
            return "engine", (host, error.status, error.happened)
        except HostUnreachable as error:
            return "host", (host, error.problem, error.happened)
        self._take_time(READ_S if what in READS else WRITE_S)
        return "ok", found

    def _take_time(self, span: tuple[float, float]) -> None:
        time.sleep(self._chance.uniform(*span))


class SharedEngines:
    """What a worker process has in place of :class:`bot.engine.pool.EnginePool` and of a FactsReader."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pool(self, config: Config, **_: object) -> Self:
        """Stand for EnginePool's constructor."""
        del config
        return self

    def reader(self, foreign: dict[str, str], **_: object) -> Self:
        """Stand for FactsReader's constructor."""
        del foreign
        return self

    def close(self) -> None:
        """Nothing is kept open."""

    def cluster(self, name: str) -> Engines:
        """Return the engines."""
        del name
        return cast("Engines", self)

    @property
    def backup_store(self) -> BackupStore:
        """No run takes backups."""
        raise AssertionError("no run takes backups")

    def __getitem__(self, host: str) -> Engine:
        return cast("Engine", SharedEngine(host, self.call))

    def names(self) -> tuple[str, ...]:
        """Return the names of the machines."""
        return self._copy().names()

    def address(self, host: str) -> str:
        """Return a machine's address."""
        return self._copy().address(host)

    def read(self, name: str, engines: Engines, query: FactsQuery) -> Facts:
        """Return facts as a FactsReader would."""
        facts = replace(self._copy().read(query), name=name, at=time.time())
        if facts.swarm is None or not query.secrets:
            return facts
        tokens = engines[facts.swarm.read_from].join_tokens()
        secrets: dict[Revealed, Secret] = {"worker token": tokens.worker, "manager token": tokens.manager}
        return replace(facts, secrets={each: token for each, token in secrets.items() if each in query.secrets})

    def call(self, *what: Any) -> Any:
        """Call the server."""
        with Client(str(self._path), "AF_UNIX") as connection:
            connection.send(what)
            word, found = connection.recv()
        if word == "engine":
            raise EngineError(*found)
        if word == "host":
            raise HostUnreachable(*found)
        return found

    def _copy(self) -> CallableCluster:
        copy = CallableCluster.__new__(CallableCluster)
        vars(copy).update(pickle.loads(self.call("state")))  # noqa: S301 - of this test
        return copy


class SharedEngine:
    """One host's engine."""

    def __init__(self, host: str, call: Callable[..., Any]) -> None:
        self.host = host
        self._call = call

    def join_tokens(self) -> JoinTokens:
        """Return the tokens."""
        return JoinTokens(**{role: Secret(token) for role, token in self._call("join_tokens", self.host).items()})

    def join_swarm(self, request: Any, token: Secret) -> None:
        """Join with a token."""
        self._call("join_swarm", self.host, (request, token.reveal()))

    def events(self) -> EventStream:
        """No events: what watches reads at its pace."""
        raise HostUnreachable(self.host, "timed out", "A simulated engine has no events.")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **options: self._call(name, self.host, arguments, options)
