"""Join a host to the cluster: ``POST /swarm/join`` on that host."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from bot.errors import EngineError, Failed, Refused, SwarmbotError
from bot.model import Engine, Engines, Facts, FactsQuery, HostFacts, NodeFacts, Operation, RaftMembers, Role, newcomer
from bot.swarm.operations.spec_updates import remove_record
from bot.swarm.reading import parse
from bot.swarm.reading.certificates import issuing_urls
from bot.swarm.reading.host_membership import membership_conflict, membership_text, was_removed
from bot.text.suggest import listed

_CONNECTION: Final = re.compile(
    r"timeout|timed out|connection|unreachable|no route|deadline|dial|transport|unavailable|subconn", re.IGNORECASE
)
"""What engines say when a join fails because of the network (docs/swarm-behaviour.md#join)."""

READERS: Final = 2
"""How many managers are read while waiting; each shows the cluster, and one of them may fail meanwhile."""


@dataclass(frozen=True, slots=True)
class Join(Operation):
    """Make a host a ready member of the cluster, with a role.

    The token goes from a manager's Engine API to the joining host's Engine API. It is stored nowhere.
    """

    kind: ClassVar[str] = "join"
    timeout_s: ClassVar[float] = 60.0
    facts_hold_s: ClassVar[float] = 2.0

    host: str
    role: Role
    cluster: str
    cluster_id: str
    """The id of the cluster to join: no other cluster counts, even with the same name. "" if it did not exist yet: see
    ``first``."""
    advertise_addr: str
    listen_addr: str = "0.0.0.0:2377"
    data_path_addr: str = ""
    availability: str = "active"
    known: tuple[str, ...] = ()
    """The ids of the host's older records: a failed join does not remove them."""
    first: str = ""
    """The host that was to be the first manager when the plan was made: only its cluster counts."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"joining `{self.host}` to {self.cluster} as a {self.role}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        if self.role == "manager":
            return f"`{self.host}` is a reachable manager of {self.cluster}"
        return f"`{self.host}` is ready in {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the joining host, and the one whose cluster it joins."""
        return FactsQuery(hosts=(self.host, self.first) if self.first else (self.host,))

    def query_after(self, facts: Facts) -> FactsQuery:
        """Return a query for the joining host and two managers: the other hosts know nothing of the join."""
        if facts.swarm is None:
            return self.query
        managers = [node.host for node in facts.swarm.managers if node.ready and node.host in facts.hosts]
        readers = [*dict.fromkeys([facts.swarm.read_from, *managers])][:READERS]
        return replace(self.query, only_hosts=tuple(readers))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members with this host added, if it joins as a manager."""
        return members.joined(newcomer(self.host)) if self.role == "manager" else members

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the record of the host's node with the wanted availability."""
        return replace(node, availability=self.availability) if node.host == self.host else node

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the managers of this cluster report the host ready and, as a manager, reachable."""
        node = facts.member(self.host)
        if not self._is_read(facts) or node is None:
            return False
        return node.role == self.role and node.ready and facts.host(self.host).membership == "active"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Join the host. Raise Failed if the cluster cannot be read, Refused if the host is in another swarm by now.

        A pending join of an earlier try is undone first: the engine refuses a second join beside it.
        """
        swarm = facts.swarm
        if swarm is None or not self._is_read(facts):
            raise Failed(
                f"No manager of {self.cluster} with a quorum could be read.",
                true_now=f"`{self.host}` was not changed.",
                next_step="`/swarm status` shows the managers.",
            )
        engine, host = engines[self.host], facts.host(self.host)
        if host.joining:
            engine.leave_swarm(force=True)
            self._remove_stale(engines[swarm.read_from], host)
        if facts.member(self.host) is not None:
            return
        if host.in_swarm:
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

    def _is_read(self, facts: Facts) -> bool:
        """Return whether the facts are of the cluster to join."""
        if self.cluster_id or not self.first:
            return facts.swarm is not None and facts.swarm.id == self.cluster_id
        first = facts.member(self.first)
        return first is not None and first.role == "manager"

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Undo a partial join (the host leaves, its new record is removed). Return the error with the host's state."""
        host, node = facts.hosts.get(self.host), facts.member(self.host)
        if host is None or not host.responds:
            state = f"`{self.host}` does not respond: whether it joined is unknown, and it may still join by itself."
        elif host.membership == "inactive":
            state = f"`{self.host}` is not part of any cluster.{self._cleaned(engines, facts, host)}"
        elif self._is_partial(facts, host):
            state = self._undo(engines, facts, host)
        elif host.joining:
            state = (
                f"`{self.host}` is `pending` and may already be in Raft, so the join was not undone. It may "
                "still complete by itself."
            )
        elif node is not None:
            state = f"`{self.host}` is a {node.role} of {self.cluster}, {_status(node)}."
        else:
            state = f"`{self.host}` is {membership_text(facts, host)}. That was not changed."
        again = f"press Retry, or `/swarm join {self.role} {self.host}` adds it" if self.first else "press Retry"
        step = error.next_step or f"Fix this, then {again}."
        if not error.next_step and _may_be_network(error):
            step = f"`/swarm check {self.host}` shows which port is blocked, if any{_signers(facts)}; then {again}."
        return Failed(error.happened, true_now=state, next_step=step)

    def _is_partial(self, facts: Facts, host: HostFacts) -> bool:
        """Return whether the host's membership is from this join and is not complete.

        A manager that may be a member of Raft is not undone: there, a member that leaves counts as a dead one.
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
        """Return whether it is not in Raft: an engine is a manager only after that (SwarmKit's ``Manager.Run``)."""
        swarm = facts.swarm
        return swarm is not None and not any(node.reachability for node in swarm.nodes if node.id == host.node_id)

    def _undo(self, engines: Engines, facts: Facts, host: HostFacts) -> str:
        try:
            engines[self.host].leave_swarm(force=True)
            state = engines[self.host].info()["Swarm"]["LocalNodeState"]
        except SwarmbotError as error:
            return f"`{self.host}` is `{host.membership}` and its partial join could not be undone: {error.happened}"
        if state != "inactive":
            return f"`{self.host}` was told to leave and is now `{state}`. It may still join by itself."
        cleaned = self._cleaned(engines, facts, host)
        return f"`{self.host}` is not part of any cluster (the partial join was undone).{cleaned}"

    def _cleaned(self, engines: Engines, facts: Facts, host: HostFacts) -> str:
        """Remove the records of this join, and return how that ended, in words."""
        if facts.swarm is None:
            return ""
        try:
            left = self._remove_stale(engines[facts.swarm.read_from], host)
        except SwarmbotError as error:
            return f" {self.cluster} may still have a record of it: {error.happened}"
        # An engine that failed early leaves a record without name and address (seen on 20.10 with a full disk), and so
        # does a join of another host until it is done.
        nameless = (node.id for node in left if self._is_new(node) and not node.hostname)
        if found := next(nameless, ""):
            return (
                f" {self.cluster} has a new record without a host name, `{found}`: it is of this join or of another "
                f"one. If nothing else joins, `/swarm remove {found} --force` removes it."
            )
        return f" {self.cluster} is unchanged."

    def _remove_stale(self, engine: Engine, host: HostFacts) -> list[NodeFacts]:
        """Remove the records of this join, whose host is not part of any cluster. Read them again first.

        Return the records that stay.

        A manager that was not reachable on its own port 2377 leaves a record that stays ready; a worker that left
        while it was being accepted leaves one that goes down (measured on 20.10).
        """
        left: list[NodeFacts] = []
        for node in parse.nodes(engine.nodes()):
            if self._is_stale(node, host):
                remove_record(engine, node)
            else:
                left.append(node)
        return left

    def _is_new(self, node: NodeFacts) -> bool:
        """Return whether a record was not there before this join, and is not of a member of Raft."""
        return node.id not in self.known and not node.reachability

    def _is_stale(self, node: NodeFacts, host: HostFacts) -> bool:
        """Return whether this join made the record: it is new, has the host's name and address, and is not in Raft."""
        named = node.hostname in {"", host.hostname} and node.address in {host.address, self.advertise_addr}
        return self._is_new(node) and named


def _may_be_network(error: SwarmbotError) -> bool:
    """Return whether a blocked port may be the cause: nothing was seen in time, or the engine names a connection.

    Any other refusal of an engine is shown as it is.
    """
    return not isinstance(error, EngineError) or error.status == 0 or bool(_CONNECTION.search(error.happened))


def _signers(facts: Facts) -> str:
    """Return the external CAs to check, in words: a join waits while the CA does not respond (measured on 20.10)."""
    urls = issuing_urls(facts.swarm) if facts.swarm else []
    return f". Check that the managers reach the CA at {listed(urls)}" if urls else ""


def _status(node: NodeFacts) -> str:
    if node.role == "manager":
        return f"{node.state}, {node.raft_state}"
    return f"{node.state}, {node.availability}"
