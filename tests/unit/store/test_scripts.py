"""A Lua file that differs from its header is refused when it is loaded, and a wrong call when it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.store.scripts import ROOT, Script

FILES = sorted(path for path in (ROOT / "bot").rglob("lua/*.lua") if "KEYS[1]" in path.read_text(encoding="utf-8"))
SOUND = "-- KEYS[1] a key\n-- ARGV[1] a value\n-- ARGV[2...] more\nreturn {KEYS[1], ARGV[1], #ARGV}\n"


def _script(tmp_path: Path, text: str) -> Script:
    path = tmp_path / "some.lua"
    path.write_text(text, encoding="utf-8")
    return Script(Redis(), path)


@pytest.mark.parametrize(
    "text",
    [
        "-- KEYS[1] a key\nreturn KEYS[2]",
        "-- KEYS[2] a key\nreturn KEYS[2]",
        "-- KEYS[1] a key\n-- ARGV[1]\nreturn ARGV[1]",
        "return ARGV[1]\n",
    ],
)
def test_an_input_that_the_header_does_not_name(tmp_path: Path, text: str) -> None:
    """Each input has a line with a description, numbered from 1."""
    with pytest.raises(ValueError, match=r"some\.lua"):
        _script(tmp_path, text)


def test_an_include_that_is_not_there(tmp_path: Path) -> None:
    """A shared file that does not exist is found at load."""
    with pytest.raises(FileNotFoundError):
        _script(tmp_path, "-- include bot/queue/lua/none.lua\nreturn 1")


@pytest.mark.parametrize(("names", "args"), [([], ["a"]), (["k", "k"], ["a"]), (["k"], [])])
def test_a_wrong_count(tmp_path: Path, names: list[str], args: list[str]) -> None:
    """A call with the wrong number of keys or arguments never reaches the server."""
    with pytest.raises(TypeError, match="1 keys and 1 arguments"):
        _script(tmp_path, SOUND)(names, args)


def test_a_server_that_forgot_its_scripts(tmp_path: Path, redis_url: str) -> None:
    """A restarted server gets the script again."""
    path = tmp_path / "some.lua"
    path.write_text(SOUND, encoding="utf-8")
    with connect(Secret(redis_url)) as client:
        script = Script(client, path)
        for _ in range(2):
            assert script(["k"], ["a", "b", "c"]) == ["k", "a", 3]
            client.script_flush()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_transition_compiles(path: Path, redis_url: str) -> None:
    """The server accepts each file as Lua."""
    with connect(Secret(redis_url)) as client:
        assert client.script_load(Script(client, path)._run.script)
