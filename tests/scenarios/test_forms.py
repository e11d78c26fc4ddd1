"""The menu and the forms, as people use them."""

from __future__ import annotations

from typing import Any

from sandbox.slack.observer import Observer
from tests.kits.scenario import JOB, Scenario


def form(slack: Observer, user: str) -> list[Any]:
    """Return the fields of a person's open form, once it is there."""
    who = slack.team.user(user).id
    stack = slack.wait_for(lambda seen: seen.workspace.views.stack(who))
    return list(stack[-1].content["blocks"])


def test_hosts_are_added_from_the_menu(scenario: Scenario) -> None:
    """The menu's button opens the form; it offers hosts that are no nodes yet, and runs as typed words."""
    scenario.cluster()
    scenario.ask("ada", "nodes")
    after = scenario.now
    scenario.slack.slash("ada", "prod", "")
    shown = scenario.see("ada", "Swarmbot for prod", after=after, private=True)
    scenario.slack.click("ada", shown, "Add hosts…")
    fields = form(scenario.slack, "ada")
    hosts = next(block for block in fields if block["block_id"] == "hosts")
    assert [option["value"] for option in hosts["element"]["options"]] == ["host-2", "host-3", "host-4"]
    scenario.slack.click_in_view("ada", "hosts", ["host-2"])
    scenario.slack.wait_for(lambda slack: "`/swarm join worker host-2`" in str(form(slack, "ada")[-1]))
    scenario.slack.submit_view("ada", {"label": "zone=a"})
    found = JOB.search(scenario.see("ada", "is job", after=shown.number, private=True).text)
    assert found
    assert scenario.end(found[1]).text.startswith("✓")
    assert scenario.nodes()["host-2"] == "Ready Active"
    labels = scenario["host-1"].docker("node", "inspect", "host-2", "--format", "{{json .Spec.Labels}}")
    assert '"zone":"a"' in labels


def test_the_shortcut_opens_the_menu(manager: Scenario) -> None:
    """From wherever somebody is: it asks for the cluster, and a question is answered directly."""
    after = manager.now
    manager.slack.shortcut("ada", "menu")
    form(manager.slack, "ada")
    manager.slack.click_in_view("ada", "Nodes")
    manager.slack.wait_to_see("ada", "`/swarm nodes` needs one.", after=after, timeout=60)
    manager.slack.click_in_view("ada", "prod")
    answer = manager.slack.wait_to_see("ada", "1 of 1 node ready", after=after, timeout=60)
    assert answer.channel.startswith("D")
    manager.slack.close_views()


def test_a_wrong_field_keeps_the_form_open(manager: Scenario) -> None:
    """The error is at the field; corrected, the same form runs."""
    manager.slack.slash("ada", "prod", "silence")
    form(manager.slack, "ada")
    wrong = manager.slack.submit_view("ada", {"subject": "all", "for_": "soon", "reason": "new disks"})
    assert isinstance(wrong.body, dict)
    assert wrong.body["errors"].keys() == {"for_"}
    assert wrong.body["errors"]["for_"].startswith("soon is not a duration.")
    right = manager.slack.submit_view("ada", {"subject": "all", "for_": "2h", "reason": "new disks"})
    assert isinstance(right.body, dict)
    assert right.body["response_action"] == "update"
    assert "new disks" in manager.ask("ada", "silences")


def test_a_form_needs_the_commands_permission(manager: Scenario) -> None:
    """Eve, who may only view, gets the refusal."""
    assert manager.ask("eve", "freeze").startswith("You can't run `/swarm freeze` in prod: it needs @admins.")
    assert not manager.slack.workspace.views.stack("U0EVE")
