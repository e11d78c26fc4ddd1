"""Files are uploaded in three steps, are ready after a delay, and are visible to those they are shared with."""

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
    """Return the error code of a refused call."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def upload(client: WebClient, content: bytes = PNG, filename: str = "code.png", **more: Any) -> str:
    """Upload a file with the SDK and return its id."""
    answer = client.files_upload_v2(file=content, filename=filename, **more)
    return str(answer["files"][0]["id"])


def image(file_id: str) -> list[dict[str, Any]]:
    """Return blocks that show an image."""
    return [{"type": "image", "alt_text": "a code", "slack_file": {"id": file_id}}]


def post_bytes(url: str, content: bytes, content_type: str = "application/octet-stream") -> int:
    """Post to an upload URL and return the status."""
    request = Request(url, content, {"Content-Type": content_type})  # noqa: S310 - the local Slack
    try:
        with urlopen(request, timeout=5) as response:  # noqa: S310 - the local Slack
            return int(response.status)
    except HTTPError as error:
        return error.code


def test_channel_members_see_a_file(slack: LocalSlack, client: WebClient) -> None:
    """The SDK's upload shows the file with its comment to the members, and its content can be read."""
    file_id = upload(client, b"a,b\n", "audit.csv", channel="C0LAB", initial_comment="The log", title="Audit")
    assert slack.wait_to_see("ben", "file audit.csv (4 bytes)").files == (file_id,)
    message = slack.messages("lab")[0]
    assert (message.shown, message.user) == ("The log\nfile audit.csv (4 bytes)", slack.team.app.bot_user)
    assert slack.file_bytes(file_id) == b"a,b\n"
    assert slack.file_seen_by(file_id) == ["ada", "ben", "cleo"]


def test_only_one_person_sees_a_file_in_direct_messages(slack: LocalSlack, client: WebClient) -> None:
    """The id of a conversation shares with that person only; the id of a person is refused, as at Slack."""
    assert refused(lambda: upload(client, channel="U0ADA")) == "invalid_arguments"
    channel = str(client.conversations_open(users="U0ADA")["channel"]["id"])
    file_id = upload(client, channel=channel)
    slack.file_delay(0)
    assert slack.image("ada", file_id) == PNG
    assert slack.file_seen_by(file_id) == ["ada"]
    with pytest.raises(CannotDo, match="ben sees no file"):
        slack.image("ben", file_id)
    assert client.files_info(file=file_id)["file"]["ims"] == [channel]


def test_nobody_sees_a_file_without_a_channel(slack: LocalSlack, client: WebClient) -> None:
    """Only the bot can access a file that is not shared."""
    file_id = upload(client)
    assert client.files_info(file=file_id)["file"]["name"] == "code.png"
    assert (slack.file_seen_by(file_id), slack.transcript()) == ([], [])
    with pytest.raises(CannotDo, match="ada sees no file"):
        slack.image("ada", file_id)


def test_a_file_is_ready_after_a_delay(slack: LocalSlack, client: WebClient) -> None:
    """Before, the file has no mimetype and no shares, and no image block can show it; afterwards it has all of them."""
    slack.file_delay(60)
    file_id = upload(client, channel="C0PROD")
    early = client.files_info(file=file_id)["file"]
    assert (early["mimetype"], early["filetype"], early["shares"], early["channels"]) == ("", "", {}, [])
    with pytest.raises(SlackApiError, match=r"invalid slack file \[json-pointer:/blocks/0/slack_file\]") as caught:
        client.chat_postMessage(channel="C0PROD", text="x", blocks=image(file_id))
    assert caught.value.response["error"] == "invalid_blocks"
    with pytest.raises(CannotDo, match="not ready yet"):
        slack.image("ada", file_id)
    slack.advance(60)
    late = client.files_info(file=file_id)["file"]
    ts = slack.messages("prod")[0].ts
    assert (late["mimetype"], late["filetype"], late["channels"]) == ("image/png", "png", ["C0PROD"])
    assert late["shares"] == {"public": {"C0PROD": [{"ts": ts}]}}
    client.chat_postMessage(channel="C0PROD", text="x", blocks=image(file_id))


def test_an_image_is_visible_as_long_as_its_message(slack: LocalSlack, client: WebClient) -> None:
    """Only one person sees an image in an ephemeral, until their Slack is reloaded."""
    slack.file_delay(0)
    file_id = upload(client)
    client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text="x", blocks=image(file_id))
    assert slack.image("ada", file_id) == PNG
    assert slack.file_seen_by(file_id) == ["ada"]
    slack.reload("ada")
    with pytest.raises(CannotDo, match="ada sees no file"):
        slack.image("ada", file_id)


def test_an_image_in_home_is_visible(slack: LocalSlack, client: WebClient) -> None:
    """A view shows an image that is ready, also as an accessory, and refuses an unknown one."""
    home: dict[str, Any] = {"type": "home", "blocks": image("F0123456789")}
    assert refused(lambda: client.views_publish(user_id="U0ADA", view=home)) == "invalid_arguments"
    slack.file_delay(0)
    file_id = upload(client)
    home["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": image(file_id)[0]}]
    client.views_publish(user_id="U0ADA", view=home)
    assert slack.image("ada", file_id) == PNG
    assert slack.file_seen_by(file_id) == ["ada"]


