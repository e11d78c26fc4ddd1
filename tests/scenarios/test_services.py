"""`/swarm services`, `service`, `ps`, `stacks`, `stack` and the lists of objects on real engines: true, no secrets."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from bot.model.service import STACK_LABEL
from sandbox.fleet.shell import await_found, until
from tests.kits.scenario import Scenario
from tests.kits.secret_search import channels, disk, stored
from tests.kits.service_scenario import counts, create_service, inspect

HIDDEN: Final = "hunter2-ofTheTest"
"""A password in the environment, a label and the command of `web`."""
CONTENT: Final = "contentThatNobodyMaySee"
"""The content of the secret and of the config."""
CRASH: Final = ("sh", "-c", "sleep 0.2; exit 3")
FAILED_UPDATES: Final = {"broken": "continue", "held": "pause", "undone": "rollback"}
"""Services of one replica, updated to an image that no node has, and what Docker does then."""
WORKERS: Final = ("host-2", "host-3")


@pytest.fixture(scope="module")
def cluster(shared_scenario: Scenario) -> Scenario:
    """A cluster of a manager and two workers with five services, which no test here changes."""
    shared_scenario.reset()
    shared_scenario.cluster(workers=WORKERS, ingress=True)
    manager = shared_scenario["host-1"]
    stack = ("--label", f"{STACK_LABEL}=shop")
    manager.docker("network", "create", "--driver", "overlay", "--subnet", "10.77.0.0/24", *stack, "shop_default")
    with manager.engine() as engine:
        engine.create_secret("shop_key", CONTENT.encode(), labels={STACK_LABEL: "shop"})
        engine.create_config("shop_conf", CONTENT.encode(), labels={STACK_LABEL: "shop"})
    uses = ("--network", "shop_default", "--secret", "shop_key", "--config", "shop_conf")
    create_service(shared_scenario, "shop_api", *stack, *uses)
    create_service(
        shared_scenario,
        "web",
        *("--replicas", "2", "--env", f"DB_PASSWORD={HIDDEN}", "--env", "MODE=fast"),
        *("--env", f"OPTIONS=-Ddb.password={HIDDEN} -Xmx1g", "--label", f"auth.token={HIDDEN}"),
        *("--limit-memory", "32m", "--constraint", "node.role==worker"),
        *("--mount", "type=volume,source=data,target=/data", "--publish", "published=8080,target=80,mode=host"),
        command=("sh", "-c", f"PASSWORD={HIDDEN}; while :; do sleep 1; done"),
    )
    create_service(shared_scenario, "agent", "--mode", "global")
    create_service(shared_scenario, "crash", "--mode", "global", "--restart-delay", "1s", command=CRASH)
    create_service(shared_scenario, "nowhere", "--constraint", "node.labels.zone==nowhere")
    create_service(shared_scenario, "import", "--mode", "replicated-job", "--replicas", "2", command=("true",))
    for name in FAILED_UPDATES:
        create_service(shared_scenario, name)
    for name, action in FAILED_UPDATES.items():
        until(lambda name=name: counts(shared_scenario)[name] == (1, 1), f"{name} runs")  # type: ignore[misc]
        order = ("--update-failure-action", action, "--no-resolve-image", "--image", "nope:1")
        manager.docker("service", "update", "--detach", *order, name)
    for name, running in {"web": 2, "agent": 3, "shop_api": 1}.items():
        until(lambda name=name, running=running: counts(shared_scenario)[name][0] == running, f"{name} runs")  # type: ignore[misc]
    until(lambda: "no suitable node" in json.dumps(tasks(shared_scenario, "nowhere")), "nowhere was tried")
    until(lambda: len(tasks(shared_scenario, "crash")) > 6, "crash has crashed on each node")
    until(lambda: states(shared_scenario, "import").count("complete") == 2, "import has completed")
    for name, state in {"broken": "completed", "held": "paused", "undone": "rollback_completed"}.items():
        until(lambda name=name, state=state: update_state(shared_scenario, name) == state, f"{name} is {state}")  # type: ignore[misc]
    until(lambda: counts(shared_scenario)["undone"] == (1, 1), "undone runs again")
    return shared_scenario


@pytest.fixture(autouse=True)
def _begun(cluster: Scenario) -> None:
    """Clear everybody's screen."""
    cluster._begin()


def tasks(scenario: Scenario, name: str) -> list[dict[str, Any]]:
    """Return the tasks of a service, as the engine lists them."""
    with scenario["host-1"].engine() as engine:
        found: list[dict[str, Any]] = engine.tasks({"service": name})  # type: ignore[no-untyped-call]  # types-docker
        return found


