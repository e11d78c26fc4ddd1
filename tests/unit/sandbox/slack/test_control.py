"""The local Slack is controlled over HTTP, waits without polling, and runs as a separate process."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient

from sandbox.slack import LocalSlack
from sandbox.slack.cli import add_parser, run


def control(url: str, action: str, **arguments: Any) -> Any:
    """Call an action and return its result."""
    headers = {"Content-Type": "application/json"}
    request = Request(f"{url}/control/{action}", json.dumps(arguments).encode(), headers)  # noqa: S310 - the local Slack
    with urlopen(request, timeout=15) as response:  # noqa: S310 - the local Slack
        return json.loads(response.read())["result"]


def test_wait_to_see_returns_the_entry(slack: LocalSlack, client: WebClient) -> None:
    """wait_to_see returns what another thread causes, and raises TimeoutError with the last entries otherwise."""
    poster = Thread(target=lambda: client.chat_postMessage(channel="C0PROD", text="2 of 2 workers joined"))
    poster.start()
    assert slack.wait_to_see("ada", "2 of 2").private is False
    poster.join()
    with pytest.raises(TimeoutError, match="2 of 2 workers"):
        slack.wait_to_see("ada", "3 of 3", timeout=0.05)


def test_the_transcript_names_channel_author_and_reader(slack: LocalSlack, client: WebClient) -> None:
    """The transcript shows channel and author, and the reader of a private message."""
    slack.slash("ada", "prod", "token worker")
    client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text="Run this")
    text = slack.text()
    assert "#prod · @ada\n    /swarm token worker" in text
    assert "#prod · @swarmbot → only @ada\n    Run this" in text


def test_another_process_can_control_slack(slack: LocalSlack, client: WebClient) -> None:
    """Commands, faults, edits of the team and the transcript work over HTTP; errors have their own status codes."""
    assert control(slack.url, "slash", user="ada", channel="prod", text="status")["error"] == "dispatch_failed"
    control(slack.url, "set_group", group="operators", users=["U0EVE"])
    assert client.usergroups_users_list(usergroup="S0OPS")["users"] == ["U0EVE"]
    client.chat_postMessage(channel="C0PROD", text="healthy")
    assert control(slack.url, "messages", channel="prod")[0]["shown"] == "healthy"
    assert control(slack.url, "wait_to_see", user="ben", contains="healthy")["to"] == sorted(
        slack.team.channels["C0PROD"].members
    )
    for action, arguments, status in (
        ("slash", {"user": "nobody", "channel": "prod", "text": ""}, 409),
        ("slash", {"who": "ada"}, 400),
        ("fault", {"kind": "earthquake"}, 409),
        ("wait_to_see", {"user": "ben", "contains": "sick", "timeout": 0.05}, 408),
        ("shout", {}, 404),
    ):
        with pytest.raises(HTTPError) as caught:
            control(slack.url, action, **arguments)
        assert caught.value.code == status


def test_slack_runs_as_a_process() -> None:
    """``python -m sandbox.slack`` prints its URL and the bot's environment, and ends on SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.slack", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[-1]
        environment = control(url, "environment")
        assert environment["SLACK_API_URL"] == f"{url}/api/"
        assert WebClient(token=environment["SLACK_BOT_TOKEN"], base_url=f"{url}/api/").auth_test()["ok"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdout.close()


def test_a_port_in_use_is_reported(slack: LocalSlack, capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use raises OSError; the command line prints one sentence and exits with 1."""
    port = int(slack.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"), LocalSlack(port=port):
        pass
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert run(argparse.Namespace(host="127.0.0.1", port=port, bot_url="", socket_mode=False)) == 1
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_slack_is_a_sandbox_command() -> None:
    """``sandbox slack`` parses its options."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args(["slack", "--port", "0", "--socket-mode"])
    assert (args.port, args.socket_mode, args.act) == (0, True, run)
