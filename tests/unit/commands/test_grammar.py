"""From words to a command with its arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import Vocabulary, read_arguments, read_options, read_sentence, typed_again
from bot.commands.synonyms import SYNONYMS
from bot.errors import NotUnderstood
from tests.kits.commands import COMMANDS

HOSTS = Vocabulary("prod", tuple(f"host-{number}" for number in range(1, 13)))
PADDED = Vocabulary("prod", ("web-08", "web-09", "web-10"))


def test_no_words_ask_for_help() -> None:
    """`/swarm` alone is answered with all commands."""
    assert read_sentence("").name == "help"
    assert read_sentence("--cluster lab").name == "help"


@pytest.mark.parametrize(
    "text",
    ["status --cluster lab", "--cluster lab status", "status --cluster=lab", "STATUS \u2014cluster lab"],
)
def test_the_cluster_may_stand_anywhere(text: str) -> None:
    """`--cluster` belongs to no command and is taken out of the words."""
    sentence = read_sentence(text)
    assert (sentence.name, sentence.cluster, sentence.words) == ("status", "lab", ())


@pytest.mark.parametrize(
    "text", ["status --cluster", "status --cluster=", "status --cluster --all", "status --cluster a --cluster=b"]
)
def test_a_cluster_that_is_not_named_once(text: str) -> None:
    """No cluster is guessed: another one could be changed by mistake."""
    with pytest.raises(NotUnderstood, match="--cluster"):
        read_sentence(text)


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (
            "new disks; the token is not needed, see OPS-12: 3 * 2 h",
            "new disks; the token is not needed, see OPS-12: 3 * 2 h",
        ),
        ("login with password=hunter2 please", "login with password=*** please"),
        ("https://ada:hunter2@example.com", "https://***@example.com"),
    ],
)
def test_secrets_in_a_reason_are_masked(reason: str, shown: str) -> None:
    """A reason without secrets stays as it is."""
    assert read_sentence(f'drain host-3 --reason "{reason}"').words == ("host-3", "--reason", shown)
    assert read_sentence(f'drain host-3 "--reason={reason}"').words == ("host-3", f"--reason={shown}")


@pytest.mark.parametrize("text", ['silence host-3 --for 1h --reason "new disks"', 'drain host-3 "--reason=new disks"'])
def test_words_are_shown_as_they_can_be_typed(text: str) -> None:
    """A reason of several words stays one."""
    sentence = read_sentence(text)
    assert typed_again((sentence.name, *sentence.words)) == text


@given(st.lists(st.text("ab =-'\"", max_size=9)))
def test_what_is_shown_means_the_same_when_it_is_typed(words: list[str]) -> None:
    """Any quoted text; if one command has both kinds of quotes, double ones become single ones."""
    both = any('"' in word for word in words) and any("'" in word for word in words)
    meant = [word.replace('"', "'") for word in words] if both else words
    assert read_sentence(typed_again(("label", *words))).words == tuple(meant)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_example_is_understood(name: str) -> None:
    """What help shows as an example can be typed as it stands."""
    sentence = read_sentence(COMMANDS[name].example.replace("@ada", "<@U0ADA|ada>"))
    assert sentence.name == COMMANDS[name].word
    read_arguments(COMMANDS[name], sentence.words, HOSTS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_usage_names_every_word_and_flag(name: str) -> None:
    """Usage shows each parameter, in brackets where it may be left out."""
    for parameter in COMMANDS[name].parameters:
        assert parameter.shown in COMMANDS[name].usage
        assert parameter.required or f"[{parameter.shown}" in COMMANDS[name].usage


@pytest.mark.parametrize(
    ("text", "vocabulary", "hosts"),
    [
        ("host-[3-5]", HOSTS, ("host-3", "host-4", "host-5")),
        ("host-[9-12]", HOSTS, ("host-9", "host-10", "host-11", "host-12")),
        ("web-[08-10]", PADDED, ("web-08", "web-09", "web-10")),
        ("host-[3-4] host-4 host-3", HOSTS, ("host-3", "host-4")),
        ("host-3, host-4", HOSTS, ("host-3", "host-4")),
        ("host-3,host-4,", HOSTS, ("host-3", "host-4")),
    ],
)
def test_ranges(text: str, vocabulary: Vocabulary, hosts: tuple[str, ...]) -> None:
    """A range means each of its hosts once, zeros in front kept."""
    sentence = read_sentence(f"join worker {text}")
    assert read_arguments(COMMANDS["join"], sentence.words, vocabulary).hosts == hosts


@pytest.mark.parametrize(
    "text", ["host-[5-3]", "host-[1-101]", "host-[1-" + "9" * 5000 + "]", "host-[", "host-[1-2][3-4]"]
)
def test_ranges_that_are_none(text: str) -> None:
    """A range that runs backwards, is endless or half written is answered as such."""
    with pytest.raises(NotUnderstood):
        read_arguments(COMMANDS["join"], ("worker", text), HOSTS)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("2h30m", 9000), ("1.5h", 5400), ("500ms", 0.5), ("1W", 604800)]
)
def test_durations(text: str, seconds: float) -> None:
    """Durations are read as Go and people write them."""
    arguments = read_arguments(COMMANDS["init"], ("host-1", "--dispatcher-heartbeat", text), HOSTS)
    assert arguments.dispatcher_heartbeat == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "h", "5", "5 h", "-5h", "5y", "9" * 400 + "h", "6000w", "\u0665h"])
def test_durations_that_are_none(text: str) -> None:
    """What is no duration, or longer than an engine can count, is said to be so."""
    with pytest.raises(NotUnderstood):
        read_arguments(COMMANDS["audit"], ("--since", text), HOSTS)


def test_both_ways_to_write_a_value_are_one() -> None:
    """`--flag value` and `--flag=value` mean the same, and only the second takes a value that begins with dashes."""
    apart = read_arguments(COMMANDS["join"], ("worker", "host-1", "--label", "a=b"), HOSTS)
    joined = read_arguments(COMMANDS["join"], ("--label=a=b", "worker", "host-1"), HOSTS)
    assert apart == joined
    assert read_arguments(COMMANDS["join"], ("worker", "host-1", "--label=--a=b"), HOSTS).label == (("--a", "b"),)
    with pytest.raises(NotUnderstood, match="needs a value"):
        read_arguments(COMMANDS["join"], ("worker", "host-1", "--label", "--a=b"), HOSTS)


@pytest.mark.parametrize("value", ["true", "YES"])
def test_a_switch_may_be_confirmed(value: str) -> None:
    """A switch takes only `true` or `yes`: `--autolock=false` must not switch it on."""
    assert read_arguments(COMMANDS["init"], ("host-1", f"--autolock={value}"), HOSTS).autolock
    with pytest.raises(NotUnderstood, match="takes no value"):
        read_arguments(COMMANDS["init"], ("host-1", "--autolock=false"), HOSTS)


_WORD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["--cluster", "--label", "--since=1d", "host-[1-3]", "worker", "host-2", "--rotate", '"', "'", "\u2014x"]
    ),
)


@given(
    st.one_of(
        st.text(),
        st.builds(lambda name, rest: " ".join([name, *rest]), st.sampled_from(sorted(COMMANDS)), st.lists(_WORD)),
    )
)
def test_any_text_ends_in_a_command_or_an_answer(text: str) -> None:
    """For any text: a command with its arguments, or NotUnderstood without markup of the person's own."""
    told: list[NotUnderstood] = []
    try:
        sentence = read_sentence(text)
        command = COMMANDS.find(sentence.name)
        arguments = read_arguments(command, sentence.words, HOSTS)
    except NotUnderstood as error:
        told.append(error)
    else:
        assert isinstance(arguments, command.arguments)
        assert command.permission(arguments) in {"view", "operate", "administer"}
        command.approval(arguments)
    assert not any("<" in str(error) for error in told)


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("undrain host-3", "activate host-3"),
        ("UNCORDON host-3", "activate host-3"),
        ("cordon host-3", "pause host-3"),
        ("ls", "nodes"),
        ("list", "nodes"),
        ("docker service ls", "services"),
        ("docker service ps web", "ps web"),
        ("service inspect web", "service web"),
        ("docker stack services shop", "services shop"),
        ("docker volume ls", "volumes"),
        ("node ls", "nodes"),
        ("docker node ls", "nodes"),
        ("docker node ps host-3", "node host-3"),
        ("docker node rm host-3", "remove host-3"),
        ("rm host-3", "remove host-3"),
        ("docker service scale web=3", "scale web=3"),
        ("docker service rm web", "remove-service web"),
        ("docker swarm join-token worker", "token worker"),
        ("docker swarm unlock-key", "unlock-key"),
        ("swarm status --cluster lab", "status --cluster lab"),
        ("/swarm status", "status"),
        ("drain --help", "help drain"),
        ("rm host-3 -h", "help remove"),
        ("--help", "help"),
        ("help --help", "help"),
        ("docker", "help"),
        ("version", "hosts"),
    ],
)
def test_words_of_docker_and_kubectl(typed: str, means: str) -> None:
    """What means the same as a command of Swarmbot is that command."""
    assert read_sentence(typed) == read_sentence(means)
    COMMANDS.find(read_sentence(typed).name)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_of_each_command(name: str) -> None:
    """`--help` anywhere shows the help and changes nothing."""
    for text in (f"{name} --help", f"{name} host-3 -h --cluster lab"):
        assert (read_sentence(text).name, read_sentence(text).words) in {("help", (name,)), ("help", ())}


