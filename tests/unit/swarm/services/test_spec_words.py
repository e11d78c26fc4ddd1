"""A spec in words: nothing that looks like a secret, and nothing that is read as markup, wherever it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import Message, paragraphs
from bot.blocks.limits import SECTION_CHARS
from bot.model import ClusterFacts
from bot.swarm.services.masked import masked_mapping, masked_pairs, masked_text, masked_words
from bot.swarm.services.spec_words import short_image, spec_lines
from tests.kits.examples import examples
from tests.kits.hostile_text import NOT_BLANK, look
from tests.plans.files import HERE
from tests.plans.workload import Service

SWARM: Final = ClusterFacts("cluster", "host-1", 1, {}, ())
FULL: Final = yaml.safe_load((HERE / "cases/service/service.yml").read_text())["given"]["services"]["web"]["spec"]
"""The spec of the case in which every part of a spec is set."""
SECRET: Final = "s3cr3tValue"  # noqa: S105 - it is what must not be shown


@pytest.mark.parametrize(
    "words",
    [
        ["--password", SECRET],
        [f"--db-password={SECRET}"],
        ["run", "--api-key", SECRET, "plain"],
        ["sh", "-c", f"export DB_PASSWORD={SECRET} && run"],
        ["sh", "-c", f"run --token={SECRET}"],
        ["sh", "-c", f'export DB_PASSWORD="a {SECRET}"; run'],
        ["sh", "-c", f"export DB_PASSWORD='a {SECRET}'; run"],
        ["sh", "-c", f"mysql --user app --password {SECRET}"],
        [f"--password=a,{SECRET}"],
        [f"jdbc:mysql://db/app?user=a&password={SECRET}"],
        [f"-Dspring=db.password={SECRET}"],
        ["--config", f'{{"db": {{"password": "{SECRET}"}}}}'],
        ["--config", f'{{\\"password\\": \\"{SECRET}\\"}}'],
        [f"postgres://app:{SECRET}@db/app"],
        [f"addr=10.0.0.9,password={SECRET}"],
        [f'{{"password": "x", "url": "https://a:{SECRET}@b"}}'],
    ],
)
def test_a_commands_secrets_are_masked(words: list[str]) -> None:
    """As a word after its flag, in an assignment, in a URL."""
    shown = " ".join(masked_words(words))
    assert SECRET not in shown
    assert "***" in shown


def test_what_is_no_secret_is_shown() -> None:
    """Flags without a value, paths of secret files, and names alone."""
    words = ["--token-file", "/run/secrets/t", "--token", "--verbose", "the password is wrong", "a=b=c", "x:y"]
    assert masked_words(words) == words
    assert masked_pairs(["DB_PASSWORD_FILE=/run/secrets/db", "MODE=fast", "TOKEN"]) == [
        *("DB_PASSWORD_FILE=/run/secrets/db", "MODE=fast", "TOKEN"),
    ]
    assert masked_mapping({"traefik.port": "80", "api.key": SECRET}) == ["traefik.port=80", "api.key=***"]


@pytest.mark.parametrize("part", ["a", "-", " ", '"', "a ", "a=", "a: ", "password=", "-password "])
def test_a_long_text_is_searched_once(part: str) -> None:
    """A value may hold a whole certificate: this must not take time that grows with the square of its length."""
    assert masked_text(part * 200_000).count("***") <= 200_000


@pytest.mark.parametrize(
    ("image", "short"),
    [
        ("nginx", "nginx"),
        ("nginx:1.25", "nginx:1.25"),
        ("nginx:1.25@sha256:0123456789abcdef", "nginx:1.25"),
        ("nginx@sha256:0123456789abcdef", "nginx@sha256:0123456789ab"),
        ("registry.example.com:5000/team/api:2", "team/api:2"),
        ("localhost/api", "api"),
        ("team/api", "team/api"),
        ("", ""),
    ],
)
def test_images_are_shortened(image: str, short: str) -> None:
    """Without the registry; the digest only where there is no tag."""
    assert short_image(image) == short


def _filled(spec: Any, text: str, key: str = "") -> Any:
    """Return a spec with ``text`` at the end of each string in it, but for those that Docker chooses among."""
    if isinstance(spec, Mapping):
        return {name: _filled(value, text, name) for name, value in spec.items()}
    if isinstance(spec, list):
        return [_filled(each, text, key) for each in spec]
    return spec + text if isinstance(spec, str) and key not in {"Condition", "Order", "FailureAction", "Mode"} else spec


@settings(max_examples=examples(100), deadline=None)
@given(NOT_BLANK)
def test_a_spec_is_shown_as_plain_text(text: str) -> None:
    """Names, paths, labels and all other strings of a spec add no markup, no mention and no line."""
    hostile, harmless = (
        look(Message("", paragraphs(spec_lines(SWARM, Service(spec=_filled(FULL, each)).facts("web")))))
        for each in (text, "x")
    )
    assert hostile == harmless


@settings(max_examples=examples(100), deadline=None)
@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_no_value_of_a_secret_variable_is_shown(value: str) -> None:
    """Whatever is in it."""
    assert masked_pairs([f"DB_PASSWORD={value}"]) == ["DB_PASSWORD=***"]


def test_a_long_line_says_how_much_it_leaves_out() -> None:
    """A section of Slack holds 3000 characters: values are cut, and then whole ones left out."""
    environment = [f"NAME_{number}={'x' * 500}" for number in range(100)]
    spec = {"TaskTemplate": {"ContainerSpec": {"Env": environment}}}
    [line] = [line for line in spec_lines(SWARM, Service(spec=spec).facts("web")) if line.startswith("*Environment*")]
    assert len(line) < SECTION_CHARS
    assert line.endswith("…` and 88 more")
