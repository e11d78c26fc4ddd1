"""`/swarm update`, with every option of `docker swarm update`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from bot.blocks import Message, fields, paragraphs, plain_line
from bot.commands import (
    CERT_EXPIRY,
    DISPATCHER_HEARTBEAT,
    EXTERNAL_CA_ON_HOST,
    MAX_SNAPSHOTS,
    SNAPSHOT_INTERVAL,
    TASK_HISTORY_LIMIT,
    Flag,
    Permission,
    choice,
    question,
)
from bot.model import Facts, FactsQuery, Plan, PlanTitles, Step
from bot.swarm.ca.external_ca import read_external_ca_on_host
from bot.swarm.ca.rotation import external_issuer, rotation_plan
from bot.swarm.operations import Update
from bot.swarm.reading.certificates import issuing_urls
from bot.swarm.reading.cluster_settings import SETTINGS, check_expiry
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class UpdateArguments:
    """The arguments of ``update``."""

    task_history_limit: Annotated[int | None, TASK_HISTORY_LIMIT] = None
    cert_expiry: Annotated[float | None, CERT_EXPIRY] = None
    dispatcher_heartbeat: Annotated[float | None, DISPATCHER_HEARTBEAT] = None
    external_ca: Annotated[str | None, EXTERNAL_CA_ON_HOST] = None
    autolock: Annotated[
        Literal["true", "false"] | None,
        Flag(
            choice("true", "false"),
            "whether managers need an unlock key after each restart; the key is shown only to you",
        ),
    ] = None
    max_snapshots: Annotated[int | None, MAX_SNAPSHOTS] = None
    snapshot_interval: Annotated[int | None, SNAPSHOT_INTERVAL] = None


def _permission(arguments: UpdateArguments) -> Permission:
    return "administer" if _changes(arguments) else "view"


def _subject(arguments: UpdateArguments) -> str:
    """Return the riskiest part: autolock on shows the key to the requester; off leaves it on the managers' disks."""
    if arguments.external_ca:
        return "ca rotate"
    return "unlock-key" if arguments.autolock else "update"


LATER_EXPIRY: Final = (
    "The managers issue certificates of this validity after the next rotation (`/swarm ca --rotate`) or new leader."
)
"""SwarmKit gives its CA a new validity only together with a root (``UpdateRootCA`` in ca/server.go)."""


def _approval(arguments: UpdateArguments) -> int:
    return {"ca rotate": 2, "unlock-key": 1}.get(_subject(arguments), 0)


def _query(arguments: UpdateArguments) -> FactsQuery:
    places = (read_external_ca_on_host(arguments.external_ca).location,) if arguments.external_ca else ()
    return FactsQuery(ca_files=places)


def _validate(arguments: UpdateArguments) -> None:
    check_expiry(arguments.cert_expiry)


def _changes(arguments: UpdateArguments) -> bool:
    return arguments != UpdateArguments()


def change_settings(facts: Facts, arguments: UpdateArguments) -> Plan:
    """Change the given settings that differ; the others stay."""
    wanted = _update(facts, arguments)
    if arguments.external_ca:
        issuer = external_issuer(facts, read_external_ca_on_host(arguments.external_ca))
        return _with_autolock(facts, wanted, rotation_plan(facts, settings=wanted, issuer=issuer))
    swarm = require_cluster(facts)
    left = wanted.unmet(swarm.spec)
    changed = {setting.name for setting, _ in left.wanted}
    shown = {s.name: f"{s.words} {s.shown(s.value_in(swarm.spec))}" for s, _ in wanted.wanted}
    plan = Plan(
        PlanTitles(
            present=f"changes settings of {facts.name}",
            imperative=f"change settings of {facts.name}",
            success=f"Settings of {facts.name} were changed",
            failure=f"Settings of {facts.name} were not changed",
        ),
        steps=(Step(left, "settings"),) if changed else (),
        effect=wanted.effect(swarm.spec),
        unchanged=tuple(f"{facts.name} has {words}" for name, words in shown.items() if name not in changed),
        warnings=(LATER_EXPIRY,) if "cert_expiry" in changed else (),
    )
    return _with_autolock(facts, wanted, plan)


def _update(facts: Facts, arguments: UpdateArguments) -> Update:
    return Update(
        cluster=facts.name,
        task_history_limit=arguments.task_history_limit,
        cert_expiry=arguments.cert_expiry,
        dispatcher_heartbeat=arguments.dispatcher_heartbeat,
        autolock=None if arguments.autolock is None else arguments.autolock == "true",
        max_snapshots=arguments.max_snapshots,
        snapshot_interval=arguments.snapshot_interval,
    )


def _with_autolock(facts: Facts, wanted: Update, plan: Plan) -> Plan:
    """Add what autolock needs: the key for the requester, or a warning when it is switched off."""
    if wanted.autolock is None or wanted.autolock == require_cluster(facts).autolocked:
        return plan
    if wanted.autolock:
        text = f"A manager of {facts.name} that restarts then waits for the unlock key: `/swarm unlock HOST`."
        return replace(plan, reveals=("unlock key",), warnings=(*plan.warnings, text))
    text = (
        "Without autolock, the key that decrypts the Raft log, and so every secret of "
        f"{facts.name}, is stored unencrypted on each manager's disk."
    )
    return replace(plan, warnings=(*plan.warnings, text))


@question(
    "update",
    group="Managers",
    help="Show or change the cluster's settings",
    example="update --task-history-limit 3 --cert-expiry 720h",
    permission=_permission,
    risk="secret",
    approval=_approval,
    subject=_subject,
    query=_query,
    changes=(_changes, change_settings),
    validate=_validate,
)
def update(facts: Facts, _: UpdateArguments) -> Message:
    """Return the current settings, and how to change them."""
    swarm = require_cluster(facts)
    title = f"Settings of {facts.name}"
    pairs = [
        (f"{setting.words} · `{setting.flag}`", setting.shown(setting.value_in(swarm.spec))) for setting in SETTINGS
    ]
    pairs.append(("external CA · `--external-ca`", listed(map(plain_line, issuing_urls(swarm))) or "none"))
    step = "Next: `/swarm update --FLAG VALUE` changes only that setting; `/swarm help update` lists the flags."
    return Message(title, (*paragraphs([f"*{title}*"]), fields(pairs), *paragraphs([step])))
