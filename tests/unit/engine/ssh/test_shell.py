"""Scripts and their arguments pass through any login shell."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.ssh.shell import command_line, last_line
from tests.kits.examples import examples

WORD = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def test_a_command_line_has_nothing_that_shells_read_differently() -> None:
    """No newline, no quote within quotes, no history expansion of csh, no double backslash of fish."""
    line = command_line("echo 'it\\'s' !\n", "a\\\\b", "c!\nd")
    assert "\n" not in line
    assert "\\\\" not in line
    assert "!" not in line
    assert line.count("'") == 2 * 4


@settings(max_examples=examples(90))
@given(st.lists(WORD, max_size=3))
def test_arguments_arrive_unchanged(words: list[str]) -> None:
    """Except for newlines at their end."""
    script = 'printf \'<%s>\\n\' "$#" "$@"'
    out = subprocess.run(["/bin/sh", "-c", command_line(script, *words)], check=True, capture_output=True, timeout=10)
    expected = [str(len(words)), *(word.rstrip("\n") for word in words)]
    assert out.stdout.decode() == "".join(f"<{word}>\n" for word in expected)


def test_the_last_line_is_the_scripts_own_message() -> None:
    """Escaped for Slack, so that a program on a host cannot mention anybody."""
    assert last_line("tar: <!channel>\n\nno <state>  there\n") == "no &lt;state&gt; there"
    assert last_line("\n", otherwise="nothing") == "nothing"