def states(scenario: Scenario, name: str) -> list[str]:
    """Return the states of a service's tasks, as the engine lists them."""
    return [task["Status"]["State"] for task in tasks(scenario, name)]


def update_state(scenario: Scenario, name: str) -> str:
    """Return the state of a service's last update, in the engine's words."""
    return str(inspect(scenario, name).get("UpdateStatus", {}).get("State", ""))


def ask_while_down(cluster: Scenario, text: str) -> str:
    """Ask until a task of ``crash`` does not run at that moment: now and then all of them do."""

    def told() -> str:
        answer = cluster.ask("eve", text)
        return answer if "✗ `crash`: running on" in answer else ""

    return await_found(told, "a task of crash is down")


def test_services_are_listed_with_what_is_wrong_first(cluster: Scenario) -> None:
    """A global service that crashes lacks a task on each node, for any number that the managers want at that moment."""
    told = ask_while_down(cluster, "services")
    lines = told.splitlines()
    assert lines[0].startswith("✗ *5 of 9 services of prod fully running* · 1 update failed"), told
    assert "✗ `nowhere`: 0 of 1 replica running, no suitable node (scheduling constraints not satisfied" in told
    rows = [line for line in lines if " | " in line]
    assert rows[0] == "service | mode | image | tasks | ports | last update"
    assert [row.split(" | ")[0] for row in rows[1:]] == [
        *("✗ broken", "✗ crash", "✗ held", "✗ nowhere", "! undone"),
        *("✓ agent", "✓ shop_api", "✓ web", "· import"),
    ]
    assert re.search(r" \| 0/1 \| - \| completed \d+ (s|min) ago, but 1 not running$", rows[1]), rows[1]
    assert rows[2].split(" | ")[3].endswith("/3")
    assert re.search(r" \| 0/1 \| - \| paused, began \d+ (s|min) ago$", rows[3]), rows[3]
    assert re.search(r" \| 1/1 \| - \| rolled back \d+ (s|min) ago$", rows[5]), rows[5]
    assert rows[6] == "✓ agent | global | swarmbot/task:latest | 3/3 | - | none recorded"
    assert rows[8] == "✓ web | replicated | swarmbot/task:latest | 2/2 | host 8080→80/tcp | none recorded"
    assert rows[9] == "· import | replicated job | swarmbot/task:latest | 2/2 done | - | none recorded"
    assert ask_while_down(cluster, "docker service ls").splitlines()[0] == lines[0]


def test_status_judges_services_in_the_same_way(cluster: Scenario) -> None:
    """It names the crashing service, and a command that shows its tasks."""
    told = ask_while_down(cluster, "status")
    assert "5 of 9 services fully running" in told
    assert "of 3 nodes" in told
    assert "`/swarm why crash` says why" in told


def test_a_service_is_shown_in_words_and_without_secrets(cluster: Scenario) -> None:
    """By name, or by the start of its id."""
    told = cluster.ask("eve", "service web")
    assert told.startswith("✓ *web* · replicated · 2 of 2 replicas running"), told
    for line in (
        "*Image* `swarmbot/task:latest` · not pinned to a digest",
        "*Mounts* volume `data` at `/data`",
        "*Resources* limited to 32 MiB",
        "*Placement* `node.role==worker`",
        "*Update* 1 at a time, stops the old task first, a task that fails within 5s pauses it",
        "*Environment* `DB_PASSWORD=***`, `MODE=fast`, `OPTIONS=-Ddb.password=*** -Xmx1g`",
        "*Labels* `auth.token=***`",
        "*Last update* none recorded",
        "▸ web.1 | host-",
    ):
        assert line in told, line
    full = inspect(cluster, "web")["ID"]
    assert cluster.ask("eve", f"service {full[:12]}").splitlines()[0] == told.splitlines()[0]
    api = cluster.ask("eve", "service shop_api")
    assert "*Networks* `shop_default`" in api
    assert "*Secrets* `shop_key` as `shop_key`" in api
    assert "*Configs* `shop_conf` as `shop_conf`" in api
    assert "· stack `shop`" in api


