"""Files go up as Slack takes them, are ready a while later, and are seen by whom they were shared with."""

from __future__ import annotations

import base64
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import CannotDo, LocalSlack
from tests.unit.sandbox.slack.test_control import control

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
)


def refused(call: Callable[[], object]) -> str:
    """Return the error that a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def upload(client: WebClient, content: bytes = PNG, filename: str = "code.png", **more: Any) -> str:
    """Upload a file as the SDK does; return its id."""
    answer = client.files_upload_v2(file=content, filename=filename, **more)
    return str(answer["files"][0]["id"])


def image(file_id: str) -> list[dict[str, Any]]:
    """Return blocks that show a picture."""
    return [{"type": "image", "alt_text": "a code", "slack_file": {"id": file_id}}]


def post_bytes(url: str, content: bytes, content_type: str = "application/octet-stream") -> int:
    """Post to an upload URL; return the status."""
    request = Request(url, content, {"Content-Type": content_type})  # noqa: S310 - the local Slack
    try:
        with urlopen(request, timeout=5) as response:  # noqa: S310 - the local Slack
            return int(response.status)
    except HTTPError as error:
        return error.code


def test_a_file_in_a_channel_is_seen_by_its_members(slack: LocalSlack, client: WebClient) -> None:
    """The SDK's upload shows the file with its comment to the members, and its bytes can be looked at."""
    file_id = upload(client, b"a,b\n", "audit.csv", channel="C0LAB", initial_comment="The log", title="Audit")
    assert slack.wait_to_see("ben", "file audit.csv (4 bytes)").files == (file_id,)
    message = slack.messages("lab")[0]
    assert (message.shown, message.user) == ("The log\nfile audit.csv (4 bytes)", slack.world.app.bot_user)
    assert slack.file_bytes(file_id) == b"a,b\n"
    assert slack.file_seen_by(file_id) == ["ada", "ben", "cleo"]


def test_a_file_in_direct_messages_is_one_persons(slack: LocalSlack, client: WebClient) -> None:
    """A conversation's id shares with that person alone; a person's id is refused, as Slack does."""
    assert refused(lambda: upload(client, channel="U0ADA")) == "invalid_arguments"
    channel = str(client.conversations_open(users="U0ADA")["channel"]["id"])
    file_id = upload(client, channel=channel)
    slack.file_delay(0)
    assert slack.picture("ada", file_id) == PNG
    assert slack.file_seen_by(file_id) == ["ada"]
    with pytest.raises(CannotDo, match="ben sees no file"):
        slack.picture("ben", file_id)
    assert client.files_info(file=file_id)["file"]["ims"] == [channel]


def test_a_file_without_a_channel_is_the_bots(slack: LocalSlack, client: WebClient) -> None:
    """Nobody sees a file that was shared nowhere, and the bot does."""
    file_id = upload(client)
    assert client.files_info(file=file_id)["file"]["name"] == "code.png"
    assert (slack.file_seen_by(file_id), slack.transcript()) == ([], [])
    with pytest.raises(CannotDo, match="ada sees no file"):
        slack.picture("ada", file_id)


def test_a_file_is_ready_a_while_after_its_completion(slack: LocalSlack, client: WebClient) -> None:
    """Until then it has no mimetype, no shares, and no image may show it; afterwards all of that."""
    slack.file_delay(60)
    file_id = upload(client, channel="C0PROD")
    early = client.files_info(file=file_id)["file"]
    assert (early["mimetype"], early["filetype"], early["shares"], early["channels"]) == ("", "", {}, [])
    with pytest.raises(SlackApiError, match=r"invalid slack file \[json-pointer:/blocks/0/slack_file\]") as caught:
        client.chat_postMessage(channel="C0PROD", text="x", blocks=image(file_id))
    assert caught.value.response["error"] == "invalid_blocks"
    with pytest.raises(CannotDo, match="not ready yet"):
        slack.picture("ada", file_id)
    slack.advance(60)
    late = client.files_info(file=file_id)["file"]
    ts = slack.messages("prod")[0].ts
    assert (late["mimetype"], late["filetype"], late["channels"]) == ("image/png", "png", ["C0PROD"])
    assert late["shares"] == {"public": {"C0PROD": [{"ts": ts}]}}
    client.chat_postMessage(channel="C0PROD", text="x", blocks=image(file_id))


