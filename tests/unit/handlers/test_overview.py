"""`/swarm status --cluster all`: a line for each cluster, the worst first, with commands that name their cluster."""

from __future__ import annotations

import re
from typing import Any

from bot.commands import NoArguments
from bot.errors import Failed, SwarmbotError
from bot.model import Facts
from bot.swarm.health.summary import AgedSummary, summary_of
from handlers.status import overview
from tests.kits.commands import COMMANDS
from tests.plans.description import Description
from tests.plans.showing import show_message

UP = {"host-1": {"is": "leader"}, "host-2": {"is": "manager"}, "host-3": {"is": "manager"}}
DOWN = {"is": "manager", "failure": "timed out", "next_step": "Is it up?"}
LOST = {"is": "manager", "failure": "timed out", "record": {"state": "down", "reachability": "unreachable"}}


def facts(name: str, **described: Any) -> Facts:
    """Return the facts of a cluster."""
    description = Description.model_validate({"name": name, **described})
    return description.facts(COMMANDS["status"].query(NoArguments()))


def test_the_worst_cluster_comes_first() -> None:
    """Each line has the state and one next step."""
    found: dict[str, Facts | SwarmbotError] = {
        "fine": facts("fine", hosts=UP),
        "new": facts("new", hosts={"host-1": {}}),
        "thin": facts("thin", hosts={**UP, "host-3": LOST}),
        "far": Failed("Its settings cannot be read.", next_step="`/swarm hosts` shows more."),
        "lost": facts(
            "lost",
            readable=False,
            hosts={"host-1": {"is": "leader", "swarm_error": "no leader"}, "host-2": DOWN, "host-3": DOWN},
        ),
    }
    title, *lines = show_message(overview(found))
    assert title == "*5 clusters, the worst first*"
    assert [re.findall(r"\*(\w+)", line)[0] for line in lines] == ["lost", "far", "thin", "new", "fine"]
    assert lines[0].startswith("✗ *lost has no quorum* · 1 of 3 managers reachable, 2 needed")
    assert lines[4] == "✓ *fine is healthy* · 3 managers, tolerates 1 failure · 3 of 3 nodes ready"
    assert lines[1] == "✗ *far cannot be read*: Its settings cannot be read. `/swarm hosts --cluster far` shows more."


def test_each_command_names_its_cluster() -> None:
    """The channel is another cluster's, or none's: without the name the command would be about that one."""
    found = {name: facts(name, hosts={"host-1": {"is": "leader"}}) for name in ("prod", "lab")}
    found["new"] = facts("new", hosts={"host-1": {}})
    text = "\n".join(show_message(overview(found)))
    commands = re.findall(r"`/swarm [^`]+`", text)
    assert len(commands) >= len(found)
    assert all(re.search(r" --cluster (prod|lab|new)`$", command) for command in commands)


def test_what_watch_read_has_its_age_and_the_next_step() -> None:
    """Until a cluster is read."""
    lost = facts("lab", hosts={**UP, "host-3": LOST})
    stored = AgedSummary(summary_of(lost), Facts("lab", lost.at, {}), 1.4)
    _, line = show_message(overview({"lab": stored}))
    assert line.startswith("! *lab is degraded: it tolerates no manager failure*")
    assert " · as of 2 s ago · Next: bring `host-3` back" in line
