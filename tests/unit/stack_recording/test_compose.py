"""Compose files before the CLI reads them: files, variables and lines."""

from __future__ import annotations

import pytest

from bot.config.document import Document
from bot.errors import Refused
from bot.stack_recording.compose import named_files, parse_compose, require_variables, with_line


def parsed(text: str) -> Document:
    """Return the parsed file."""
    return parse_compose(text.encode(), "`c.yml`")


def test_named_files_are_found() -> None:
    """Configs, secrets and env_file in each of its forms, through aliases too."""
    text = """
x-a: &a {env_file: a.env}
services:
  one: {env_file: [b.env, {path: sub/c.env}]}
  two: {<<: *a}
configs: {c: {file: ./d.txt}, e: {external: true}}
secrets: {s: {file: s.txt}}
"""
    assert named_files(parsed(text), "`c.yml`") == ("d.txt", "s.txt", "b.env", "sub/c.env", "a.env")


@pytest.mark.parametrize(
    "value",
    [
        *("/etc/passwd", "../x", "sub/../../x", "~/.ssh/id_rsa", "${HOME}/x", "$HOME", '""', "'a\\b'", '"a\\nb"'),
        *("[a]", "{a: b}", "1", "!!binary L2V0Yy9wYXNzd2Q=", "null"),
    ],
)
def test_other_paths_are_refused(value: str) -> None:
    """A path that leads out or may do so, and what is no path: the line is named."""
    for text in (f"secrets:\n  s:\n    file: {value}\n", f"services:\n  a:\n    env_file:\n    - {value}\n"):
        if value == "null" and "env_file" in text:
            continue
        with pytest.raises(Refused, match=r"line [34]: .* which is not permitted"):
            named_files(parsed(text), "`c.yml`")


@pytest.mark.parametrize("text", ["services:\n  a: {extends: {file: x, service: a}}\n", "include: [other.yml]\n"])
def test_other_compose_files_are_refused(text: str) -> None:
    """The CLI does not know these keys today; a later one may, and would read other files."""
    with pytest.raises(Refused, match="not permitted"):
        named_files(parsed(text), "`c.yml`")


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: [\n", "--- {}\n--- {}\n", "", "- a\n", "a: *unknown\n", "{a: b"])
def test_what_is_not_one_document_with_keys_is_refused(text: str) -> None:
    """Also a key that is set twice: two parsers could read two different files."""
    with pytest.raises(Refused):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("a: ${SLACK_BOT_TOKEN}", "SLACK_BOT_TOKEN"),
        ("a: x$HOME/y", "HOME"),
        ("a: [b, {c: '${PATH}'}]", "PATH"),
        ("a: $$HOME ${TAG} ${OTHER:-x} ${OTHER-} ${OTHER:?needed}", ""),
        ("# ${COMMENT}\na: 1", ""),
    ],
)
def test_variables_without_a_value_are_refused(text: str, missing: str) -> None:
    """Only those of swarmbot.yml have one."""
    document = parsed(text)
    if not missing:
        require_variables(document, {"TAG"}, "`c.yml`")
        return
    with pytest.raises(Refused, match=missing):
        require_variables(document, {"TAG"}, "`c.yml`")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("services.web Additional property imag is not allowed", "line 4: services.web Additional"),
        ("services.web.ports must be a list", "line 3: services.web.ports"),
        ("(root) Additional property serv is not allowed", "line 5: (root)"),
        ("yaml: line 3: mapping values", "yaml: line 3"),
        ("secret not found: x", "secret not found"),
    ],
)
def test_errors_of_the_cli_get_a_line(message: str, told: str) -> None:
    """The line of the key that the CLI names, where it names one."""
    document = parsed("services:\n  web:\n    ports: 1\n    imag: x\nserv: {}\n")
    assert with_line(document, message).startswith(told)
