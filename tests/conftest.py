"""Fixtures of all tests: real Docker hosts and a real Redis, each started once."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from shutil import which
from time import monotonic, sleep
from typing import Final

import pytest
import redis
from hypothesis import settings

from sandbox.fleet import Fleet, Host, Release, missing
from tests.kits import stores
from tests.kits.examples import examples
from tests.kits.refused_blocks import recorded
from tests.kits.transcripts import saved

ENGINES: Final[dict[str, tuple[Release | None, ...]]] = {
    "bookworm": (None,),
    "trixie": ("trixie",),
    "sid": ("sid",),
    "mixed": (None, "trixie", "sid"),
}
"""The choices of ``--engines``: the release of each host in turn. The machine's own, which is the default, is first."""
SLOW_FOLDERS: Final = ("scenarios", "chaos", "fleet", "browser")
"""Their tests run first: some files take minutes, and the processes of a parallel run would wait for the last one."""
VERSIONS: Final = pytest.StashKey[str]()
"""The versions of the fleet's engines."""

# How long an example takes says more of the machine than of the code.
settings.register_profile("swarmbot", deadline=None, max_examples=examples(100))
settings.load_profile("swarmbot")


def cannot(reason: str) -> None:
    """Skip the test with ``reason``; fail it if ``CI=true``, because CI must run every test."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"A test cannot be skipped with CI=true: {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose the engines of all hosts and the Redis server, and keep what the bot shows."""
    words = "the Debian releases of the hosts, with their Docker engines (default: %(default)s)"
    parser.addoption("--engines", choices=[*ENGINES], default="bookworm", help=words)
    parser.addoption("--store", choices=sorted(stores.PACKAGES), help="the Redis server (default: the machine's)")
    words = "write what the bot shows into this folder, for `make gallery`"
    parser.addoption("--transcripts", type=Path, metavar="FOLDER", help=words)


@pytest.fixture(scope="session", autouse=True)
def transcripts(request: pytest.FixtureRequest) -> Iterator[None]:
    """With ``--transcripts``, keep what each local Slack has shown."""
    folder = request.config.option.transcripts
    with saved(folder) if folder else nullcontext():
        yield


@pytest.fixture(scope="session", autouse=True)
def refused_blocks() -> Iterator[list[str]]:
    """What the local Slack's validator refused since the test began."""
    with recorded() as found:
        yield found


@pytest.fixture(autouse=True)
def every_block_is_valid(refused_blocks: list[str]) -> Iterator[None]:
    """In every test each message and view of the bot passes the strict validator."""
    refused_blocks.clear()
    yield
    assert refused_blocks == [], "Slack would refuse blocks that were sent"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the Redis server and the engines, because results depend on them."""
    if which(stores.PROGRAM):
        terminalreporter.write_line(f"store: {stores.version()}")
    if versions := terminalreporter.config.stash.get(VERSIONS, ""):
        terminalreporter.write_line(f"engines: {versions}")


def pytest_configure(config: pytest.Config) -> None:
    """Use the chosen server for every ``redis-server`` of the run.

    Collect no garbage while pytest collects the tests: none of their million objects can be removed.
    """
    if config.option.store:
        stores.use(config.option.store)
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of slow folders first."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    return SLOW_FOLDERS.index(folder) if folder in SLOW_FOLDERS else len(SLOW_FOLDERS)


def pytest_collection_finish() -> None:
    """Keep the tests themselves out of every later garbage collection, and have fewer of them.

    Each would take half a second. With Python's own threshold, 700 objects, they were a tenth of all time.
    """
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


@pytest.fixture(scope="session")
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Five Docker hosts for the whole run; tests use ``hosts``, which resets them."""
    releases = ENGINES[request.config.option.engines]
    if reasons := missing(releases):
        cannot("; ".join(reasons))
    with Fleet(tmp_path_factory.mktemp("fleet") / "state", releases=releases) as fleet:
        request.config.stash[VERSIONS] = ", ".join(dict.fromkeys(map(engine_version, fleet)))
        yield fleet


def engine_version(host: Host) -> str:
    """Return the version that a host's engine reports."""
    with host.engine() as engine:
        return str(engine.version()["Version"])


@pytest.fixture
def hosts(fleet: Fleet) -> Fleet:
    """The fleet with every host on, without faults, swarms and containers."""
    fleet.reset()
    return fleet


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a redis-server of the tests, durable and without eviction, as the bot needs it."""
    if which("redis-server") is None:
        cannot("Debian package redis-server is not installed")
    folder = tmp_path_factory.mktemp("redis")
    socket = Path(folder, "redis.sock")
    settings = f"--port 0 --unixsocket {socket} --dir {folder} --appendonly yes --maxmemory-policy noeviction --save"
    dies_with_us = ["setpriv", "--pdeathsig", "KILL"] if which("setpriv") else []
    with Path(folder, "log").open("wb") as log:
        server = subprocess.Popen(
            [*dies_with_us, "redis-server", *settings.split(), ""], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        url = f"unix://{socket}"
        _await_redis(url)
        yield url
    finally:
        server.kill()
        server.wait(10)


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of the private Redis, emptied."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


def _await_redis(url: str) -> None:
    deadline = monotonic() + 10
    while True:
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
        except redis.ConnectionError:
            if monotonic() > deadline:
                raise
            sleep(0.01)  # until the socket exists
        else:
            return
