"""Where compose files come from: a path on the worker, or a git repository. Reads nothing outside of their folder."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
import tempfile
import threading
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from bot.blocks import plain_line, tick
from bot.config.stacks import Stack
from bot.errors import Failed, Refused
from bot.model import StackSource
from bot.secrets.redact import redact
from bot.secrets.secret import Secret

MAX_BYTES: Final = 2_000_000
"""The size of a file. Docker takes configs and secrets up to 500 kB."""
GIT_TIMEOUT_S: Final = 60.0
UNCHANGED: Final = "Nothing was changed."


class Source(Protocol):
    """The folder of a compose file at one moment."""

    words: str
    """Where it is, for people."""
    commit: str
    """The commit; "" for a path."""
    compose: str
    """The name of the compose file in it."""

    def read(self, name: str) -> bytes:
        """Return a file in the folder or below it. Raise Refused if it is missing, too large, or leads out of it."""
        ...


class FolderSource:
    """A compose file on the worker."""

    commit = ""

    def __init__(self, file: Path) -> None:
        self.words = tick(str(file))
        self.compose = file.name
        self._folder = file.parent

    def read(self, name: str) -> bytes:
        """Return a file. The open file itself is asked for its path, so that no link can be created in between."""
        path = self._folder / name
        try:
            folder = Path(os.path.realpath(self._folder))
            file = open(path, "rb", buffering=0, opener=_open)  # noqa: SIM115 - Path.open has no opener
        except OSError as error:
            raise Refused(f"{tick(str(path))} cannot be read: {error.strerror}.", true_now=UNCHANGED) from None
        with file:
            found = Path(os.path.realpath(f"/proc/self/fd/{file.fileno()}"))
            if not found.is_relative_to(folder) or not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Refused(
                    f"{tick(str(path))} is not a file in {tick(str(self._folder))}: it leads out of this folder.",
                    true_now=UNCHANGED,
                    next_step="Put the file itself there.",
                )
            return _limited(file.read(MAX_BYTES + 1), name)


def _open(path: str, flags: int) -> int:
    """Open without waiting, as a pipe without a writer would make us."""
    return os.open(path, flags | os.O_NONBLOCK)


class GitSource:
    """A compose file at one commit of a repository."""

    def __init__(self, repository: GitRepository, commit: str, file: str, words: str) -> None:
        path = PurePosixPath(file)
        self.words = words
        self.commit = commit
        self.compose = path.name
        self._repository = repository
        self._folder = path.parent

    def read(self, name: str) -> bytes:
        """Return a file of the commit."""
        return self._repository.blob(self.commit, str(self._folder / name))


class KeptSource:
    """The files of an earlier deploy, as they were kept."""

    def __init__(self, number: int, kept: StackSource) -> None:
        self.words = f"revision {number} ({kept.words})"
        self.commit = kept.commit
        self.compose = kept.compose
        self._kept = kept

    def read(self, name: str) -> bytes:
        """Return a kept file."""
        if name not in self._kept.files:
            raise Refused(f"{self.words} has no file {tick(name)}.", true_now=UNCHANGED)
        return base64.b64decode(self._kept.files[name])


class TypedSource:
    """A compose file that was typed into a form: there are no other files beside it."""

    words = "the typed compose file"
    commit = ""
    compose = "compose.yml"

    def __init__(self, text: Secret) -> None:
        self._text = text

    def read(self, name: str) -> bytes:
        """Return the file itself. Raise Refused for any other one."""
        if name != self.compose:
            raise Refused(
                f"{self.words} names the file {tick(name)}, and a typed one has no other files beside it.",
                true_now=UNCHANGED,
                next_step="Create configs and secrets before and name them with `external: true`, or deploy from git.",
            )
        return self._text.reveal().encode()


class GitRepository:
    """A bare copy of what was fetched from a repository. Thread-safe. Removed with this object."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def fetch(self, ref: str, commit: str = "") -> str:
        """Fetch ``ref``, or ``commit``, and return the commit. Raise Failed, or Refused if it is gone."""
        with self._lock:
            if commit and self._folder and self._has(commit):
                return commit
            self._fetch(commit or ref)
            return commit or self._git("rev-parse", "--verify", "FETCH_HEAD^{commit}").decode().strip()

    def blob(self, commit: str, path: str) -> bytes:
        """Return a file of a commit. A link or a submodule is refused."""
        listed = self._git("ls-tree", "-z", commit, "--", path).decode(errors="replace")
        mode, _, rest = listed.partition(" ")
        if not mode.startswith("100"):
            what = "is a link, or is no file" if listed else "is missing"
            raise Refused(f"{tick(path)} {what} in commit {tick(commit[:7])}.", true_now=UNCHANGED)
        blob = rest.split()[1]
        if int(self._git("cat-file", "-s", blob)) > MAX_BYTES:
            return _limited(bytes(MAX_BYTES + 1), path)
        return self._git("cat-file", "blob", blob)

    def _has(self, commit: str) -> bool:
        return self._run("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0

    def _fetch(self, what: str) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="swarmbot-git-")
            self._git("init", "--quiet", "--bare")
        self._git("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", self._url, what)

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        assert self._folder is not None  # noqa: S101 - _fetch has made it
        try:
            return subprocess.run(
                [_git_program(), "-C", self._folder.name, "-c", "protocol.ext.allow=never", *words],
                env=_git_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=GIT_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.shown} did not respond within {GIT_TIMEOUT_S:.0f} s.", true_now=UNCHANGED) from None

    def _git(self, *words: str) -> bytes:
        done = self._run(*words)
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise Failed(
                f"git could not read {self.shown}: {plain_line(redact(lines[0]))}",
                true_now=UNCHANGED,
                next_step="Check `git` and `ref` of the stack in swarmbot.yml, and the worker's access.",
            )
        return done.stdout

    @property
    def shown(self) -> str:
        """The repository for people, without a password."""
        return tick(redact(self._url))


class Sources:
    """The sources of a cluster's stacks. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._repositories: dict[str, GitRepository] = {}

    def open(self, stack: Stack, commit: str = "") -> Source:
        """Return the source of a stack as it is now, or at ``commit``. Raise Failed or Refused."""
        if stack.git is None:
            return FolderSource(Path(stack.file))
        with self._lock:
            repository = self._repositories.setdefault(stack.git, GitRepository(stack.git))
        commit = repository.fetch(stack.ref, commit)
        words = f"{tick(stack.file)} of {repository.shown} at {tick(stack.ref)} (commit {tick(commit[:7])})"
        return GitSource(repository, commit, stack.file, words)


def _limited(content: bytes, name: str) -> bytes:
    if len(content) > MAX_BYTES:
        raise Refused(f"{tick(name)} is larger than {MAX_BYTES / 1e6:.0f} MB.", true_now=UNCHANGED)
    return content


def _git_program() -> str:
    found = shutil.which("git")
    if found is None:
        raise Failed("The worker has no `git`.", true_now=UNCHANGED, next_step="Install it: `apt-get install git`.")
    return found


def _git_environment() -> dict[str, str]:
    """Return what git and its ssh need. The bot's tokens are not among it."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK", "LANG") if name in os.environ}
    ssh = "ssh -o BatchMode=yes -o ConnectTimeout=10"
    return {**environment, "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": ssh, "LC_ALL": "C"}
