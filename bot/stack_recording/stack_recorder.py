"""Records deploys: a :class:`bot.model.stack.StackRecorder` that runs Docker's own CLI against a recorder."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from bot.blocks import echo, plain_line, tick
from bot.config.document import Document
from bot.config.stacks import Stack, is_stack_name
from bot.errors import Failed, NotUnderstood, Refused
from bot.model import (
    LAST_REVISION,
    Engine,
    Json,
    ObjectType,
    StackObject,
    StackQuery,
    StackRecording,
    StackSource,
    StackWrite,
)
from bot.secrets.redact import redact
from bot.secrets.secret import Secret
from bot.stack_recording.compose import named_files, parse_compose, require_variables, with_line
from bot.stack_recording.confined_cli import DockerCli, deploy_command, find_cli, private_folder, run_confined
from bot.stack_recording.content_names import with_content_names
from bot.stack_recording.recorded_writes import place_of, with_names, with_platforms
from bot.stack_recording.recorder import Recorder, serving
from bot.stack_recording.registry import registry_auth
from bot.stack_recording.source import KeptSource, Source, Sources, TypedSource
from bot.stack_revisions import Revisions
from bot.text.suggest import did_you_mean, listed

UNCHANGED: Final = "Nothing was changed."
SOCKET: Final = ".recorder.sock"
MAX_NOTES: Final = 20
MAX_KEPT_BYTES: Final = 4_000_000
"""The largest total size of the files of a deploy that is kept as a revision: Redis holds ten revisions for each
stack."""
TOO_LARGE: Final = f"It will not be kept as a revision: its files are larger than {MAX_KEPT_BYTES / 1e6:.0f} MB."
_PROGRESS: Final = ("Creating ", "Updating ", "Removing ")
"""The beginnings of the CLI's lines that say what it does."""


