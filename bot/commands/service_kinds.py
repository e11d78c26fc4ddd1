"""What a word about a service can be: `web=3`, an environment variable, a constraint, CPUs, memory."""

from __future__ import annotations

import re
from typing import Any, Final

from bot.blocks import echo, tick
from bot.commands.kinds import Kind, Vocabulary, number, text
from bot.errors import NotUnderstood
from bot.secrets.secret_names import looks_secret
from bot.swarm.services.spec.spec_edit import CONSTRAINT as CONSTRAINT_FORM
from bot.swarm.services.spec.spec_edit import plain_constraint
from bot.text.sizes import read_size

MAX_REPLICAS: Final = 100_000
MAX_CPUS: Final = 10_000.0
MIN_MEMORY: Final = 4 * 1024**2
"""Docker refuses a smaller limit."""


def _scale(text: str, vocabulary: Vocabulary) -> list[Any]:
    name, equals, replicas = text.rpartition("=")
    if not equals or not name:
        raise NotUnderstood(f"{echo(text)} names no number of replicas.", next_step="Write it as `web=3`.")
    return [(name, REPLICAS.read(replicas, vocabulary)[0])]


def _setting(text: str, _: Vocabulary) -> list[Any]:
    name, equals, value = text.partition("=")
    if looks_secret(name, value):
        raise NotUnderstood(
            f"The value of {tick(name)} looks like a secret. Slack and Docker would keep it as plain text. "
            "Nothing was stored or changed.",
            next_step=(
                "Put it into a Docker secret that the service mounts, and name its file: "
                f"`--env {tick(name).strip('`')}_FILE=/run/secrets/NAME`. If it was a real secret, replace it: "
                "Slack has seen it."
            ),
        )
    if not name or not equals:
        raise NotUnderstood(f"{echo(name)} has no value.", next_step="Write it as `KEY=value`.")
    return [(name, value)]


def _constraint(text: str, _: Vocabulary) -> list[Any]:
    if not CONSTRAINT_FORM.fullmatch(text):
        raise NotUnderstood(
            f"{echo(text)} is not a constraint.",
            next_step="Write it like `node.labels.zone==b` or `node.role!=manager`.",
        )
    return [plain_constraint(text)]


def _cpus(text: str, _: Vocabulary) -> list[Any]:
    if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}", text) and float(text) <= MAX_CPUS:
        return [float(text)]
    raise NotUnderstood(f"{echo(text)} is not a number of CPUs.", next_step="Write it like `2` or `0.5`.")


def _memory(text: str, _: Vocabulary) -> list[Any]:
    size = read_size(text)
    if size is None:
        raise NotUnderstood(f"{echo(text)} is not a size.", next_step="Write it like `512m` or `1.5g`.")
    if 0 < size < MIN_MEMORY:
        raise NotUnderstood(f"{echo(text)} is less than `4m`, the least that Docker accepts.")
    return [size]


REPLICAS: Final = number("N", 0, MAX_REPLICAS)
SCALE: Final = Kind("SERVICE=N", _scale, service=lambda pair: str(pair[0]))
SETTING: Final = Kind("KEY=VALUE", _setting)
CONSTRAINT: Final = Kind("CONSTRAINT", _constraint)
CPUS: Final = Kind("N", _cpus)
MEMORY: Final = Kind("SIZE", _memory)
IMAGE: Final = text("IMAGE")
ENV_NAME: Final = text("KEY")
LABEL_NAME: Final = text("KEY")
