"""Bring a host into the cluster: ``POST /swarm/join`` on the joining host itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.errors import Failed, Refused, SwarmbotError
from bot.model import Engine, Engines, Facts, FactsQuery, HostFacts, NodeFacts, Operation, RaftMembers, Role, newcomer
from bot.swarm.operations.spec_updates import remove_record
from bot.swarm.reading import parse
from bot.swarm.reading.certificates import issuing_urls
from bot.swarm.reading.host_membership import membership_conflict, membership_text, was_removed
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class Join(Operation):
    """``host`` a member of the cluster ``cluster_id`` with ``role``, and ready.

    The token goes from a manager's Engine API to the joining host's and stands nowhere else. ``known`` are ids of
    records of the host's name that were there before: they are not this join's to remove.
    """

    kind: ClassVar[str] = "join"
    patience: ClassVar[float] = 60.0

    host: str
    role: Role
    cluster: str
    cluster_id: str
    advertise_addr: str
    listen_addr: str = "0.0.0.0:2377"
    data_path_addr: str = ""
    availability: str = "active"
    known: tuple[str, ...] = ()

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` joining {self.cluster} as a {self.role}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        if self.role == "manager":
            return f"`{self.host}` is a reachable manager of {self.cluster}"
        return f"`{self.host}` is ready in {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """The joining host itself."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """One more, if it joins as a manager."""
        return members.joined(newcomer(self.host)) if self.role == "manager" else members

    def record(self, node: NodeFacts) -> NodeFacts:
        """That of its host, which takes tasks or does not."""
        return replace(node, availability=self.availability) if node.host == self.host else node

    def satisfied(self, facts: Facts) -> bool:
        """The managers of this very cluster see the host ready, and a manager reachable in Raft."""
        node = facts.member(self.host)
        if facts.swarm is None or facts.swarm.id != self.cluster_id or node is None:
            return False
        return node.role == self.role and node.ready and facts.host(self.host).membership == "active"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Join; a try that was left pending is undone first, for the engine refuses a second one beside it.

        Refused for a host that is in another swarm meanwhile: that membership is not this join's.
        """
        swarm = facts.swarm
        if swarm is None or swarm.id != self.cluster_id:
            raise Failed(
                f"No manager of {self.cluster} with a quorum could be read.",
                true_now=f"`{self.host}` was not touched.",
                next_step="`/swarm status` shows the managers.",
            )
        engine, host = engines[self.host], facts.host(self.host)
        if host.joining:
            engine.leave_swarm(force=True)
            self._remove_stale(engines[swarm.read_from], host)
        if facts.member(self.host) is not None:
            return
        if host.in_a_swarm:
            found = membership_conflict(facts, host)
            raise Refused(found.text, next_step=found.next_step)
        tokens = engines[swarm.read_from].join_tokens()
        managers = [node.raft_address for node in swarm.managers if node.reachability == "reachable"]
        engine.join_swarm(
            {
                "ListenAddr": self.listen_addr,
                "AdvertiseAddr": self.advertise_addr,
                "DataPathAddr": self.data_path_addr,
                "RemoteAddrs": managers,
                "Availability": self.availability,
            },
            tokens.manager if self.role == "manager" else tokens.worker,
        )

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Bring a half-made join back to nothing: a pending host leaves, a manager's stale record is removed."""
        host, node = facts.hosts.get(self.host), facts.member(self.host)
        if host is None or not host.answers:
            truth = f"`{self.host}` does not answer: whether it joined is not known, and it may still do so by itself."
        elif host.membership == "inactive":
            truth = f"`{self.host}` is in no cluster.{self._cleaned(engines, facts, host)}"
        elif self._half_made(facts, host):
            truth = self._undo(engines, facts, host)
        elif host.joining:
            truth = f"`{self.host}` is `pending` and may be in Raft already, so it was left to come in by itself."
        elif node is not None:
            truth = f"`{self.host}` is a {node.role} of {self.cluster}, {_standing(node)}."
        else:
            truth = f"`{self.host}` is {membership_text(facts, host)}. It was left there."
        step = error.next_step or (
            f"`/swarm check {self.host}` shows which port is closed, if it is one{_signers(facts)}; then press Retry."
        )
        return Failed(error.happened, true_now=truth, next_step=step)

    def _half_made(self, facts: Facts, host: HostFacts) -> bool:
        """Whether the host's membership is this join's, and not whole.

        A manager's may count in Raft, where one that leaves is a dead one: then it is not undone.
        """
        if host.joining:
            return self.role == "worker" or self._out_of_raft(facts, host)
        if host.membership != "active" or host.is_manager:
            return False
        node = facts.member(self.host)
        if node is None:
            return was_removed(facts, host)
        return node.state != "ready" and node.id not in self.known

    def _out_of_raft(self, facts: Facts, host: HostFacts) -> bool:
        """An engine calls itself a manager only once it has joined Raft (SwarmKit's ``Manager.Run``)."""
        swarm = facts.swarm
        return swarm is not None and not any(node.reachability for node in swarm.nodes if node.id == host.node_id)

    def _undo(self, engines: Engines, facts: Facts, host: HostFacts) -> str:
        try:
            engines[self.host].leave_swarm(force=True)
            state = engines[self.host].info()["Swarm"]["LocalNodeState"]
        except SwarmbotError as error:
            return f"`{self.host}` is `{host.membership}` and could not be brought back: {error.happened}"
        if state != "inactive":
            return f"`{self.host}` was told to leave and is `{state}`; it may still join by itself."
        return f"`{self.host}` is in no cluster (its half-made join was undone).{self._cleaned(engines, facts, host)}"

    def _cleaned(self, engines: Engines, facts: Facts, host: HostFacts) -> str:
        """Remove what this join left among the nodes, and say how that ended."""
        if facts.swarm is None:
            return ""
        try:
            self._remove_stale(engines[facts.swarm.read_from], host)
        except SwarmbotError as error:
            return f" A record of it may be left in {self.cluster}: {error.happened}"
        return f" {self.cluster} is unchanged."

    def _remove_stale(self, engine: Engine, host: HostFacts) -> None:
        """Remove this join's records, its host being in no cluster; read anew, for one may have come since.

        A manager that could not be reached at its own 2377 leaves one that stays ready for ever, and a worker that
        left while it was let in one that goes down (measured on 20.10).
        """
        for node in parse.nodes(engine.nodes()):
            if self._is_stale(node, host):
                remove_record(engine, node)

    def _is_stale(self, node: NodeFacts, host: HostFacts) -> bool:
        """Whether this join made the record: a new one of the host's name and address. Members of Raft never are."""
        if node.id in self.known or node.reachability:
            return False
        return node.hostname in {"", host.hostname} and node.address in {host.address, self.advertise_addr}


def _signers(facts: Facts) -> str:
    """While the CA that signs is away a join waits for it (measured on 20.10)."""
    urls = issuing_urls(facts.swarm) if facts.swarm else []
    return f", and that the CA at {listed(urls)} answers the managers" if urls else ""


def _standing(node: NodeFacts) -> str:
    if node.role == "manager":
        return f"{node.state}, {node.standing}"
    return f"{node.state}, {node.availability}"
