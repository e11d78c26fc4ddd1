"""Slack's limits on Block Kit, in characters and counts (docs.slack.dev/reference/block-kit)."""

from __future__ import annotations

from typing import Final

BLOCKS: Final = 50
SECTION: Final = 3000
FIELDS: Final = 10
FIELD: Final = 2000
HEADER: Final = 150
BUTTON: Final = 75
VALUE: Final = 2000
ACTION_ID: Final = 255
ACTIONS: Final = 25
CONTEXT: Final = 10
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLE_CHARACTERS: Final = 10_000
TEXT: Final = 4000
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