def test_a_picture_is_seen_while_its_message_is(slack: LocalSlack, client: WebClient) -> None:
    """A picture in an ephemeral is one person's, until their Slack is reloaded."""
    slack.file_delay(0)
    file_id = upload(client)
    client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text="x", blocks=image(file_id))
    assert slack.picture("ada", file_id) == PNG
    assert slack.file_seen_by(file_id) == ["ada"]
    slack.reload("ada")
    with pytest.raises(CannotDo, match="ada sees no file"):
        slack.picture("ada", file_id)


def test_a_picture_in_home_is_seen(slack: LocalSlack, client: WebClient) -> None:
    """A view shows a ready picture, beside text too, and refuses one that is not there."""
    home: dict[str, Any] = {"type": "home", "blocks": image("F0123456789")}
    assert refused(lambda: client.views_publish(user_id="U0ADA", view=home)) == "invalid_arguments"
    slack.file_delay(0)
    file_id = upload(client)
    home["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": image(file_id)[0]}]
    client.views_publish(user_id="U0ADA", view=home)
    assert slack.picture("ada", file_id) == PNG
    assert slack.file_seen_by(file_id) == ["ada"]


def test_only_pictures_are_shown_as_pictures(slack: LocalSlack, client: WebClient) -> None:
    """What a file is called does not make it a picture."""
    slack.file_delay(0)
    file_id = upload(client, b"not a picture", "code.png", channel="C0PROD")
    blocks = image(file_id)
    assert refused(lambda: client.chat_postMessage(channel="C0PROD", text="x", blocks=blocks)) == "invalid_blocks"
    with pytest.raises(CannotDo, match="is no picture"):
        slack.picture("ada", file_id)


def test_a_deleted_file_is_gone_from_everywhere(slack: LocalSlack, client: WebClient) -> None:
    """Its message goes, or stays with its comment; its bytes and pictures go; who saw it stays known."""
    slack.file_delay(0)
    bare, told = upload(client, channel="C0LAB"), upload(client, channel="C0LAB", initial_comment="Keep this")
    client.files_delete(file=bare)
    client.files_delete(file=told)
    assert [message.shown for message in slack.messages("lab")] == ["Keep this"]
    assert refused(lambda: client.files_info(file=bare)) == "file_deleted"
    assert refused(lambda: client.files_delete(file=bare)) == "file_deleted"
    assert refused(lambda: client.files_delete(file="F0123456789")) == "file_not_found"
    assert refused(lambda: client.chat_postMessage(channel="C0LAB", text="x", blocks=image(bare))) == "invalid_blocks"
    with pytest.raises(CannotDo, match="file_deleted"):
        slack.file_bytes(bare)
    assert slack.file_seen_by(bare) == ["ada", "ben", "cleo"]


def test_several_files_are_one_message_in_its_thread(slack: LocalSlack, client: WebClient) -> None:
    """Files completed together hang in one message, as a reply where a thread is named."""
    root = str(client.chat_postMessage(channel="C0PROD", text="x")["ts"])
    uploads = [{"file": b"1", "filename": "a.txt"}, {"file": b"22", "filename": "b.txt"}]
    client.files_upload_v2(file_uploads=uploads, channel="C0PROD", thread_ts=root)
    reply = slack.messages("prod")[1]
    assert (reply.shown, reply.thread_ts) == ("file a.txt (1 bytes)\nfile b.txt (2 bytes)", root)


def test_a_file_goes_only_where_the_bot_is(slack: LocalSlack, client: WebClient) -> None:
    """A channel without the bot, and one that is not there, are refused, and nothing is shown."""
    assert refused(lambda: upload(client, channel="C0RANDOM")) == "not_in_channel"
    assert refused(lambda: upload(client, channel="C0NONE")) == "channel_not_found"
    assert refused(lambda: upload(client, channel="D0NONE")) == "channel_not_found"
    assert slack.transcript() == []