class CliStackRecorder:
    """The recorder of one cluster's stacks. Thread-safe."""

    def __init__(
        self,
        cluster: str,
        stacks: Mapping[str, Stack],
        cli: Path | None,
        secret_key: Secret | None,
        revisions: Revisions | None,
        *,
        keep_versions: int,
    ) -> None:
        self._cluster = cluster
        self._stacks = stacks
        self._cli = cli
        self._secret_key = secret_key
        self._revisions = revisions
        self._keep_versions = keep_versions
        self._sources = Sources()

    @property
    def names(self) -> tuple[str, ...]:
        """The stacks that swarmbot.yml lists."""
        return tuple(self._stacks)

    def registry_auth(self, image: str) -> Secret | None:
        """Return the worker's credentials for the registry of an image."""
        return registry_auth(image)

    def record(self, engine: Engine, query: StackQuery) -> StackRecording:
        """Return the recording."""
        objects = tuple(_objects(engine))
        recording = StackRecording(query.name, objects, key=self._key(), keep_versions=self._keep_versions)
        if query.objects_only:
            return recording
        return self._recorded(engine, query, recording)

    def _recorded(self, engine: Engine, query: StackQuery, recording: StackRecording) -> StackRecording:
        cli, objects = find_cli(self._cli), recording.objects
        number, kept = self._kept(query)
        source, variables = self._source(query, number, kept)
        files, document = _files(source, variables)
        run = _Run(cli, source, files, document, variables, query, dict(kept.images) if kept else {})
        writes, notes = run.recorded(engine)
        fits = sum(map(len, files.values())) <= MAX_KEPT_BYTES
        made_from = StackSource(
            stack=query.name,
            words=kept.words if kept else source.words,
            commit=source.commit,
            compose=source.compose,
            files={name: base64.b64encode(content).decode() for name, content in files.items()},
            variables=variables,
            cli=cli.version,
            images=run.images,
            typed=kept.typed if kept else bool(query.typed),
        )
        named = with_names(writes, objects)
        if query.resolve == "changed":
            named = with_platforms(named, objects)
        versioned, conflicts = with_content_names(
            query.name,
            named,
            objects,
            recording.key,
            lambda known, body: _has_content(engine, known, body),
        )
        recording = replace(
            recording,
            writes=tuple(sorted(versioned, key=place_of)),
            conflicts=conflicts,
            source=source.words,
            commit=source.commit,
            revision=number,
            typed=query.typed,
            made_from=made_from if fits else None,
            cli=cli.version,
            notes=notes if fits else (*notes, TOO_LARGE),
        )
        if not query.thorough:
            return recording
        networks: tuple[StackWrite, ...] = ()
        if any(member.type == "network" for member in recording.members):
            first, _ = run.recorded(engine, blank=True)
            networks = tuple(write for write in first if write.type == "network")
        return replace(recording, first_networks=networks)

    def _source(self, query: StackQuery, number: int, kept: StackSource | None) -> tuple[Source, Mapping[str, str]]:
        """Return where the files come from, and the variables. swarmbot.yml need not list a stack that was typed."""
        if query.typed and self._revisions is not None:
            stack = self._stacks.get(query.name)
            text = self._revisions.typed_files.read(self._cluster, query.typed)
            return TypedSource(text), stack.variables if stack else {}
        if kept:
            if not kept.typed:
                self._stack(query.name)
            return KeptSource(number, kept), kept.variables
        stack = self._stack(query.name)
        return self._sources.open(stack, query.commit), stack.variables

    def _kept(self, query: StackQuery) -> tuple[int, StackSource | None]:
        """Return the number and the source of the revision that a query means; (0, None) for the stack's own source."""
        if query.revision == 0 or self._revisions is None:
            return 0, None
        numbers = [each.number for each in self._revisions.listed(self._cluster, query.name)]
        if query.revision == LAST_REVISION:
            number = numbers[0] if numbers else 0
            return number, self._revisions.source(self._cluster, query.name, number) if number else None
        if query.revision not in numbers:
            known = f"There are {listed(map(str, sorted(numbers)))}" if numbers else "There are none"
            raise Refused(
                f"{self._cluster} has no revision {query.revision} of stack {tick(query.name)}. {known}.",
                true_now=UNCHANGED,
                next_step=f"`/swarm stack {query.name}` lists the revisions." if numbers else "",
            )
        return query.revision, self._revisions.source(self._cluster, query.name, query.revision)

    def _stack(self, name: str) -> Stack:
        found = self._stacks.get(name)
        if found is not None:
            return found
        meant = did_you_mean(name, self._stacks)
        known = ", ".join(map(tick, self._stacks))
        listed_there = f"Stacks: {known}." if known else f"List it under `clusters: {self._cluster}: stacks:`."
        form = f" `/swarm deploy {name} --file` takes its compose file in a form." if is_stack_name(name) else ""
        raise NotUnderstood(
            f"{echo(name)} is not a stack of {self._cluster} in swarmbot.yml.{meant}", next_step=listed_there + form
        )

    def _key(self) -> Secret:
        if self._secret_key is None:
            raise Refused(
                "the digests of a plan are made with SWARMBOT_SECRET_KEY, which is not set.",
                true_now=UNCHANGED,
                next_step="Create one with `openssl rand -base64 32` and set it for `worker`.",
            )
        return Secret(hashlib.sha256(b"stack digests " + self._secret_key.reveal().encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class _Run:
    """The input of the CLI for one recording."""

    cli: DockerCli
    source: Source
    files: Mapping[str, bytes]
    document: Document
    variables: Mapping[str, str]
    query: StackQuery
    images: dict[str, str]
    """What registries said of images, by the path of the request. What the runs ask for is added."""

    def recorded(self, engine: Engine, *, blank: bool = False) -> tuple[list[StackWrite], tuple[str, ...]]:
        """Return the writes, and what the CLI said besides. Raise Refused or Failed if they are of no use."""
        recorder = Recorder(engine, registry_auth, images=self.images, blank=blank)
        query = self.query
        command = deploy_command(self.cli, query.name, self.source.compose, prune=query.prune, resolve=query.resolve)
        with private_folder(self.files) as folder, serving(recorder, folder / SOCKET) as server:
            result = run_confined(command, folder, folder / SOCKET, self.variables, server.admit)
            place = str(folder)
        if recorder.failure is not None:
            raise recorder.failure
        lines = [line.replace(f"{place}/", "").strip() for line in result.lines]
        notes = [line for line in lines if line and not line.startswith(_PROGRESS)]
        if recorder.unknown:
            raise Failed(
                f"Docker's command line sent what is no part of a deploy: {plain_line(recorder.unknown[0])}.",
                true_now=UNCHANGED,
            )
        if result.code:
            raise self._invalid(notes)
        self._refuse_paths_of_the_worker(recorder.writes, place)
        return recorder.writes, tuple(plain_line(redact(line)) for line in notes[:MAX_NOTES])

    def _invalid(self, lines: list[str]) -> Refused:
        shown = "; ".join(with_line(self.document, line) for line in lines[-3:]) or "it gave no reason"
        return Refused(
            f"Docker's command line {self.cli.version} does not accept {self.source.words}: {shown}",
            true_now=UNCHANGED,
        )

    def _refuse_paths_of_the_worker(self, writes: list[StackWrite], place: str) -> None:
        """Raise Refused if a body has a path of the CLI's folder, as a bind mount with a relative path has."""
        for write in writes:
            if place in json.dumps(write.body):
                raise Refused(
                    f"{tick(write.name)} in {self.source.words} has a relative path, which is one of the worker.",
                    true_now=UNCHANGED,
                    next_step="Write the full path on the nodes, or use a config or a volume.",
                )


def _files(source: Source, variables: Mapping[str, str]) -> tuple[dict[str, bytes], Document]:
    """Return the compose file and the files that it names, and its parsed text. Raise Refused."""
    files = {source.compose: source.read(source.compose)}
    document = parse_compose(files[source.compose], source.words)
    require_variables(document, variables, source.words)
    for name in named_files(document, source.words):
        files[name] = source.read(name)
    return files, document


def _objects(engine: Engine) -> Iterator[StackObject]:
    """Yield what the cluster has now."""
    networks = engine.networks()
    services = [*engine.services()]
    for network in (*networks, *_predefined(engine, networks, services)):
        yield StackObject("network", network["Id"], network["Name"], 0, network)
    records_by_type: tuple[tuple[ObjectType, list[dict[str, Any]]], ...] = (
        ("secret", engine.secrets()),
        ("config", engine.configs()),
        ("service", services),
    )
    for type_, records in records_by_type:
        for record in records:
            spec = record["Spec"]
            yield StackObject(type_, record["ID"], spec["Name"], record["Version"]["Index"], spec)


def _has_content(engine: Engine, known: StackObject, body: Mapping[str, Any]) -> bool:
    """Return whether a config or secret of the cluster has the content of a body, and is used in the same way.

    An engine also ignores another template driver silently.
    """
    if (known.spec.get("Templating") or None) != (body.get("Templating") or None):
        return False
    if known.type == "config":
        return bool(known.spec.get("Data") == body["Data"])
    return engine.secret_has(known.id, {**body})


def _predefined(engine: Engine, networks: list[Json], services: list[Json]) -> Iterator[Json]:
    """Yield the networks that services use and that are in no list: ``host``, and other networks of each node."""
    used = {
        str(network.get("Target"))
        for service in services
        for network in (service["Spec"].get("TaskTemplate") or {}).get("Networks") or ()
    }
    for identity in sorted(used - {network["Id"] for network in networks}):
        answer = engine.forward("GET", f"/networks/{quote(identity, safe='')}", {})
        if answer.status == HTTPStatus.OK:
            yield {**json.loads(answer.body), "Id": identity, "Scope": "local"}
