"""The Web API refuses what Slack refuses, as seen by Slack's own client."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import LocalSlack

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*all is well*"}}


def refused(call: Callable[[], object]) -> str:
    """Return the error code of a refused call."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_auth_test_names_the_bot_and_its_scopes(client: WebClient) -> None:
    """auth.test returns the token's bot, and each answer contains the token's scopes."""
    answer = client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0LOCAL", "U0SWARM", "B0SWARM")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


def test_tokens_are_checked(slack: LocalSlack) -> None:
    """A missing token, an unknown one, and one of the wrong kind have different errors."""
    base = f"{slack.url}/api/"
    assert refused(WebClient(base_url=base).auth_test) == "not_authed"
    assert refused(WebClient(token="xoxb-wrong", base_url=base).auth_test) == "invalid_auth"  # noqa: S106 - a wrong one
    bot = WebClient(token=slack.team.app.bot_token, base_url=base)
    assert refused(lambda: bot.api_call("apps.connections.open")) == "not_allowed_token_type"


def test_a_missing_scope_is_named(slack: LocalSlack, client: WebClient) -> None:
    """A method without its scope is refused, and the error names the scope."""
    slack.team.app.scopes.discard("usergroups:read")
    with pytest.raises(SlackApiError) as caught:
        client.usergroups_list()
    assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", "usergroups:read")


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    """A method that Slack does not have is refused."""
    assert refused(lambda: client.api_call("chat.shout")) == "unknown_method"


def test_a_post_needs_membership_and_content(slack: LocalSlack, client: WebClient) -> None:
    """A message needs content and an existing channel that has the bot and is not archived."""
    assert refused(lambda: client.chat_postMessage(channel="C0NONE", text="x")) == "channel_not_found"
    assert refused(lambda: client.chat_postMessage(channel="C0RANDOM", text="x")) == "not_in_channel"
    silent = {"channel": "C0PROD", "text": ""}
    assert refused(lambda: client.api_call("chat.postMessage", json=silent)) == "no_text"
    not_blocks = {"channel": "C0PROD", "text": "x", "blocks": "[{"}
    assert refused(lambda: client.api_call("chat.postMessage", json=not_blocks)) == "invalid_blocks_format"
    slack.team.channels["C0PROD"].is_archived = True
    assert refused(lambda: client.chat_postMessage(channel="C0PROD", text="x")) == "is_archived"


def test_update_without_blocks_deletes_them(slack: LocalSlack, client: WebClient) -> None:
    """chat.update with only text removes the blocks; the transcript keeps the earlier content."""
    ts = client.chat_postMessage(channel="C0PROD", text="fallback", blocks=[SECTION])["ts"]
    assert slack.messages("prod")[0].shown == "*all is well*"
    client.chat_update(channel="C0PROD", ts=ts, text="over")
    assert (slack.messages("prod")[0].blocks, slack.messages("prod")[0].shown) == ([], "over")
    assert [entry.text for entry in slack.seen_by("ada")] == ["*all is well*", "over"]


def test_only_the_bots_messages_are_updated(slack: LocalSlack, client: WebClient) -> None:
    """An unknown message, somebody else's message, and text over 4,000 characters are refused."""
    slack.say("ada", "prod", "hello")
    theirs, ours = slack.messages("prod")[0].ts, client.chat_postMessage(channel="C0PROD", text="x")["ts"]
    assert refused(lambda: client.chat_update(channel="C0PROD", ts="1.000001", text="y")) == "message_not_found"
    assert refused(lambda: client.chat_update(channel="C0LAB", ts=str(ours), text="y")) == "message_not_found"
    assert refused(lambda: client.chat_update(channel="C0PROD", ts=theirs, text="y")) == "cant_update_message"
    assert refused(lambda: client.chat_update(channel="C0PROD", ts=str(ours), text="y" * 4001)) == "msg_too_long"
    assert refused(lambda: client.chat_delete(channel="C0PROD", ts=theirs)) == "cant_delete_message"
    client.chat_update(channel="C0PROD", ts=str(ours), text="y" * 4000)


def test_one_person_sees_an_ephemeral(slack: LocalSlack, client: WebClient) -> None:
    """One member of the channel sees an ephemeral; it is in no history, cannot be updated, and a reload removes it."""
    assert refused(lambda: client.chat_postEphemeral(channel="C0LAB", user="U0EVE", text="x")) == "user_not_in_channel"
    assert refused(lambda: client.chat_postEphemeral(channel="C0RANDOM", user="U0EVE", text="x")) == "not_in_channel"
    ts = str(client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text="for ada")["message_ts"])
    assert [(entry.text, entry.private) for entry in slack.seen_by("ada")] == [("for ada", True)]
    assert slack.seen_by("ben") == []
    slack.team.app.scopes.add("channels:history")
    assert client.conversations_history(channel="C0PROD")["messages"] == []
    assert refused(lambda: client.chat_update(channel="C0PROD", ts=ts, text="y")) == "message_not_found"
    assert refused(lambda: client.chat_delete(channel="C0PROD", ts=ts)) == "message_not_found"
    slack.reload("ada")
    assert slack.ephemerals("ada") == []


