"""The menu and the forms at the gate: opened without arguments, run as typed words, refused at their fields."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.audit import Audit
from bot.blocks import Message
from bot.blocks.modals import FieldErrors, Modal
from bot.errors import NotAllowed, NotUnderstood
from bot.gate import Gate
from bot.last_read import LastRead
from bot.queue.queue import Queue
from bot.slack.inbound.requests import MentionRequest, PressRequest, SlashRequest, SubmitRequest
from bot.usergroups import UserGroups
from sandbox.slack.faults import Faults
from sandbox.slack.validate import check_message_blocks, check_view
from tests.kits.gates import gate_of
from tests.kits.totp import KEY
from tests.plans.description import Description
from tests.unit.gate.conftest import CONFIG

URL = "https://hooks.slack.com/commands/1"
TWO: dict[str, Any] = {
    **CONFIG,
    "clusters": {
        "prod": CONFIG["clusters"]["prod"],
        "lab": {"channel": "C0LAB", "hosts": {"host-5": "192.0.2.5"}},
    },
}


def typed(gate: Gate, text: str, channel: str = "C0PROD", user: str = "U0ADA") -> Message | Modal | None:
    """Type a command."""
    return gate.slash(SlashRequest(text, user, channel, URL, f"command:{text}:{channel}", "1.2"))


def form(gate: Gate, text: str, channel: str = "C0PROD") -> Modal:
    """Type a command that opens a form."""
    found = typed(gate, text, channel)
    assert isinstance(found, Modal)
    check_view(found.view())
    return found


def submitted(gate: Gate, modal: Modal, user: str = "U0ADA", **values: str) -> Message | Modal | FieldErrors | None:
    """Submit a form."""
    return gate.submit(
        SubmitRequest(modal.callback, modal.private_metadata, values, user, f"form:{json.dumps(values)}")
    )


def button(message: Message, label: str) -> dict[str, Any]:
    """Return a button of a message."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return next(element for row in rows for element in row if element["text"]["text"] == label)


def press(gate: Gate, element: dict[str, Any], channel: str = "C0PROD") -> Message | Modal | None:
    """Press a button of a message."""
    action = element["action_id"].partition("#")[0]
    key = f"press:{element['value']}"
    return gate.press(PressRequest(action, element["value"], "U0ADA", channel, URL, key, "1.3", "1.4"))


def test_no_words_show_the_menu(gate: Gate, queue: Queue) -> None:
    """Its buttons are commands of the person who presses them; those with an ellipsis open a form."""
    shown = typed(gate, " ")
    assert isinstance(shown, Message)
    check_message_blocks(list(shown.blocks), Faults())
    assert shown.text == "Swarmbot for prod"
    press(gate, button(shown, "Nodes"))
    assert [job.order.words for job in queue.recent("prod", 9)] == ["nodes"]
    opened = press(gate, button(shown, "Add hosts…"))
    assert isinstance(opened, Modal)
    assert opened.title == "join in prod"


def labels(shown: Any) -> list[list[str]]:
    """Return the labels of a message's buttons, by row."""
    rows = [block["elements"] for block in shown.blocks if block["type"] == "actions"]
    return [[element["text"]["text"] for element in row] for row in rows]


QUESTIONS = ["Status", "Map", "Nodes", "Services", "Incidents", "Approvals", "Jobs"]
OPERATE = ["Add hosts…", "Deploy a stack…", "Silence incidents…"]
ADMINISTER = ["Freeze changes…", "Create a cluster…"]
HELP = ["Help", "My permissions"]


@pytest.mark.parametrize(
    ("user", "rows"),
    [
        ("U0ADA", [QUESTIONS, [*OPERATE, *ADMINISTER], HELP]),
        ("U0DAN", [QUESTIONS, OPERATE, HELP]),
        ("U0VERA", [QUESTIONS, HELP]),
        ("U0EVE", [HELP]),
    ],
)
def test_the_menu_offers_what_its_person_may_run(
    redis_url: str, client: Redis, tmp_path: Path, user: str, rows: list[list[str]]
) -> None:
    """With their permissions; help to find out why something is missing is always there."""
    assert client.ping()
    rules = {"view": ["U0VERA"], "operate": ["U0DAN"], "administer": ["admins"]}
    assert labels(typed(gate_of({**CONFIG, "rules": rules}, redis_url, tmp_path), "", user=user)) == rows


