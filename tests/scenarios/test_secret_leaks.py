"""No secret is stored or shown anywhere else, after all commands that use one and with debug logs of all processes."""

from __future__ import annotations

import re

from tests.kits.scenario import Scenario, stalled
from tests.kits.secret_search import Arguments, channels, disk, shown, stored

SECRET = re.compile(r"SWM(?:TKN|KEY)-1-[\w+/-]+")


def test_only_the_requester_sees_secrets(scenario: Scenario) -> None:
    """Old, rotated and typed tokens and unlock keys are not in Redis, logs, the audit log, channels or arguments."""
    arguments = Arguments()
    arguments.start()
    try:
        tokens = use_all_secrets(scenario)
    finally:
        run = arguments.stop()
    secrets = {secret.rpartition("-")[2] for secret in tokens}
    assert len(secrets) == 8, "two tokens and an unlock key, old and rotated, one token more as promised, a wrong key"
    places = {
        "arguments": run,
        "Redis": "\n".join(stored(scenario)),
        "Redis' own files": disk(scenario),
        "channels": channels(scenario),
        **{f"the log of {name}": scenario.deployment.log(name) for name in scenario.deployment.processes},
    }
    for place, told in places.items():
        assert not [secret for secret in secrets if secret in told], place
        if place != "arguments":  # other tests on this machine may join hosts by hand
            assert not SECRET.search(told), f"{place}: {SECRET.findall(told)}"
    assert "sshd" in places["arguments"]
    assert "told secret" in places["Redis"]
    assert "told secret" in places["Redis' own files"]
    assert places["Redis' own files"].count("swarmbot:secret:") >= 2, "what was typed passed through, encrypted"
    assert "swarmbot:secret:" not in places["Redis"]
    assert "token worker" in places["channels"]
    assert "DEBUG" in places["the log of worker.1"] + places["the log of web"]


def use_all_secrets(scenario: Scenario) -> set[str]:
    """Run all commands that use secrets, and return every secret that was shown or that the engine has."""
    scenario.change("cleo", "init host-1 --autolock")
    scenario.see("cleo", "SWMKEY-1-", private=True)
    scenario.ask("ada", "token worker")
    scenario.ask("cleo", "token manager")
    engine = scenario.inspect()["JoinTokens"]
    scenario.change("cleo", "join manager host-2 host-3")
    with stalled(scenario["host-1"], scenario["host-4"]):
        scenario["host-2"].block(2377, peer=scenario["host-4"])
        scenario["host-3"].block(2377, peer=scenario["host-4"])
        job = scenario.begin("ada", "join worker host-4")
        scenario.ask("ada", "token SWMTKN-1-typed-bymistake")
        scenario.ask("ada", "drain SWMTKN-1-typed-bymistake")
    scenario["host-2"].fix()
    scenario["host-3"].fix()
    scenario.end(job)
    scenario.change("cleo", "token worker --rotate")
    scenario.change("cleo", "token manager --rotate")
    scenario.see("cleo", scenario.inspect()["JoinTokens"]["Manager"], private=True)
    typed = typed_keys(scenario)
    token, address = shown(scenario.ask("ada", "token worker --once"))
    with scenario["host-5"].engine() as by_hand:  # through its engine: a token in arguments is what is looked for
        by_hand.join_swarm([address], token)
    scenario.see("ada", "`host-5` joined; the worker token of prod was rotated.", private=True)
    private = "\n".join(entry.text for entry in scenario.slack.transcript(scenario.began) if entry.private)
    found = {secret for secret in SECRET.findall(private) if "bymistake" not in secret}
    return found | typed | set(engine.values()) | set(scenario.inspect()["JoinTokens"].values())


def typed_keys(scenario: Scenario) -> set[str]:
    """Show and rotate the unlock key, type it wrong and right, and return what was typed."""
    for words in ("unlock-key", "unlock-key --rotate"):
        after = scenario.now
        scenario.slack.slash("cleo", "prod", words)
        scenario.approve("dan", after)
        scenario.see("cleo", "SWMKEY-1-", after=after, private=True)
    after = scenario.now
    scenario.slack.slash("cleo", "prod", "unlock-key")
    scenario.slack.click("dan", scenario.see("dan", "[Deny]", after=after), "Deny")
    scenario.fill("dan", reason="you have SWMTKN-1-typed-bymistake")
    scenario.see("cleo", "Denied", after=after, private=True)
    with scenario["host-1"].engine() as engine:
        right = str(engine.get_unlock_key()["UnlockKey"])
    wrong = f"SWMKEY-1-{'wRoNg' * 8}abc"
    scenario["host-3"].stop_docker()
    scenario["host-3"].start_docker()
    assert scenario.unlock("ada", "host-3", wrong).text.startswith("✗")
    assert scenario.unlock("ada", "host-3", right).text.startswith("✓")
    return {wrong, right}
