"""`/swarm check HOST…` and `/swarm check --all`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bot.commands import HOST, Word, question
from bot.errors import NotUnderstood
from bot.plan import Facts, Finding, HostFacts, Look, Sign
from bot.slack.blocks import DONE, FAILED, LOOK, Block, Message, context, paragraphs, tick
from bot.swarm.checkup import checkup, seen_whole

SIGNS: Final[dict[Sign, str]] = {"done": DONE, "look": LOOK, "failed": FAILED}


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """The words of ``check``."""

    hosts: Annotated[tuple[str, ...], Word(HOST, "hosts of swarmbot.yml, in the cluster or not yet")] = ()


def _look(arguments: CheckArguments) -> Look:
    return Look(probe=arguments.hosts, every_peer=True)


@question(
    "check",
    help="whether hosts are fit: SSH, engine, clock, address, and their ports both ways with real peers",
    example="check host-4",
    permission="view",
    risk="none",
    approval=0,
    look=_look,
)
def check(facts: Facts, arguments: CheckArguments) -> Message:
    """What was seen of each host, the closed ports with their direction."""
    if not arguments.hosts:
        raise NotUnderstood("`check` needs hosts.", next_step="`/swarm check HOST…`; `/swarm hosts` lists them.")
    found = {name: checkup(facts, facts.host(name)) for name in arguments.hosts}
    heads = {name: _head(facts, facts.host(name), findings) for name, findings in found.items()}
    blocks = [block for name, findings in found.items() for block in paragraphs([heads[name], *map(_line, findings)])]
    return Message(" · ".join(heads.values()).replace("*", ""), (*blocks, _foot(facts)))


def _head(facts: Facts, host: HostFacts, findings: list[Finding]) -> str:
    signs = {finding.sign for finding in findings}
    worst = next(sign for sign in ("failed", "look", "done") if sign in signs)
    fitness = "is not fit" if worst == "failed" else "is fit"
    deed = "for" if facts.member(host.name) else "to join"
    unseen = ", as far as was seen" if worst != "failed" and not seen_whole(facts, host) else ""
    return f"{SIGNS[worst]} *{tick(host.name)} {fitness} {deed} {facts.name}*{unseen}"


def _line(finding: Finding) -> str:
    step = f" {finding.next_step}" if finding.next_step else ""
    return f"{SIGNS[finding.sign]} {finding.text}{step}"


def _foot(facts: Facts) -> Block:
    tried = f"{len(facts.passages)} ways between hosts tried. " if facts.passages else ""
    return context(f"{tried}Looked at in {facts.took:.1f} s. Nothing was changed.")
