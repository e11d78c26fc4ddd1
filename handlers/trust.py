"""`/swarm trust HOST`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import DONE, FAILED, WARNING, Block, Message, actions, button, paragraphs, plain_line, tick
from bot.commands import HOST, RUN_COMMAND, Flag, Permission, Raise, Word, question, text
from bot.errors import Failed, Refused
from bot.model import Facts, FactsQuery, HostKey, Plan, PlanTitles, Step
from bot.model.host import NEW_HOST_KEY
from bot.swarm.operations import TrustHostKey

NAMES: Final = {"ssh-ed25519": "ED25519", "ssh-rsa": "RSA"}


@dataclass(frozen=True, slots=True)
class TrustArguments:
    """The arguments of ``trust``."""

    host: Annotated[str, Word(HOST, "a host in swarmbot.yml")]
    key: Annotated[str, Flag(text("SHA256:…"), "trust the key with this fingerprint, after you compared it")] = ""


def _query(arguments: TrustArguments) -> FactsQuery:
    return FactsQuery(host_keys=(arguments.host,))


def _permission(arguments: TrustArguments) -> Permission:
    return "administer" if arguments.key else "view"


def _takes(arguments: TrustArguments) -> bool:
    return bool(arguments.key)


def _plan(facts: Facts, arguments: TrustArguments) -> Plan:
    """Trust the key if the host presents it. A key that replaces a trusted one needs an approval."""
    keys = _keys(facts, arguments.host)
    titles = PlanTitles(
        present=f"trusts the host key of {tick(keys[-1].machine)}",
        imperative=f"trust the host key of {tick(keys[-1].machine)}",
        success=f"{tick(keys[-1].machine)} is trusted with host key {keys[-1].fingerprint}",
        failure="The host key of {failed} was not trusted",
    )
    if trusted := next((key for key in keys if key.status == "trusted" and key.fingerprint == arguments.key), None):
        return Plan(titles, unchanged=(f"{trusted.place} is already trusted with this key",))
    shown = keys[-1]
    if shown.fingerprint != arguments.key:
        raise Refused(
            f"{shown.place} presents the host key {shown.fingerprint}, not {plain_line(arguments.key)}.",
            true_now="Nothing was written.",
            next_step=f"`/swarm trust {arguments.host}` shows the key.",
        )
    if shown.status == "revoked":
        raise Refused(
            f"{shown.place} presents the host key {shown.fingerprint}, which known_hosts marks as revoked.",
            true_now="Nothing was written.",
            next_step=NEW_HOST_KEY,
        )
    operation = TrustHostKey(arguments.host, shown.machine, shown.known_as, shown.fingerprint, shown.known)
    return Plan(
        titles,
        steps=(Step(operation, arguments.host),),
        effect=f"{tick(shown.known_as)} in `{shown.file}`: {shown.fingerprint} ({_kind(shown)})",
        warnings=_warnings(shown),
        approvals=1 if shown.status == "changed" else 0,
    )


@question(
    "trust",
    group="Nodes",
    help="Show the SSH host key of a host, to compare and trust it",
    example="trust host-4",
    permission=_permission,
    risk="reversible",
    approval=0,
    raises={"trust": Raise(1, "of a changed key")},
    query=_query,
    changes=(_takes, _plan),
)
def trust(facts: Facts, arguments: TrustArguments) -> Message:
    """Return the key, where to compare it, and the button that trusts it."""
    key = _keys(facts, arguments.host)[-1]
    head, lines = _description(key)
    jump = [] if key.machine == arguments.host else [f"SSH reaches {tick(arguments.host)} through this machine."]
    blocks = paragraphs([head, *jump, *lines])
    if key.status not in {"trusted", "revoked"}:
        blocks.append(_button(facts, arguments.host, key))
    return Message(head.replace("*", ""), tuple(blocks))


def _keys(facts: Facts, host: str) -> tuple[HostKey, ...]:
    keys = facts.host_keys.get(host, ())
    if not keys:
        failure = facts.host_key_failures[host]
        raise Failed(failure.happened, true_now="Its host key is unknown.", next_step=failure.next_step)
    return keys


def _description(key: HostKey) -> tuple[str, list[str]]:
    shown = f"`{key.fingerprint}` ({_kind(key)})"
    kind = key.kind.removeprefix("ssh-").split("-")[0]
    compare = f"Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub` on the machine's own console."
    if key.status == "trusted":
        return f"{DONE} *{key.place} is trusted*", [
            f"It presents {shown}, the key of {tick(key.known_as)} in `{key.file}`."
        ]
    if key.status == "unknown":
        head = f"{WARNING} *{key.place} presents an unknown host key*"
        return head, [shown, f"{compare} Trust it only if it is the same. No login was attempted."]
    if key.status == "revoked":
        return f"{FAILED} *{key.place} presents a revoked host key*", [
            shown,
            f"known_hosts marks this key as revoked, so it is never trusted. {NEW_HOST_KEY}",
        ]
    head = f"{WARNING} *{key.place} presents a changed host key*"
    known = ", ".join(f"`{fingerprint}`" for fingerprint in key.known)
    return head, [
        f"Presented: {shown}",
        f"Known: {known}",
        "The machine was reinstalled, or another machine responds in its place.",
        f"{compare} Trusting it needs approval. No login was attempted.",
    ]


def _button(facts: Facts, host: str, key: HostKey) -> Block:
    words = f"trust {host} --key {key.fingerprint} --cluster {facts.name}"
    label = "Trust this key" if key.status == "unknown" else "Request approval"
    compared = f"{key.machine} presents {key.fingerprint}. Have you compared it on the machine's own console?"
    return actions(button(label, RUN_COMMAND, words, style="danger", confirm=compared))


def _kind(key: HostKey) -> str:
    return NAMES.get(key.kind, "ECDSA" if key.kind.startswith("ecdsa") else key.kind)


def _warnings(key: HostKey) -> tuple[str, ...]:
    if key.status != "changed":
        return ()
    known = ", ".join(key.known)
    text = f"{key.place} is known with {known}, but presents {key.fingerprint}: it was reinstalled, or another machine "
    return (f"{text}responds in its place. Compare the key on the machine's own console.",)