def test_only_images_are_shown_as_images(slack: LocalSlack, client: WebClient) -> None:
    """A file's name does not make it an image."""
    slack.file_delay(0)
    file_id = upload(client, b"not a picture", "code.png", channel="C0PROD")
    blocks = image(file_id)
    assert refused(lambda: client.chat_postMessage(channel="C0PROD", text="x", blocks=blocks)) == "invalid_blocks"
    with pytest.raises(CannotDo, match="is not an image"):
        slack.image("ada", file_id)


def test_a_deleted_file_is_removed_everywhere(slack: LocalSlack, client: WebClient) -> None:
    """Its message is deleted, or keeps its comment; content and images are removed; the record of who saw it stays."""
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


def test_several_files_are_one_message_in_a_thread(slack: LocalSlack, client: WebClient) -> None:
    """Files that are completed together are attached to one message, as a reply if a thread is given."""
    root = str(client.chat_postMessage(channel="C0PROD", text="x")["ts"])
    uploads = [{"file": b"1", "filename": "a.txt"}, {"file": b"22", "filename": "b.txt"}]
    client.files_upload_v2(file_uploads=uploads, channel="C0PROD", thread_ts=root)
    reply = slack.messages("prod")[1]
    assert (reply.shown, reply.thread_ts) == ("file a.txt (1 bytes)\nfile b.txt (2 bytes)", root)


def test_a_file_is_shared_only_where_the_bot_is_a_member(slack: LocalSlack, client: WebClient) -> None:
    """A channel without the bot and an unknown channel are refused, and nothing is shown."""
    assert refused(lambda: upload(client, channel="C0RANDOM")) == "not_in_channel"
    assert refused(lambda: upload(client, channel="C0NONE")) == "channel_not_found"
    assert refused(lambda: upload(client, channel="D0NONE")) == "channel_not_found"
    assert slack.transcript() == []


def test_an_upload_needs_a_valid_request(client: WebClient) -> None:
    """Length 0, no name, a description that is too long, and a size over the limit are refused."""
    ask = client.files_getUploadURLExternal
    assert refused(lambda: ask(filename="a", length=0)) == "missing_argument"
    assert refused(lambda: ask(filename="", length=1)) == "invalid_arguments"
    assert refused(lambda: ask(filename="a", length=1, alt_txt="x" * 1001)) == "alt_txt_too_large"
    assert refused(lambda: ask(filename="a", length=10**9)) == "file_upload_size_restricted"


def test_upload_steps_must_be_in_order(client: WebClient) -> None:
    """The content must have the announced length and come before the completion, which works once and ends the URL."""
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


def test_an_upload_may_be_a_form(slack: LocalSlack, client: WebClient) -> None:
    """A multipart form is accepted like raw bytes."""
    asked = client.files_getUploadURLExternal(filename="a.txt", length=3)
    form = b'--b\r\nContent-Disposition: form-data; name="filename"; filename="a.txt"\r\n\r\nabc\r\n--b--\r\n'
    assert post_bytes(str(asked["upload_url"]), form, "multipart/form-data; boundary=b") == HTTPStatus.OK
    client.files_completeUploadExternal(files=[{"id": str(asked["file_id"])}])
    assert slack.file_bytes(str(asked["file_id"])) == b"abc"


@pytest.mark.parametrize(("method", "scope"), [("files.info", "files:read"), ("files.delete", "files:write")])
def test_files_need_their_scopes(slack: LocalSlack, client: WebClient, method: str, scope: str) -> None:
    """Reading and writing files need separate scopes."""
    slack.team.app.scopes.discard(scope)
    assert refused(lambda: client.api_call(method, params={"file": "F0123456789"})) == "missing_scope"


@pytest.mark.parametrize("kind", ["http_500", "rate_limited", "drop", "drop_after"])
def test_a_fault_can_break_an_upload(slack: LocalSlack, client: WebClient, kind: str) -> None:
    """A fault on ``upload_url`` breaks only the second step; nothing is shared."""
    slack.fault(kind, "upload_url", times=1)  # type: ignore[arg-type] # one of the kinds
    with pytest.raises((HTTPError, ConnectionError)):
        upload(client, channel="C0PROD")
    assert slack.transcript() == []
    upload(client, channel="C0PROD")


def test_another_process_can_read_files(slack: LocalSlack, client: WebClient) -> None:
    """Over HTTP, content is base64, and the people who saw a file are listed."""
    control(slack.url, "file_delay", seconds=0)
    file_id = upload(client, channel="C0LAB")
    assert base64.b64decode(control(slack.url, "file_bytes", file_id=file_id)) == PNG
    assert base64.b64decode(control(slack.url, "image", user="ada", file_id=file_id)) == PNG
    assert control(slack.url, "file_seen_by", file_id=file_id) == ["ada", "ben", "cleo"]
    assert control(slack.url, "messages", channel="lab")[0]["files"][0]["id"] == file_id
