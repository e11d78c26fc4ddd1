"""The forms of commands: what they offer, and the words that a filled form stands for."""

from __future__ import annotations

import html
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import Message
from bot.blocks.modals import Modal
from bot.commands import Vocabulary, read_arguments, read_options, read_sentence
from bot.commands.forms import KnownNames, field_of, form_blocks, form_problems, form_words
from bot.errors import NotUnderstood
from sandbox.slack.render import lines
from sandbox.slack.validate import check_view
from tests.kits.commands import COMMANDS
from tests.kits.examples import examples
from tests.kits.hostile_text import HOSTILE, markup_of

WITH_FORM = tuple(command for command in COMMANDS.values() if command.has_form)
HOSTS = ("host-1", "host-2", "host-3")
NAMES = KnownNames(HOSTS, ("host-1", "host-2"), ("web", "db"), ("app", "blog"))
VOCABULARY = Vocabulary("prod", HOSTS, tuple(COMMANDS))


def shown(name: str, names: KnownNames = NAMES, values: dict[str, str] | None = None) -> str:
    """Return a form as plain lines, once Slack's rules have let it pass."""
    blocks = form_blocks(COMMANDS[name], names, " --cluster prod", values)
    view = Modal("command.fill", "{}", f"{name} in prod", name.title(), blocks).view()
    check_view(view)
    return "\n".join(lines(view["blocks"]))


def arguments_of(name: str, values: dict[str, str]) -> Any:
    """Return what the words of a filled form mean, as if they were typed."""
    sentence = read_sentence(html.escape(form_words(COMMANDS[name], values), quote=False))
    command = COMMANDS[sentence.name]
    options, words = read_options(command, sentence.words)
    return read_arguments(command, words, VOCABULARY), options


def test_these_commands_have_a_form() -> None:
    """Each without arguments was an error before."""
    assert {command.name for command in WITH_FORM} == {"init", "join", "deploy", "freeze", "silence"}


@pytest.mark.parametrize("command", WITH_FORM, ids=lambda command: command.name)
def test_each_parameter_has_a_field(command: Any) -> None:
    """Those that are needed first, and below all of them the words that would do the same."""
    blocks = form_blocks(command, NAMES, "")
    ids = [block["block_id"] for block in blocks]
    switches = {option["value"] for block in blocks if block["block_id"] == "switches" for option in
                block["element"]["options"]}  # fmt: skip
    for parameter in command.parameters:
        assert parameter.name in ids or parameter.shown in switches
    needed = [block for block in blocks if block["type"] == "input" and not block["optional"]]
    assert blocks[: len(needed)] == needed
    assert ids[-1] == "words"


def test_names_are_offered() -> None:
    """Hosts, nodes, services and stacks; with suggestions where there are any."""
    page = shown("join")
    assert page.startswith("Role: [static_select]\nHosts: [multi_static_select]")
    assert "The same, typed: `/swarm join worker --cluster prod`" in page
    assert page.endswith("Text is added with Enter in its field, or with the next choice.")
    blocks = form_blocks(COMMANDS["silence"], NAMES, "")
    assert [option["value"] for option in blocks[0]["element"]["options"]] == ["all", "host-1", "host-2", "web", "db"]
    assert blocks[1]["element"]["initial_value"] == "2h"
    assert "The same, typed: `/swarm silence --for 2h --cluster prod`" in shown("silence")


