"""No secret is stored or shown anywhere else, after all commands that use one and with debug logs of all processes."""

from __future__ import annotations

import re

from tests.kits.scenario import Play, stalled
from tests.kits.secret_search import Arguments, channels, disk, shown, stored

SECRET = re.compile(r"SWM(?:TKN|KEY)-1-[\w+/-]+")


def test_only_the_requester_sees_secrets(play: Play) -> None:
    """Old, rotated and typed tokens and unlock keys are not in Redis, logs, the audit log, channels or arguments."""
    arguments = Arguments()
    arguments.start()
    try:
        tokens = use_all_secrets(play)
    finally:
        run = arguments.stop()
    secrets = {secret.rpartition("-")[2] for secret in tokens}
    assert len(secrets) == 8, "two tokens and an unlock key, old and rotated, one token more as promised, a wrong key"
    places = {
        "arguments": run,
        "Redis": "\n".join(stored(play)),
        "Redis' own files": disk(play),
        "channels": channels(play),
        **{f"the log of {name}": play.stage.log(name) for name in play.stage.processes},
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


def use_all_secrets(play: Play) -> set[str]:
    """Run all commands that use secrets, and return every secret that was shown or that the engine has."""
    play.change("cleo", "init host-1 --autolock")
    play.see("cleo", "SWMKEY-1-", private=True)
    play.ask("ada", "token worker")
    play.ask("cleo", "token manager")
    engine = play.inspect()["JoinTokens"]
    play.change("cleo", "join manager host-2 host-3")
    with stalled(play["host-1"], play["host-4"]):
        play["host-2"].block(2377, peer=play["host-4"])
        play["host-3"].block(2377, peer=play["host-4"])
        job = play.begin("ada", "join worker host-4")
        play.ask("ada", "token SWMTKN-1-typed-bymistake")
        play.ask("ada", "drain SWMTKN-1-typed-bymistake")
    play["host-2"].fix()
    play["host-3"].fix()
    play.end(job)
    play.change("cleo", "token worker --rotate")
    play.change("cleo", "token manager --rotate")
    play.see("cleo", play.inspect()["JoinTokens"]["Manager"], private=True)
    typed = typed_keys(play)
    token, address = shown(play.ask("ada", "token worker --once"))
    with play["host-5"].engine() as by_hand:  # through its engine: a token in arguments is what is looked for
        by_hand.join_swarm([address], token)
    play.see("ada", "`host-5` joined; the worker token of prod was rotated.", private=True)
    private = "\n".join(entry.text for entry in play.slack.transcript(play.began) if entry.private)
    found = {secret for secret in SECRET.findall(private) if "bymistake" not in secret}
    return found | typed | set(engine.values()) | set(play.inspect()["JoinTokens"].values())


def typed_keys(play: Play) -> set[str]:
    """Have the unlock key shown, rotated and typed, wrong and right, and return what was typed."""
    for words in ("unlock-key", "unlock-key --rotate"):
        after = play.now
        play.slack.slash("cleo", "prod", words)
        play.approve("dan", after)
        play.see("cleo", "SWMKEY-1-", after=after, private=True)
    after = play.now
    play.slack.slash("cleo", "prod", "unlock-key")
    play.slack.click("dan", play.see("dan", "[Deny]", after=after), "Deny")
    play.fill("dan", reason="you have SWMTKN-1-typed-bymistake")
    play.see("cleo", "Denied", after=after, private=True)
    with play["host-1"].engine() as engine:
        right = str(engine.get_unlock_key()["UnlockKey"])
    wrong = f"SWMKEY-1-{'wRoNg' * 8}abc"
    play["host-3"].stop_docker()
    play["host-3"].start_docker()
    assert play.unlock("ada", "host-3", wrong).text.startswith("✗")
    assert play.unlock("ada", "host-3", right).text.startswith("✓")
    return {wrong, right}
