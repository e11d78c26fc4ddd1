"""Answers with a picture: they are what their requester sees, and their description says the same."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from sandbox.slack.transcript import TranscriptEntry
from tests.kits.scenario import Scenario


@dataclass(frozen=True, slots=True)
class DrawnAnswer:
    """An answer with a picture, which was decoded."""

    answer: TranscriptEntry
    description: str
    """The picture's alternative text."""
    file_id: str


def ask_for_picture(scenario: Scenario, user: str, text: str) -> DrawnAnswer:
    """Type ``/swarm text`` in #prod and return the answer. Its picture is a PNG of the usual width."""
    after = scenario.now
    scenario.slack.slash(user, "prod", text)
    answer = scenario.answer(user, after)
    [file_id] = answer.files
    with Image.open(io.BytesIO(scenario.slack.image(user, file_id))) as picture:
        assert (picture.format, picture.width) == ("PNG", 1080)
    with scenario.slack.workspace.changed:
        found = scenario.slack.workspace.messages.any(answer.ts)
        assert found
        [image] = [block for block in found.blocks if block["type"] == "image"]
    return DrawnAnswer(answer, str(image["alt_text"]), file_id)
