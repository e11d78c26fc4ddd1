"""Answers with a picture: drawn, uploaded, and shown in the message, or put into words if Slack does not accept it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.blocks import WARNING, Block, Message, context, cut_short
from bot.model.cluster_map import ClusterMap
from bot.model.history import HistoryChart
from bot.pictures import cluster_picture, history_picture
from bot.slack.outbound.files import BlockFiles, FileRefused

MAX_ALT_CHARS: Final = 1900
"""Slack takes 2000 characters of an image's description."""
UNTAKEN: Final = f"{WARNING} Slack did not take the picture: this is what it shows."

log = logging.getLogger(__name__)


class Pictures:
    """Safe to share between threads. An uploaded file is shared with nobody: blocks show it."""

    def __init__(self, files: BlockFiles) -> None:
        self._files = files

    def with_picture(self, message: Message, shown: ClusterMap | HistoryChart, name: str) -> Message:
        """Return the message with a picture in place of the words below its first block, which become its description.

        Screen readers read the description, so nothing is in the picture alone.
        """
        first, *rest = message.blocks
        return replace(message, blocks=(first, *self.blocks([message.text, *_words(rest)], rest, shown, name)))

    def blocks(
        self, words: Sequence[str], told: Sequence[Block], shown: ClusterMap | HistoryChart, name: str
    ) -> tuple[Block, ...]:
        """Return a picture with ``words`` as its description; ``told`` if Slack does not accept the picture."""
        try:
            file_id = self._files.upload(f"{name}.png", draw(shown), begun=lambda _: None)
        except FileRefused as error:
            log.warning("a picture was not shown: %s", error)
            return (*told, context(UNTAKEN))
        alt_text = cut_short(" ".join(words), MAX_ALT_CHARS)
        return ({"type": "image", "slack_file": {"id": file_id}, "alt_text": alt_text},)


def draw(shown: ClusterMap | HistoryChart) -> bytes:
    """Return the picture as PNG."""
    return history_picture.picture(shown) if isinstance(shown, HistoryChart) else cluster_picture.picture(shown)


def _words(blocks: Sequence[Block]) -> list[str]:
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]