def test_tasks_are_shown_with_why_they_do_not_run(cluster: Scenario) -> None:
    """`ps` lists the tasks of a service, a node and a stack; past tasks only with `--all`."""
    web = cluster.ask("eve", "ps web")
    assert {row.split(" | ")[2] for row in web.splitlines() if row.startswith("▸ web.")} == {"running"}
    nowhere = cluster.ask("eve", "ps nowhere")
    assert "! nowhere.1 | - | pending | " in nowhere
    assert "no suitable node (scheduling constraints not satisfied" in nowhere
    crash = cluster.ask("eve", "ps crash")
    assert "task: non-zero exit (3)" in crash
    assert "past tasks: `/swarm ps crash --all` lists all" in crash
    past = cluster.ask("eve", "ps crash --all")
    assert past.count("task: non-zero exit (3)") > 6 - 3
    assert " | failed | " in past
    node = cluster.ask("eve", "ps host-1")
    assert node.splitlines()[0].startswith("*host-1* · ready · active")
    assert "▸ agent | running | " in node
    assert "web" not in node
    assert "▸ shop_api.1 | host-" in cluster.ask("eve", "ps shop")


def test_stacks(cluster: Scenario) -> None:
    """All of them, and one with what carries its label."""
    told = cluster.ask("eve", "stacks")
    assert told.startswith("✓ *1 of 1 stack of prod fully running*"), told
    assert "8 services of no stack" in told
    stack = cluster.ask("eve", "stack shop")
    assert "✓ shop_api | replicated" in stack
    for line in ("*Networks* `shop_default`", "*Secrets* `shop_key`", "*Configs* `shop_conf`"):
        assert line in stack, line
    assert "✓ shop_api | " in cluster.ask("eve", "services shop")


def test_objects_are_listed_with_who_uses_them(cluster: Scenario) -> None:
    """Networks, secrets and configs of the cluster; volumes of the node that has them."""
    networks = cluster.ask("eve", "networks")
    assert "shop_default | overlay | 10.77.0.0/24 | - | shop_api" in networks
    assert "ingress | overlay | 10.0.0.0/24 | ingress | -" in networks
    for kind in ("secrets", "configs"):
        told = cluster.ask("eve", kind)
        assert re.search(r"^shop_(key|conf) \| shop \| \d+ (s|min) ago \| shop_api$", told, re.MULTILINE), told
    running = {task["NodeID"] for task in tasks(cluster, "web") if task["Status"]["State"] == "running"}
    with cluster["host-1"].engine() as engine:
        names = {node["ID"]: node["Description"]["Hostname"] for node in engine.nodes()}
    for name in {names[node] for node in running}:
        assert "data | local | - | " in cluster.ask("eve", f"volumes {name}")
    assert cluster.ask("eve", "volumes host-1").startswith("✓ *no volumes on host-1*")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("services shpo", "prod has no stack `shpo`. Did you mean `shop`?"),
        ("services web", "`web` is a service, not a stack."),
        ("services shop web", "`services` does not take `web`."),
        ("service wbe", "prod has no service `wbe`. Did you mean `web`?"),
        ("service", "`service` needs `SERVICE`"),
        ("ps wbe", "prod has no service, node or stack `wbe`. Did you mean `web`?"),
        ("ps", "`ps` needs `SERVICE|NODE|STACK`"),
        ("ps web --al", "`ps` has no `--al`. Did you mean `--all`?"),
        ("stack shpo", "prod has no stack `shpo`. Did you mean `shop`?"),
        ("stacks shop", "`stacks` does not take `shop`."),
        ("networks web", "`networks` does not take `web`."),
        ("volumes", "`volumes` needs `NODE`"),
        ("volumes hots-2", "prod has no node `hots-2`. Did you mean `host-2`?"),
        ("services --cluster lab", "No host of lab that responds is part of a cluster."),
    ],
)
def test_what_cannot_be_answered_is_told(cluster: Scenario, typed: str, told: str) -> None:
    """With the nearest name, or the usage."""
    assert told in cluster.ask("eve", typed)


def test_no_secret_is_shown_or_stored(cluster: Scenario) -> None:
    """Neither to the requester, nor in Redis, its files, the logs and the channels."""
    for words in ("services", "service web", "service shop_api", "ps web --all", "stack shop", "secrets", "configs"):
        cluster.ask("eve", words)
    places = {
        "answers": "\n".join(entry.text for entry in cluster.slack.transcript(cluster.began)),
        "Redis": "\n".join(stored(cluster)),
        "Redis' own files": disk(cluster),
        "channels": channels(cluster),
        **{f"the log of {name}": cluster.deployment.log(name) for name in cluster.deployment.processes},
    }
    for place, found in places.items():
        assert HIDDEN not in found, place
        assert CONTENT not in found, place
    assert "DB_PASSWORD=***" in places["answers"]
    assert "DB_PASSWORD=***" in places["Redis"]
