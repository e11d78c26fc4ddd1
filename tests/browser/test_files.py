"""Files: only people who see their message can see, open and save them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from slack_sdk import WebClient

from bot.blocks import Message
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import BlockFiles, DirectMessageUploads, Upload
from bot.slack.outbound.notifier import Notifier
from sandbox.slack import LocalSlack
from tests.browser.conftest import OpenWindow
from tests.kits.browser import feed

LOG = "".join(f'{{"seq": {number}, "action": "asked"}}\n' for number in range(300)).encode()


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    """The bot's client."""
    return web_client(Settings.from_environment(slack.environment()))


def picture() -> bytes:
    """A PNG of 40 by 30 pixels."""
    out = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return out.getvalue()


def test_a_file_is_saved_as_it_was_sent(window: OpenWindow, client: WebClient, tmp_path: Path) -> None:
    """In the direct messages of its reader, with its name and size; other people get none of it."""
    DirectMessageUploads(client).send("U0ADA", [Upload("audit.jsonl", LOG, "The audit log")], "300 entries")
    ada, ben = window("ada"), window("ben")
    ada.get_by_role("button", name="Message Swarmbot").click()
    link = feed(ada).get_by_role("link", name="audit.jsonl")
    expect(feed(ada)).to_contain_text("300 entries")
    expect(link).to_contain_text(f"{len(LOG) / 1024:.1f} kB")
    with ada.expect_download() as saved:
        link.click()
    saved.value.save_as(tmp_path / "saved")
    assert saved.value.suggested_filename == "audit.jsonl"
    assert (tmp_path / "saved").read_bytes() == LOG
    address = str(link.get_attribute("href"))
    assert ada.request.get(ada.url.partition("/?")[0] + address).ok
    assert ben.request.get(ben.url.partition("/?")[0] + address.replace("as=", "as=ben&was=")).status == 404


def test_a_picture_is_drawn_in_its_message(window: OpenWindow, client: WebClient) -> None:
    """With its description; opened by itself it is the same picture."""
    file_id = BlockFiles(client).upload("map.png", picture(), begun=lambda _: None)
    image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "prod: 1 manager, 2 workers"}
    Notifier(client).post("C0PROD", Message("The map of prod", [image]))
    eve = window("eve")
    shown = feed(eve).get_by_role("img", name="prod: 1 manager, 2 workers")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("naturalWidth", 40)
    opened = eve.request.get(eve.url.partition("/?")[0] + str(shown.get_attribute("src")))
    assert (opened.body(), opened.headers["content-type"]) == (picture(), "image/png")