def test_the_menu_offers_what_its_person_may_be_allowed(
    redis_url: str, client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack does not say who is in the group: a press asks again."""
    assert client.ping()
    monkeypatch.setattr(UserGroups, "_ask", lambda *_: {})
    rules = {"view": ["S0OPS"], "operate": ["S0OPS"], "administer": ["admins"]}
    shown = typed(gate_of({**CONFIG, "rules": rules}, redis_url, tmp_path), "", user="U0EVE")
    assert labels(shown) == [QUESTIONS, OPERATE, HELP]


def test_a_submitted_form_takes_the_way_of_typed_words(gate: Gate, queue: Queue, audit: Audit) -> None:
    """The same job, words, reason and audit entry, in the channel where the form was opened."""
    answer = submitted(gate, form(gate, "join"), role="worker", hosts="host-1\nhost-2", reason="two more", switches="")
    assert isinstance(answer, Message)
    [job] = queue.in_line("prod")
    order = job.order
    assert (order.words, order.reason, order.channel, order.response_url) == (
        'join worker host-1 host-2 --reason "two more"'.partition(" --reason")[0],
        "two more",
        "C0PROD",
        URL,
    )
    assert [entry.action for entry in audit.query()] == ["asked"]


def test_what_is_wrong_keeps_the_form_open(gate: Gate, queue: Queue) -> None:
    """At its field: a host that is not there, and what only the whole command shows."""
    modal = form(gate, "join")
    found = submitted(gate, modal, role="worker", hosts="host-9")
    assert isinstance(found, FieldErrors)
    assert found.errors["hosts"].startswith("host-9 is not in swarmbot.yml for prod.")
    pools = submitted(gate, form(gate, "init"), host="host-1", cert_expiry="1m")
    assert isinstance(pools, FieldErrors)
    assert pools.errors == {
        "cert_expiry": "The certificate expiry must be at least 1 hour. Use --cert-expiry 1h or more."
    }
    assert queue.recent("prod", 9) == []
    assert isinstance(submitted(gate, modal, role="worker", hosts="host-2"), Message)


def test_a_second_delivery_makes_no_second_job(gate: Gate, queue: Queue) -> None:
    """Its answer is the same."""
    modal = form(gate, "join")
    first, second = (submitted(gate, modal, role="worker", hosts="host-2") for _ in range(2))
    assert first == second
    assert len(queue.in_line("prod")) == 1


def test_who_may_not_run_it_gets_no_form(gate: Gate) -> None:
    """The same refusal as for the typed command."""
    with pytest.raises(NotAllowed, match="You can't run `/swarm join` in prod"):
        typed(gate, "join", user="U0EVE")


def test_the_person_who_submits_is_authorised(gate: Gate, queue: Queue) -> None:
    """What a form carries comes back from Slack and proves nothing."""
    with pytest.raises(NotAllowed):
        submitted(gate, form(gate, "join"), user="U0EVE", role="worker", hosts="host-2")
    assert queue.recent("prod", 9) == []


def test_a_form_in_a_channel_of_no_cluster_follows_the_choice(redis_url: str, client: Redis, tmp_path: Path) -> None:
    """First the cluster, then its own hosts; the words name it."""
    assert client.ping()
    gate = gate_of(TWO, redis_url, tmp_path)
    offered = typed(gate, "join", "C0OTHER")
    assert isinstance(offered, Message)
    opened = press(gate, button(offered, "lab"), "C0OTHER")
    assert isinstance(opened, Modal)
    assert "host-5" in str(opened.blocks)
    assert "/swarm join worker host-5 --cluster lab" in str(opened.blocks[-1])
    there = form(gate, "join --cluster lab", "C0OTHER")
    assert there.blocks == opened.blocks


def test_the_words_below_follow_the_fields(gate: Gate) -> None:
    """The open form is replaced by one with the same fields, if nothing else has replaced it since."""
    modal = form(gate, "join")
    entered = {"role": "manager", "hosts": "host-2"}
    changed = gate.press(
        PressRequest(
            "hosts", "", "U0ADA", "", "", "press:1", "1.3", "",
            view="modal", view_id="V1", view_hash="1.a", callback=modal.callback,
            private_metadata=modal.private_metadata, values=entered,
        )
    )  # fmt: skip
    assert isinstance(changed, Modal)
    assert changed.replaces == ("V1", "1.a")
    assert changed.blocks[:-1] == modal.blocks[:-1]
    assert "`/swarm join manager host-2`" in str(changed.blocks[-1])


def test_a_message_without_arguments_reads_the_usage(gate: Gate) -> None:
    """Slack opens no form for a message. Without words it gets the menu, whose buttons do."""
    command = SlashRequest("join", "U0ADA", "C0PROD", "", "message:C0PROD:1.1", "", thread="1.1")
    with pytest.raises(NotUnderstood, match="`join` needs"):
        gate.mention(MentionRequest(command, time.time(), outside=False))
    empty = SlashRequest("", "U0ADA", "C0PROD", "", "message:C0PROD:1.2", "", thread="1.2")
    shown = gate.mention(MentionRequest(empty, time.time(), outside=False))
    assert shown
    assert shown.text == "Swarmbot for prod"


def test_a_form_of_another_version_is_refused(gate: Gate) -> None:
    """It was open during an upgrade."""
    for metadata in ("", "{}", '{"command": "gone", "cluster": "prod", "channel": "", "response_url": ""}'):
        with pytest.raises(NotUnderstood, match="another version"):
            gate.submit(SubmitRequest("command.fill", metadata, {}, "U0ADA", f"form:{metadata}"))


def test_a_form_of_a_cluster_that_is_gone(gate: Gate) -> None:
    """It was open while swarmbot.yml changed: filling it and submitting it are refused alike."""
    metadata = json.dumps({"command": "drain", "cluster": "old", "channel": "C0PROD", "response_url": URL})
    with pytest.raises(NotUnderstood, match="another version"):
        gate.submit(SubmitRequest("command.fill", metadata, {}, "U0ADA", "form:1"))
    changed = PressRequest(
        "node",
        "host-1",
        "U0ADA",
        "",
        "",
        "press:1",
        "1.3",
        "",
        view="modal",
        callback="command.fill",
        private_metadata=metadata,
    )
    with pytest.raises(NotUnderstood, match="another version"):
        gate.press(changed)


def test_deploy_goes_on_to_the_form_for_the_file(redis_url: str, client: Redis, tmp_path: Path) -> None:
    """`--file` asks for a text: its form takes the place of this one."""
    assert client.ping()
    gate = gate_of(CONFIG, redis_url, tmp_path, SWARMBOT_SECRET_KEY=KEY.reveal())
    found = submitted(gate, form(gate, "deploy"), stack="app", switches="--file")
    assert isinstance(found, Modal)
    assert found.callback == "text.give"


@pytest.mark.parametrize(("command", "field"), [("init", "host"), ("join", "hosts")])
def test_hosts_that_are_nodes_are_not_offered_again(gate: Gate, client: Redis, command: str, field: str) -> None:
    """By what was read last."""
    swarm = Description.model_validate({"hosts": {"host-1": {"is": "leader"}}}).facts().swarm
    assert swarm is not None
    LastRead(client).note("prod", swarm)
    [shown] = [block for block in form(gate, command).blocks if block.get("block_id") == field]
    assert {option["value"] for option in shown["element"]["options"]} == {"host-2"}


def test_a_form_says_that_no_host_is_left(gate: Gate, client: Redis) -> None:
    """A name can be typed nevertheless: the node may have left since the last reading."""
    swarm = (
        Description.model_validate({"hosts": {"host-1": {"is": "leader"}, "host-2": {"is": "worker"}}}).facts().swarm
    )
    assert swarm is not None
    LastRead(client).note("prod", swarm)
    modal = form(gate, "join")
    assert "Each host of prod in swarmbot.yml is a node already." in str(modal.blocks[0])
    [shown] = [block for block in modal.blocks if block.get("block_id") == "hosts"]
    assert shown["element"]["type"] == "plain_text_input"


def test_a_freeze_and_a_silence_are_carried_out(gate: Gate) -> None:
    """The gate itself does."""
    frozen = submitted(gate, form(gate, "freeze"), until="4h", reason="sale")
    assert isinstance(frozen, Message)
    assert "frozen" in frozen.text
    silenced = submitted(gate, form(gate, "silence"), subject="all", for_="2h", reason="new disks")
    assert isinstance(silenced, Message)
    long = submitted(gate, form(gate, "silence"), subject="all", for_="99d", reason="x")
    assert isinstance(long, FieldErrors)
    assert long.errors.keys() == {"for_"}