def test_no_command_is_hidden_by_another_word() -> None:
    """A word that is mapped is the name of no command."""
    assert not set(SYNONYMS) & set(COMMANDS)
    assert set(SYNONYMS.values()) <= set(COMMANDS)


def test_two_reasons() -> None:
    """A second reason does not silently replace the first."""
    with pytest.raises(NotUnderstood, match="given twice"):
        read_options(COMMANDS["drain"], ("host-3", "--reason", "a", "--reason=b"))


@pytest.mark.parametrize("words", ["drain host-1 host-1", "join worker host-1 host-1", "label host-1 host-1 zone=a"])
def test_one_word_twice(words: str) -> None:
    """It is refused, because another word was probably meant."""
    sentence = read_sentence(words)
    with pytest.raises(NotUnderstood, match="`host-1` is given twice"):
        read_arguments(COMMANDS[sentence.name], sentence.words, Vocabulary("prod", ("host-1",)))


@pytest.mark.parametrize(
    ("words", "nodes"),
    [
        ("drain host-1,host-2", ("host-1", "host-2")),
        ("drain host-[1-3] x9", ("host-1", "host-2", "host-3", "x9")),
        ("drain host-[1-2] host-2", ("host-1", "host-2")),
        ("label host-1 host-2 zone=a disk=ssd", ("host-1", "host-2")),
        ("label zone=a host-1 disk=ssd host-2", ("host-1", "host-2")),
    ],
)
def test_several_nodes(words: str, nodes: tuple[str, ...]) -> None:
    """Names, ranges and commas; labels are known by their equals sign, wherever they stand."""
    sentence = read_sentence(words)
    arguments = read_arguments(COMMANDS[sentence.name], sentence.words, Vocabulary("prod", ()))
    assert arguments.nodes == nodes
    assert getattr(arguments, "labels", ()) in {(), (("zone", "a"), ("disk", "ssd"))}


