"""A spec in words: nothing that is read as markup, wherever it is written, and no more than Slack takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings

from bot.blocks import Message, paragraphs
from bot.blocks.limits import SECTION_CHARS
from bot.model import ClusterFacts
from bot.swarm.services.spec.spec_words import short_image, spec_lines
from tests.kits.examples import examples
from tests.kits.hostile_text import NOT_BLANK, markup_of
from tests.kits.yaml_file import read_yaml
from tests.plans.files import HERE
from tests.plans.workload import Service

SWARM: Final = ClusterFacts("cluster", "host-1", 1, {}, ())
FULL: Final = read_yaml(HERE / "cases/service/service.yml")["given"]["services"]["web"]["spec"]
"""The spec of the case in which every part of a spec is set."""


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
    """Return a spec with ``text`` at the end of each string in it, except those that Docker chooses among."""
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
        markup_of(Message("", paragraphs(spec_lines(SWARM, Service(spec=_filled(FULL, each)).facts("web")))))
        for each in (text, "x")
    )
    assert hostile == harmless


def test_a_long_line_says_how_much_it_leaves_out() -> None:
    """A section of Slack holds 3000 characters: values are cut, and then whole ones left out."""
    environment = [f"NAME_{number}={'x' * 500}" for number in range(100)]
    spec = {"TaskTemplate": {"ContainerSpec": {"Env": environment}}}
    [line] = [line for line in spec_lines(SWARM, Service(spec=spec).facts("web")) if line.startswith("*Environment*")]
    assert len(line) < SECTION_CHARS
    assert line.endswith("…` and 88 more")
