"""Slack's limits on Block Kit (docs.slack.dev/reference/block-kit)."""

from __future__ import annotations

from typing import Final

MAX_BLOCKS: Final = 50
SECTION_CHARS: Final = 3000
MAX_FIELDS: Final = 10
FIELD_CHARS: Final = 2000
HEADER_CHARS: Final = 150
BUTTON_CHARS: Final = 75
VALUE_CHARS: Final = 2000
ACTION_ID_CHARS: Final = 255
MAX_ACTIONS: Final = 25
OPTION_CHARS: Final = 75
OPTION_VALUE_CHARS: Final = 150
MAX_OVERFLOW: Final = 5
MAX_OPTIONS: Final = 100
MAX_CONTEXT_ELEMENTS: Final = 10
MAX_TABLE_ROWS: Final = 100
MAX_TABLE_COLUMNS: Final = 20
TABLE_CHARS: Final = 10_000
TEXT_CHARS: Final = 4000
CONFIRM_TITLE_CHARS: Final = 100
CONFIRM_TEXT_CHARS: Final = 300
CONFIRM_BUTTON_CHARS: Final = 30