def test_an_upload_is_asked_for_with_its_size(client: WebClient) -> None:
    """A length of nothing, no name, a long description and more than the team's limit are refused."""
    ask = client.files_getUploadURLExternal
    assert refused(lambda: ask(filename="a", length=0)) == "missing_argument"
    assert refused(lambda: ask(filename="", length=1)) == "invalid_arguments"
    assert refused(lambda: ask(filename="a", length=1, alt_txt="x" * 1001)) == "alt_txt_too_large"
    assert refused(lambda: ask(filename="a", length=10**9)) == "file_upload_size_restricted"


def test_the_steps_keep_their_order(client: WebClient) -> None:
    """Bytes must be as many as was said and come before completion, which is done once and ends the URL."""
    asked = client.files_getUploadURLExternal(filename="a.txt", length=3)
    file_id, url = str(asked["file_id"]), str(asked["upload_url"])
    done = {"files": [{"id": file_id}]}
    assert refused(lambda: client.files_completeUploadExternal(**done)) == "file_not_found"  # type: ignore[arg-type] # one
    assert post_bytes(url, b"four") == HTTPStatus.BAD_REQUEST
    assert post_bytes(f"{url}x", b"abc") == HTTPStatus.BAD_REQUEST
    assert post_bytes(url, b"abc") == HTTPStatus.OK
    assert refused(lambda: client.files_info(file=file_id)) == "file_not_found"
    assert client.files_completeUploadExternal(**done)["files"][0]["title"] == "a.txt"  # type: ignore[arg-type] # one
    assert refused(lambda: client.files_completeUploadExternal(**done)) == "file_not_found"  # type: ignore[arg-type] # one
    assert post_bytes(url, b"abc") == HTTPStatus.BAD_REQUEST


def test_bytes_may_come_in_a_form(slack: LocalSlack, client: WebClient) -> None:
    """A multipart form is taken as raw bytes are."""
    asked = client.files_getUploadURLExternal(filename="a.txt", length=3)
    form = b'--b\r\nContent-Disposition: form-data; name="filename"; filename="a.txt"\r\n\r\nabc\r\n--b--\r\n'
    assert post_bytes(str(asked["upload_url"]), form, "multipart/form-data; boundary=b") == HTTPStatus.OK
    client.files_completeUploadExternal(files=[{"id": str(asked["file_id"])}])
    assert slack.file_bytes(str(asked["file_id"])) == b"abc"


@pytest.mark.parametrize(("method", "scope"), [("files.info", "files:read"), ("files.delete", "files:write")])
def test_files_need_their_scopes(slack: LocalSlack, client: WebClient, method: str, scope: str) -> None:
    """Reading and writing files are scopes of their own."""
    slack.world.app.scopes.discard(scope)
    assert refused(lambda: client.api_call(method, params={"file": "F0123456789"})) == "missing_scope"


@pytest.mark.parametrize("kind", ["http_500", "rate_limited", "drop", "drop_after"])
def test_an_upload_can_fail_on_the_way(slack: LocalSlack, client: WebClient, kind: str) -> None:
    """A fault on ``upload_url`` breaks the second step alone; nothing is shared."""
    slack.fault(kind, "upload_url", times=1)  # type: ignore[arg-type] # one of the kinds
    with pytest.raises((HTTPError, ConnectionError)):
        upload(client, channel="C0PROD")
    assert slack.transcript() == []
    upload(client, channel="C0PROD")


def test_another_process_sees_files_too(slack: LocalSlack, client: WebClient) -> None:
    """Over HTTP bytes are base64, and who saw a file is told."""
    control(slack.url, "file_delay", seconds=0)
    file_id = upload(client, channel="C0LAB")
    assert base64.b64decode(control(slack.url, "file_bytes", file_id=file_id)) == PNG
    assert base64.b64decode(control(slack.url, "picture", user="ada", file_id=file_id)) == PNG
    assert control(slack.url, "file_seen_by", file_id=file_id) == ["ada", "ben", "cleo"]
    assert control(slack.url, "messages", channel="lab")[0]["files"][0]["id"] == file_id
