"""Gates as the web process opens them, over a swarmbot.yml of a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from slack_sdk import WebClient

from bot.gate import Gate
from bot.settings import Settings
from bot.slack.outbound.notifier import Notifier
from bot.wiring.web import open_gate


def gate_of(config: Mapping[str, Any], redis_url: str, folder: Path, **environment: str) -> Gate:
    """Write ``config`` to swarmbot.yml in the folder, and return its gate; ``environment`` are more variables."""
    path = folder / "swarmbot.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    own = {"SLACK_BOT_TOKEN": "xoxb-1", "REDIS_URL": redis_url, "SWARMBOT_CONFIG": str(path)}
    return open_gate(Settings.from_environment(own | environment), Notifier(WebClient()))