def test_groups_people_and_channels_can_be_read(slack: LocalSlack, client: WebClient) -> None:
    """Changes of the team are visible to the bot at once."""
    assert client.usergroups_users_list(usergroup="S0OPS")["users"] == ["U0ADA", "U0BEN"]
    slack.team.set_group("@operators", ["U0BEN"])
    assert client.usergroups_list(include_users=True)["usergroups"][0]["users"] == ["U0BEN"]
    assert refused(lambda: client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    assert client.users_info(user="U0CLEO")["user"]["name"] == "cleo"
    assert refused(lambda: client.users_info(user="U0NONE")) == "user_not_found"
    assert client.conversations_info(channel="C0RANDOM")["channel"]["is_member"] is False
    assert "U0EVE" in client.conversations_members(channel="C0PROD")["members"]


def test_direct_messages_are_opened(slack: LocalSlack, client: WebClient) -> None:
    """conversations.open and a post to a person's id use the same direct messages."""
    channel = client.conversations_open(users="U0ADA")["channel"]["id"]
    assert client.chat_postMessage(channel="U0ADA", text="hello")["channel"] == channel
    assert [entry.text for entry in slack.seen_by("ada")] == ["hello"]
    assert slack.seen_by("ben") == []


def test_home_with_an_old_hash_is_refused(client: WebClient) -> None:
    """views.publish refuses a hash that is no longer that of the view."""
    view = {"type": "home", "blocks": [SECTION]}
    old = client.views_publish(user_id="U0ADA", view=view)["view"]["hash"]
    client.views_publish(user_id="U0ADA", view=view, hash=old)
    assert refused(lambda: client.views_publish(user_id="U0ADA", view=view, hash=old)) == "hash_conflict"


@pytest.mark.parametrize("kind", ["http_500", "rate_limited", "error"])
def test_a_fault_affects_one_method(slack: LocalSlack, client: WebClient, kind: str) -> None:
    """A fault with times=1 breaks the named method once, and no other method."""
    slack.fault(kind, "chat.postMessage", times=1, seconds=7)  # type: ignore[arg-type] # one of the kinds
    client.auth_test()
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0PROD", text="x")
    assert caught.value.response.headers.get("Retry-After") == ("7" if kind == "rate_limited" else None)
    assert slack.messages("prod") == []
    client.chat_postMessage(channel="C0PROD", text="x")


def test_an_answer_can_be_lost(slack: LocalSlack, client: WebClient) -> None:
    """``drop`` breaks the connection before the call has an effect, ``drop_after`` afterwards."""
    client.retry_handlers.clear()
    for kind, messages in (("drop", 0), ("drop_after", 1)):
        slack.fault(kind, "chat.postMessage", times=1)  # type: ignore[arg-type] # one of the kinds
        with pytest.raises(ConnectionError):
            client.chat_postMessage(channel="C0PROD", text="x")
        assert len(slack.messages("prod")) == messages


def test_an_ephemeral_can_be_lost(slack: LocalSlack, client: WebClient) -> None:
    """``ephemeral_lost`` answers ok and shows nothing, as can happen at Slack."""
    slack.fault("ephemeral_lost", "U0ADA", times=1)
    assert client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text="x")["ok"]
    assert slack.seen_by("ada") == []


def test_a_slow_answer_times_out(slack: LocalSlack) -> None:
    """``slow`` delays the answer; a client with a shorter time-out gives up."""
    slack.fault("slow", "auth.test", times=1, seconds=5)
    impatient = WebClient(token=slack.team.app.bot_token, base_url=f"{slack.url}/api/", timeout=1)
    impatient.timeout = 0.1  # type: ignore[assignment] # urllib takes fractions
    with pytest.raises(TimeoutError):
        impatient.auth_test()


def test_a_private_channel_is_hidden(slack: LocalSlack, client: WebClient) -> None:
    """A private channel without the bot is channel_not_found, for all methods."""
    slack.team.add_channel("G0SECRET", "secret", ["U0ADA"], is_private=True)
    assert refused(lambda: client.conversations_info(channel="G0SECRET")) == "channel_not_found"
    slack.team.set_members("secret", ["U0ADA", "U0SWARM"])
    assert client.conversations_info(channel="G0SECRET")["channel"]["is_private"] is True
