"""Calls to one engine through the Docker SDK: time-outs, retries that are safe, errors of this house, no secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import docker
import requests
from urllib3.exceptions import EmptyPoolError

from bot.blocks import escape_line
from bot.engine.api.adapter import EngineAdapter
from bot.engine.ssh import failures
from bot.engine.ssh.diagnose import diagnose
from bot.engine.ssh.socket_dialer import SocketDialer
from bot.errors import EngineError, Failed, HostUnreachable
from bot.model.engine_versions import OLDEST_API, common_api
from bot.secrets.secret import MASK

READ_TIMEOUT_S: Final = 10
"""Seconds for a question."""
CHANGE_TIMEOUT_S: Final = 30
"""Seconds for a change: a join to a silent manager ends after 20 to 25, a write without a leader after 20."""

_SECRET = re.compile(r"SWM(?:TKN|KEY)-[\w./+=-]+")
_OTHER_VERSION = re.compile(r"client version \S+ is too (?:old|new)")
_URL: Final = "http://engine:2375"

T = TypeVar("T")


def mask_secrets(text: str) -> str:
    """Take join tokens and unlock keys out of ``text``: engines echo some in their errors."""
    return _SECRET.sub(MASK, text)


class EngineClient:
    """The Docker SDK's client of the engine behind ``dialer``. Thread-safe. Connects at its first call."""

    def __init__(self, dialer: SocketDialer) -> None:
        self.dialer = dialer
        self._adapter = EngineAdapter(dialer)
        self._api = self._client(OLDEST_API)

    @property
    def host(self) -> str:
        """The host's name in swarmbot.yml."""
        return self.dialer.connection.target.name

    def ask(self, question: Callable[[docker.APIClient], T]) -> T:
        """Return ``question(api)``, which changes nothing: it is asked again when a pooled connection had died.

        Raises HostUnreachable, EngineError.
        """
        return self._call(question, READ_TIMEOUT_S)

    def change(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Any = None,
        content: bytes = b"",
        seconds: int = CHANGE_TIMEOUT_S,
    ) -> Any:
        """Send a change once and return the answer's JSON, None when it has none. Raises HostUnreachable, EngineError.

        ``body`` is sent as JSON, ``content`` (a tar) as it is; ``seconds`` is how long an answer is waited for. It goes
        over a connection just opened, so what could not be sent is told from what may have taken effect.
        """

        def send(api: docker.APIClient) -> Any:
            url = f"{api.base_url}/v{api.api_version}{path}"
            answer = api.request(method, url, params=params, json=body, data=content or None, timeout=seconds)
            answer.raise_for_status()
            return answer.json() if answer.content else None

        return self._call(send, seconds, change=f"`{method} {path}`")

    def data_root(self) -> str:
        """The engine's data folder on the host (``DockerRootDir``). Raises HostUnreachable, EngineError."""
        return str(self.ask(lambda api: api.info())["DockerRootDir"])

    def close(self) -> None:
        """Close the connections that wait."""
        self._adapter.close()

    def _call(self, send: Callable[[docker.APIClient], T], seconds: int, change: str = "") -> T:
        # What fails is raised outside of the handlers: a library's exception keeps the request, and with it a token.
        for again in (True, False):
            try:
                return send(self._api)
            except requests.JSONDecodeError:
                failure: Failed = EngineError(self.host, 0, f"The engine of `{self.host}` answered with no JSON.")
            except requests.HTTPError as error:
                failure = self._http_failure(error.response)
                if again and self._adopt_version(failure):
                    continue
            except (requests.Timeout, EmptyPoolError):
                failure = self._timeout_failure(seconds, change)
            except requests.RequestException:
                if again and not change:
                    continue
                failure = self._connection_failure(change)
            break
        raise failure

    def _http_failure(self, response: requests.Response) -> EngineError:
        try:
            message = str(response.json()["message"])
        except (ValueError, KeyError, TypeError):
            message = response.text.strip() or response.reason
        return EngineError(self.host, response.status_code, escape_line(mask_secrets(message)))

    def _adopt_version(self, error: EngineError) -> bool:
        """Speak a version that the engine takes, when it has refused ours as the wrong one; whether it had.

        Engines are replaced while we run, so each refusal is looked into anew. Raises HostUnreachable for an engine
        with which no version is common.
        """
        if error.status != requests.codes.bad_request or not _OTHER_VERSION.search(error.happened):
            return False
        try:
            offered = self._api.version(api_version=False)
            oldest, newest, engine = (
                escape_line(str(offered[key])) for key in ("MinAPIVersion", "ApiVersion", "Version")
            )
            version = common_api(oldest, newest)
        except (requests.RequestException, docker.errors.DockerException, EmptyPoolError, KeyError, ValueError):
            return False
        if version is None:
            raise failures.no_common_api(self.dialer.connection.target, engine, oldest, newest)
        self._api = self._client(version)
        return True

    def _timeout_failure(self, seconds: int, change: str) -> Failed:
        connection = self.dialer.connection
        if not connection.still_responds():
            return failures.connection_lost(connection.target, unsure=change)
        return EngineError(self.host, 0, f"The engine of `{self.host}` did not answer within {seconds} s.")

    def _connection_failure(self, change: str) -> HostUnreachable:
        connection = self.dialer.connection
        unsure = failures.connection_lost(connection.target, unsure=change)
        try:
            failure = diagnose(connection, self.dialer.path)
        except HostUnreachable as error:
            failure = error
        if failure is None:
            return unsure
        return HostUnreachable(  # a new one: threads that waited for one connection share the error of it
            failure.host,
            failure.problem,
            failure.happened,
            true_now=unsure.true_now or failure.true_now,
            next_step=failure.next_step,
            fingerprint=failure.fingerprint,
            known_fingerprint=failure.known_fingerprint,
        )

    def _client(self, version: str) -> docker.APIClient:
        api = docker.APIClient(base_url=_URL, version=version, timeout=READ_TIMEOUT_S)
        api.trust_env = False  # a proxy in the environment is not for this
        api.mount("http://", self._adapter)
        return api