@pytest.mark.parametrize("words", [
    "{}", "help {}", "drain --{}", "status {}", "join {} host-1", "join worker {}", "init host-1 --cert-expiry {}",
    "audit --since {}", "join worker host-[1-{}", "init host-1 --default-addr-pool {}", "job {} more", 'drain "{}',
    "init host-1 --max-snapshots {}", "label host-1 x --remove y --{}",
])  # fmt: skip
def test_what_is_not_understood_is_not_repeated_at_length(words: str) -> None:
    """The beginning shows which word it was."""
    with pytest.raises(NotUnderstood) as refused:
        _understood(words.format("w" * 5000))
    assert len(refused.value.happened) < 160


def _understood(words: str) -> object:
    sentence = read_sentence(words)
    arguments = read_arguments(COMMANDS.find(sentence.name), sentence.words, HOSTS)
    return COMMANDS.find(arguments.command) if sentence.name == "help" else arguments


@pytest.mark.parametrize("text", ["update web --image IMAGE", "drain NODE", "label host-1 KEY=VALUE", "why SERVICE"])
def test_a_placeholder_is_no_value(text: str) -> None:
    """A command that an answer or the help names was pasted as it stands."""
    sentence = read_sentence(text)
    command = COMMANDS["update-service" if sentence.name == "update" else sentence.name]
    with pytest.raises(NotUnderstood, match="is a placeholder"):
        read_arguments(command, sentence.words, HOSTS)
