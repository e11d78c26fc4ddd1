"""What one process has found out about a workspace's blocks holds for the others, for a day, and never stops them."""

from __future__ import annotations

from redis import Redis

from bot import blocks
from bot.secrets.secret import Secret
from bot.settings import Settings
from bot.slack.outbound.block_age import READ_INTERVAL_S, SharedBlockAge
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from bot.store import keys
from bot.store.client import MONITORING_TIMEOUTS, connect
from sandbox.slack import LocalSlack
from tests.kits.outbox import Clock

NODES = blocks.Message("Nodes", [blocks.data_table("Nodes", ("node", "state"), [("host-1", "ready")])])


def process(slack: LocalSlack, redis: Redis, clock: Clock | None = None) -> Notifier:
    """What a process of the bot sends by, just started."""
    settings = Settings.from_environment(slack.environment())
    return Notifier(web_client(settings), SharedBlockAge(redis, web_client(settings, retries=False), clock or Clock()))


def refused(slack: LocalSlack) -> int:
    """How often Slack refused blocks."""
    return sum(call.body.get("error") == "invalid_blocks" for call in slack.workspace.calls)


def test_another_process_and_the_next_one_know_it(slack: LocalSlack, client: Redis, redis_url: str) -> None:
    """One refused call for all of them, those that are started later too."""
    slack.fault("refuse_block", "data_table")
    clock = Clock()
    process(slack, client).post("C0PROD", NODES)
    running = process(slack, connect(Secret(redis_url)), clock)
    for _ in range(2):
        running.post("C0PROD", NODES)
    process(slack, connect(Secret(redis_url))).post("C0PROD", NODES)
    assert refused(slack) == 1
    assert [[block["type"] for block in each.blocks] for each in slack.messages("prod")] == [["table"]] * 4


def test_a_process_that_runs_learns_it_within_a_minute(slack: LocalSlack, client: Redis) -> None:
    """What another one finds out meanwhile."""
    clock = Clock()
    running = process(slack, client, clock)
    running.post("C0PROD", blocks.text_message("hello"))
    slack.fault("refuse_block", "data_table")
    process(slack, client).post("C0PROD", NODES)
    clock.at += READ_INTERVAL_S
    running.post("C0PROD", NODES)
    assert refused(slack) == 1


def test_a_workspace_that_gets_the_blocks_has_them_a_day_later(slack: LocalSlack, client: Redis) -> None:
    """The key has an expiry; without it the newest blocks are tried again, by processes that run, too."""
    slack.fault("refuse_block", "data_table")
    clock = Clock()
    running = process(slack, client, clock)
    running.post("C0PROD", NODES)
    [key] = client.scan_iter(keys.block_age("*"))
    assert 0 < client.ttl(key) <= keys.BLOCK_AGE_TTL_S
    slack.clear_faults()
    client.delete(key)
    clock.at += READ_INTERVAL_S
    running.post("C0PROD", NODES)
    assert slack.messages("prod")[-1].blocks[0]["type"] == "data_table"


def test_two_workspaces_have_nothing_to_do_with_each_other(slack: LocalSlack, client: Redis) -> None:
    """The key has the workspace's id, which Slack is asked for once."""
    client.set(keys.block_age("T0OTHER"), "older")
    sending = process(slack, client)
    for _ in range(2):
        sending.post("C0PROD", NODES)
    assert slack.messages("prod")[-1].blocks[0]["type"] == "data_table"
    assert sum(call.method == "auth.test" for call in slack.workspace.calls) == 1


def test_without_redis_it_holds_in_the_process(slack: LocalSlack) -> None:
    """Messages are sent, and what was refused is not tried again."""
    slack.fault("refuse_block", "data_table")
    sending = process(slack, connect(Secret("redis://127.0.0.1:9/0"), MONITORING_TIMEOUTS))
    for _ in range(2):
        sending.post("C0PROD", NODES)
    assert (refused(slack), len(slack.messages("prod"))) == (1, 2)


def test_an_unknown_workspace_is_asked_for_again(slack: LocalSlack, client: Redis) -> None:
    """Slack did not say which one it is: the message is sent, and a minute later Slack is asked again."""
    slack.fault("error", "auth.test", code="internal_error", times=1)
    slack.fault("refuse_block", "data_table")
    clock = Clock()
    sending = process(slack, client, clock)
    sending.post("C0PROD", NODES)
    assert [*client.scan_iter(keys.block_age("*"))] == []
    clock.at += READ_INTERVAL_S
    sending.post("C0PROD", NODES)
    assert len([*client.scan_iter(keys.block_age("*"))]) == 1


def test_what_another_version_stored_is_no_reason_to_stop(slack: LocalSlack, client: Redis) -> None:
    """A word that this one does not know means nothing."""
    sending = process(slack, client)
    sending.post("C0PROD", NODES)
    client.set(keys.block_age(slack.team.team_id), "oldest")
    process(slack, client).post("C0PROD", NODES)
    assert slack.messages("prod")[-1].blocks[0]["type"] == "data_table"
