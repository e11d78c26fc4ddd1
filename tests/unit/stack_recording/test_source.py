"""Where compose files come from: nothing outside of their folder is read."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from bot.config import Stack
from bot.errors import Failed, Refused
from bot.model import StackSource
from bot.secrets.secret import Secret
from bot.stack_recording.source import MAX_BYTES, FolderSource, KeptSource, Sources, TypedSource
from tests.kits.git_repository import commit


def test_files_in_the_folder_are_read(tmp_path: Path) -> None:
    """Below it too, and through a link that stays inside."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_text("text")
    (tmp_path / "link").symlink_to("sub/a")
    source = FolderSource(tmp_path / "compose.yml")
    assert source.compose == "compose.yml"
    assert source.read("sub/a") == source.read("link") == b"text"


def test_what_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A link to a file or through a folder, a pipe, a folder, a missing and a large file."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key").write_text("private")
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "link").symlink_to(outside / "key")
    (folder / "door").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    (folder / "large").write_bytes(bytes(MAX_BYTES + 1))
    source = FolderSource(folder / "compose.yml")
    for name in ("link", "door/key", "pipe", "door", "missing", "large"):
        with pytest.raises(Refused):
            source.read(name)


def test_a_kept_source_has_its_own_files_alone() -> None:
    """No file is read from the worker in their place."""
    files = {"compose.yml": base64.b64encode(b"text").decode()}
    source = KeptSource(3, StackSource("app", "`/srv/app/compose.yml`", "", "compose.yml", files, {}, "28.2.2"))
    assert source.read("compose.yml") == b"text"
    assert source.words == "revision 3 (`/srv/app/compose.yml`)"
    with pytest.raises(Refused):
        source.read("other")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on main."""
    commit(tmp_path / "repo", "compose.yml", "one")
    return tmp_path / "repo"


def test_a_branch_is_fetched_again_and_a_commit_stays(repository: Path) -> None:
    """A plan reads what the branch has now; its steps read the commit of the plan."""
    sources = Sources()
    stack = Stack(git=f"file://{repository}", ref="main")
    first = sources.open(stack)
    assert first.read("compose.yml") == b"one"
    assert f"commit `{first.commit[:7]}`" in first.words
    commit(repository, "compose.yml", "two")
    assert sources.open(stack).read("compose.yml") == b"two"
    assert sources.open(stack, first.commit).read("compose.yml") == b"one"


def test_links_in_a_repository_are_refused(repository: Path) -> None:
    """So are missing files. An unknown branch is reported in git's words."""
    (repository / "link").symlink_to("/etc/passwd")
    commit(repository, "other", "x")
    source = Sources().open(Stack(git=f"file://{repository}"))
    for name in ("link", "missing"):
        with pytest.raises(Refused):
            source.read(name)
    with pytest.raises(Failed, match="nowhere"):
        Sources().open(Stack(git=f"file://{repository}", ref="nowhere"))


def test_a_typed_file_has_no_others_beside_it() -> None:
    """Whatever it names; and its text is in no representation."""
    source = TypedSource(Secret("services: {web: {environment: {A: hidden}}}"))
    assert source.read(source.compose) == b"services: {web: {environment: {A: hidden}}}"
    assert "hidden" not in repr(vars(source))
    for name in ("a.env", "/etc/hostname", "../compose.yml", ".env"):
        with pytest.raises(Refused, match="has no other files beside it"):
            source.read(name)
