"""Imports run one way (docs/architecture.md): read from the source of every module, TYPE_CHECKING ones included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

# A folder may import those above it in this list and never one below it: docs/architecture.md has the same picture.
LAYERS: Final = (
    ("bot.errors", "bot.text", "bot.secrets", "bot.stored_json"),
    ("bot.config", "bot.store", "bot.periodic"),
    ("bot.policy",),
    ("bot.settings", "bot.blocks"),
    ("bot.model", "bot.slack"),
    (
        "bot.swarm",
        "bot.audit",
        "bot.backups",
        "bot.stack_recording",
        "bot.usergroups",
        "bot.last_read",
        "bot.pictures",
        "bot.good_specs",
        "bot.stack_revisions",
        "bot.typed_files",
    ),
    ("bot.outbox", "bot.webhooks"),
    ("bot.commands", "bot.engine", "bot.queue", "bot.totp"),
    ("bot.approvals", "bot.freeze", "bot.one_time_tokens", "bot.watch"),
    ("bot.execution", "bot.metrics", "bot.home"),
    ("bot.gate",),
    ("handlers", "sandbox"),
    ("bot.wiring", "bot.doctor", "bot.generate"),
    ("bot.__main__",),
)
# The same inside the folders that are cut by subject.
LAYERS_WITHIN: Final = (
    ("bot.slack.outbound", "bot.slack.inbound"),
    ("bot.engine.ssh", "bot.engine.api", "bot.engine.disk", "bot.engine.probes", "bot.engine"),
    (
        "bot.swarm.quorum",
        "bot.swarm.network",
        "bot.swarm.reading",
        "bot.swarm.services",
        "bot.swarm.stacks",
        "bot.swarm.health",
        "bot.swarm.recovery",
        "bot.swarm.operations",
        "bot.swarm.membership",
        "bot.swarm.ca",
        "bot.swarm.incidents",
        "bot.swarm.history",
    ),
    (
        "bot.swarm.services.spec",
        "bot.swarm.services.placement",
        "bot.swarm.services.rollout",
        "bot.swarm.services.diagnosis",
        "bot.swarm.services",
    ),
)
RANK: Final = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}

HANDLERS_MAY: Final = (
    "bot.model",
    "bot.commands",
    "bot.swarm",
    "bot.errors",
    "bot.blocks",
    "bot.text",
    "bot.secrets",
)
PURE: Final = ("bot.model", "bot.commands", "bot.swarm", "bot.policy", "handlers")
IO: Final = frozenset(
    {"redis", "docker", "paramiko", "slack_sdk", "slack_bolt", "socket", "subprocess", "requests", "urllib.request"}
)
WORKERS_OWN: Final = (
    "bot.engine",
    "bot.stack_recording",
    "bot.wiring.worker",
    "bot.wiring.watch",
    "paramiko",
    "docker",
)
# The processes of the internet's side start here; ``bot.gate`` is behind ``bot.wiring.web``.
FACES: Final = ("bot.wiring.web", "bot.slack.inbound.web", "bot.slack.inbound.socket_mode", "bot.gate")


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _trees() -> dict[str, ast.Module]:
    paths = [path for folder in ("bot", "handlers", "sandbox") for path in sorted((ROOT / folder).rglob("*.py"))]
    return {_name(path): ast.parse(path.read_text()) for path in paths}


def _statements(tree: ast.AST, left_out: tuple[type[ast.stmt], ...]) -> Iterator[ast.AST]:
    """Every statement of a tree, except those of these types and what is in them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case) and not isinstance(node, left_out):
            yield node
            yield from _statements(node, left_out)


def _imported(tree: ast.AST, *left_out: type[ast.stmt]) -> Iterator[str]:
    """The modules that a tree names, ``from package import module`` as the module."""
    for node in _statements(tree, left_out):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, "imports are written in full"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in _trees() else node.module for name in whole)


@cache
def _imports() -> dict[str, frozenset[str]]:
    return {name: frozenset(_imported(tree)) for name, tree in _trees().items()}


