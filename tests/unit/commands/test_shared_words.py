"""Which of two commands a word means: by what is named, and never by a guess that could remove the wrong thing."""

from __future__ import annotations

import pytest

from bot.commands import SHARED_WORDS, Vocabulary, commands_typed, meant_command, read_sentence
from bot.errors import NotUnderstood
from tests.kits.commands import COMMANDS

KNOWN = Vocabulary("prod", ("host-1", "both"), nodes=("host-1", "ip-10-0-0-9"), services=("web", "both"))
NOTHING_READ = Vocabulary("prod", ("host-1",))


@pytest.mark.parametrize(
    ("text", "vocabulary", "meant"),
    [
        ("update", KNOWN, "update"),
        ("update --autolock true", KNOWN, "update"),
        ("update --cert-expiry=720h --plan", KNOWN, "update"),
        ("update --reason why --max-snapshots 3", KNOWN, "update"),
        ("update web", KNOWN, "update-service"),
        ("update web --image a:1", KNOWN, "update-service"),
        ("update --image a:1 web", NOTHING_READ, "update-service"),
        ("update-service web", NOTHING_READ, "update-service"),
        ("remove host-1", KNOWN, "remove"),
        ("remove ip-10-0-0-9 --force", KNOWN, "remove"),
        ("remove ghost", KNOWN, "remove"),
        ("remove", KNOWN, "remove"),
        ("remove web", KNOWN, "remove-service"),
        ("remove web ghost", KNOWN, "remove-service"),
        ("remove host-1 web", KNOWN, "remove"),
        ("rm web", KNOWN, "remove-service"),
        ("remove web", NOTHING_READ, "remove-service"),
        ("remove host-1", NOTHING_READ, "remove"),
        ("remove web --service", NOTHING_READ, "remove-service"),
        ("remove both --service", KNOWN, "remove-service"),
        ("remove both --node", KNOWN, "remove"),
        ("docker node rm host-1", KNOWN, "remove"),
        ("resume web", KNOWN, "resume"),
        ("resume host-1", KNOWN, "activate"),
        ("resume host-1,ip-10-0-0-9", KNOWN, "activate"),
        ("resume web", NOTHING_READ, "resume"),
        ("resume both --service", KNOWN, "resume"),
        ("pause web", KNOWN, "pause-service"),
        ("pause host-1", KNOWN, "pause"),
        ("pause ghost", KNOWN, "pause"),
        ("pause web", NOTHING_READ, "pause-service"),
        ("pause host-1", NOTHING_READ, "pause"),
        ("pause both --service", KNOWN, "pause-service"),
        ("pause both --node", KNOWN, "pause"),
        ("status", KNOWN, "status"),
    ],
)
def test_what_is_named_decides(text: str, vocabulary: Vocabulary, meant: str) -> None:
    """By a word beside the flags, or by the names of nodes and services."""
    assert meant_command(COMMANDS, read_sentence(text), vocabulary).name == meant


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("remove both", "For the service: `/swarm remove both --service`. For the node: `/swarm remove both --node`."),
        ("pause both", "For the service: `/swarm pause both --service`. For the node: `/swarm pause both --node`."),
        ("resume both", "For the service: `/swarm resume both --service`. For the node: `/swarm activate both`."),
        (
            "remove both --plan --force --reason 'disk is broken' --cluster prod",
            (
                "For the service: `/swarm remove both --service --plan --reason 'disk is broken' --cluster prod`. "
                "For the node: `/swarm remove both --node --plan --force --reason 'disk is broken' --cluster prod`."
            ),
        ),
        (
            "resume both --plan --reason=now",
            (
                "For the service: `/swarm resume both --service --plan --reason=now`. "
                "For the node: `/swarm activate both --plan --reason=now`."
            ),
        ),
    ],
)
def test_a_name_of_both_is_refused(text: str, step: str) -> None:
    """The refusal has both orders as they can be typed, with the typed flags that each of them has."""
    with pytest.raises(NotUnderstood, match="prod has a node or host `both` and a service of this name") as caught:
        meant_command(COMMANDS, read_sentence(text), KNOWN)
    assert caught.value.next_step == step


@pytest.mark.parametrize("word", sorted(SHARED_WORDS))
def test_help_shows_both(word: str) -> None:
    """The help of the word shows the usage of both commands."""
    names = [command.name for command in commands_typed(COMMANDS, word)]
    assert names == [SHARED_WORDS[word].other, SHARED_WORDS[word].service]
    assert all(COMMANDS[name].word in {word, "activate"} for name in names)