def test_the_words_follow_what_is_entered() -> None:
    """In the order in which people type them."""
    values = {"role": "worker", "hosts": "host-2\nhost-3", "label": "zone=a\nrack=1", "switches": "--plan"}
    values["reason"] = 'new disks, "fast" ones'
    words = """join worker host-2 host-3 --label zone=a --label rack=1 --plan --reason "new disks, 'fast' ones\""""
    assert form_words(COMMANDS["join"], values) == words
    assert f"`/swarm {words} --cluster prod`" in shown("join", values=values)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("init", {"host": "host-1", "autolock": "", "switches": "--autolock", "cert_expiry": "90d"},
         {"host": "host-1", "autolock": True, "cert_expiry": 90 * 86400.0}),
        ("init", {"host": "host-1", "default_addr_pool": "10.20.0.0/16\n10.30.0.0/16"},
         {"default_addr_pool": ("10.20.0.0/16", "10.30.0.0/16")}),
        ("deploy", {"stack": "app", "revision": "3", "switches": "--prune\n--no-resolve"},
         {"stack": "app", "revision": 3, "prune": True, "no_resolve": True}),
        ("freeze", {"until": "18:00", "reason": "sale & <party>"}, {"until": "18:00", "reason": "sale & <party>"}),
        ("silence", {"subject": "web", "for_": "2h", "reason": "don't wake"},
         {"subject": "web", "for_": 7200.0, "reason": "don't wake"}),
    ],
)  # fmt: skip
def test_a_filled_form_means_what_was_entered(name: str, values: dict[str, str], expected: dict[str, Any]) -> None:
    """The words are parsed as typed ones are."""
    arguments, _ = arguments_of(name, values)
    assert {key: getattr(arguments, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "values", "problems"),
    [
        ("join", {"role": "worker"}, {"hosts": "This is needed."}),
        ("join", {"role": "worker", "hosts": "host-9"}, {"hosts": "host-9 is not in swarmbot.yml for prod."}),
        ("join", {"role": "worker", "hosts": "host-1", "label": "zone"}, {"label": "zone is not a label. Write it"}),
        ("silence", {"subject": "web", "for_": "soon", "reason": "x"}, {"for_": "soon is not a duration."}),
        ("freeze", {"until": "yesterday", "reason": "x"}, {"until": "I can't read yesterday as a time."}),
        ("init", {"host": "host-1", "data_path_port": "80"}, {"data_path_port": "80 is not a whole number from 1024"}),
        ("init", {"host": "host-1"}, {}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(name: str, values: dict[str, str], problems: dict[str, str]) -> None:
    """In plain text: Slack shows no marks there."""
    found = form_problems(COMMANDS[name], values, VOCABULARY)
    assert found.keys() == problems.keys()
    for field, text in problems.items():
        assert found[field].startswith(text)


def test_an_error_of_the_whole_is_said_at_the_field_that_it_names() -> None:
    """By its longest flag; at the first field if it names none."""
    init = COMMANDS["init"]
    assert field_of(init, "`--default-addr-pool-mask-length` needs `--default-addr-pool`") == (
        "default_addr_pool_mask_length"
    )
    assert field_of(init, "something else") == "host"


def test_many_and_long_names_are_typed() -> None:
    """Slack takes 100 options of 75 characters: a menu without all names would hide the others."""
    many = KnownNames(hosts=tuple(f"host-{number}" for number in range(101)))
    long = KnownNames(hosts=("host-1", "h" * 76))
    for names in (many, long, KnownNames()):
        hosts = next(block for block in form_blocks(COMMANDS["join"], names, "") if block["block_id"] == "hosts")
        assert hosts["element"]["type"] == "plain_text_input"
        assert not hosts["optional"]


TEXTS = HOSTILE | st.sampled_from(["x" * 3000, '" --force-new-cluster "', "--plan", "<!channel>", "\u202e", "'", '"'])


@given(reason=TEXTS)
@settings(max_examples=examples(300), deadline=None)
def test_a_text_is_one_value_and_nothing_else(reason: str) -> None:
    """For any reason that is entered, no other field changes: it is refused, or it is the reason."""
    plain, _ = arguments_of("freeze", {"until": "4h", "reason": "x"})
    try:
        arguments, _ = arguments_of("freeze", {"until": "4h", "reason": reason})
    except NotUnderstood:
        return
    others = [field.name for field in fields(arguments) if field.name != "reason"]
    assert [getattr(arguments, name) for name in others] == [getattr(plain, name) for name in others]


@given(name=TEXTS, text=TEXTS)
@settings(max_examples=examples(100), deadline=None)
def test_slack_takes_every_form(name: str, text: str) -> None:
    """Names from engines and what people enter break no view and mention nobody."""
    names = KnownNames(*((name or "-", f"{name}2"),) * 4)
    for command in WITH_FORM:
        values = {parameter.name: text for parameter in command.parameters}
        blocks = form_blocks(command, names, f" --cluster {name}", values)
        check_view(Modal("command.fill", "{}", command.name, command.name, blocks).view())
        seen = markup_of(Message("", [blocks[-1]]))
        assert not seen.tokens
        assert not seen.turned