def _within(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _ours(imported: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in imported if _within(name, ("bot", "handlers", "sandbox")))


def _part(name: str) -> str:
    """The longest part of LAYERS that a module is in."""
    return max((part for part in RANK if _within(name, (part,))), key=len, default="")


@cache
def _at_start(name: str) -> frozenset[str]:
    """What is imported when the module is: neither in a function nor for type checkers alone."""
    body = ast.Module([node for node in _trees()[name].body if not isinstance(node, ast.If)], type_ignores=[])
    return frozenset(_imported(body, ast.FunctionDef, ast.AsyncFunctionDef))


def _closure(start: str) -> set[str]:
    """All that importing ``start`` imports: packages on the way run their own ``__init__``."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        parts = name.split(".")
        waiting += [".".join(parts[:length]) for length in range(1, len(parts))]
        waiting += _at_start(name) if name in _trees() else ()
    return seen


def _broken(rule: Mapping[str, frozenset[str]]) -> list[str]:
    return [f"{name} imports {', '.join(sorted(imported))}" for name, imported in sorted(rule.items()) if imported]


def test_every_module_has_its_place() -> None:
    """A new part of the house is put into the layers, or it is held to nothing."""
    assert [name for name in _trees() if not _part(name) and name != "bot"] == []


def test_imports_run_one_way() -> None:
    """No part imports one that stands after it: so there is no cycle between parts either."""
    found = {
        name: frozenset(other for other in _ours(imported) if RANK.get(_part(other), -1) > RANK.get(_part(name), -1))
        for name, imported in _imports().items()
        if name != "bot"
    }
    assert _broken(found) == []


def test_parts_side_by_side_form_no_cycle() -> None:
    """If two parts are in one line of the layers, only one imports the other."""
    edges = {
        (_part(name), _part(other))
        for name, imported in _imports().items()
        for other in _ours(imported)
        if RANK.get(_part(name)) == RANK.get(_part(other)) and _part(name) != _part(other)
    }
    assert [edge for edge in edges if (edge[1], edge[0]) in edges] == []


@pytest.mark.parametrize("parts", LAYERS_WITHIN, ids=lambda parts: parts[-1])
def test_imports_run_one_way_within_a_folder(parts: tuple[str, ...]) -> None:
    """Each subject may import those before it in its line."""

    def rank(name: str) -> int:
        inside = [part for part in parts if _within(name, (part,))]
        return parts.index(max(inside, key=len)) if inside else -1

    found = {
        name: frozenset(other for other in imported if rank(other) > rank(name))
        for name, imported in _imports().items()
        if rank(name) >= 0
    }
    assert _broken(found) == []


def test_the_domain_knows_nothing_of_slacks_transport() -> None:
    """What is decided and planned is shown in blocks; how they travel is no matter of it."""
    found = {
        name: frozenset(other for other in imported if _within(other, ("bot.slack", "slack_sdk", "slack_bolt")))
        for name, imported in _imports().items()
        if _within(name, PURE)
    }
    assert _broken(found) == []


def test_handlers_get_no_client_and_no_store() -> None:
    """Handlers know plans, words and blocks, so that none can forget or dodge policy, audit, locking or redaction.

    ``bot.text`` and ``bot.secrets`` are leaves without I/O: how words are written, and how a secret is held.
    """
    found = {
        name: frozenset(other for other in imported if _within(other, ("bot",)) and not _within(other, HANDLERS_MAY))
        for name, imported in _imports().items()
        if _within(name, ("handlers",))
    }
    assert _broken(found) == []


def test_only_the_command_line_knows_the_sandbox() -> None:
    """What runs in production does not import what imitates it."""
    found = {
        name: frozenset(other for other in imported if _within(other, ("sandbox",)))
        for name, imported in _imports().items()
        if not _within(name, ("sandbox", "bot.__main__"))
    }
    assert _broken(found) == []


def test_what_decides_does_no_io() -> None:
    """What is judged and planned is pure: no library that leaves the process."""
    found = {
        name: frozenset(other for other in imported if _within(other, tuple(IO)))
        for name, imported in _imports().items()
        if _within(name, PURE)
    }
    assert _broken(found) == []


@pytest.mark.parametrize("face", FACES)
def test_the_face_to_the_internet_reaches_no_engine(face: str) -> None:
    """The modules that the web side imports, directly or not, cannot reach a host: neither ours nor a library's."""
    assert {name for name in _closure(face) if _within(name, WORKERS_OWN)} == set()


@pytest.mark.parametrize("process", ["worker", "watch"])
def test_the_worker_and_watch_do_reach_engines(process: str) -> None:
    """The search finds what it looks for where it is."""
    assert {"bot.engine", "paramiko"} <= _closure(f"bot.wiring.{process}")
