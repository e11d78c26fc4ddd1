"""Calls to one engine through the Docker SDK: timeouts, safe retries, Swarmbot's own errors, no secrets in errors."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import docker
import msgspec
import requests
from urllib3.exceptions import EmptyPoolError

from bot.blocks import plain_line
from bot.engine.api.adapter import EngineAdapter
from bot.engine.api.listing import PIECE_BYTES, batches
from bot.engine.ssh import failures
from bot.engine.ssh.diagnose import diagnose
from bot.engine.ssh.socket_dialer import SocketDialer
from bot.errors import EngineError, Failed, HostUnreachable
from bot.model.engine_values import Json
from bot.model.engine_versions import OLDEST_API, common_api
from bot.secrets.secret import MASK
from bot.text.engine_text import without_grpc

READ_TIMEOUT_S: Final = 10
"""The time-out of a read."""
CHANGE_TIMEOUT_S: Final = 30
"""The time-out of a change: a join to a manager that does not respond fails after 20 to 25 s, a write without a leader
after 20 s."""

_SECRET = re.compile(r"SWM(?:TKN|KEY)-[\w./+=-]+")
_OTHER_VERSION = re.compile(r"client version \S+ is too (?:old|new)")
_URL: Final = "http://engine:2375"

T = TypeVar("T")


def mask_secrets(text: str) -> str:
    """Return ``text`` without join tokens and unlock keys: engines repeat some in their errors."""
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

    @property
    def api_version(self) -> str:
        """The version of the API that the engine was last seen to support."""
        return str(self._api.api_version)

    def read(self, call: Callable[[docker.APIClient], T]) -> T:
        """Return ``call(api)``, which must change nothing: it is repeated if a pooled connection had died.

        Raises HostUnreachable, EngineError.
        """
        return self._call(call, READ_TIMEOUT_S)

    def change(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Any = None,
        content: bytes = b"",
        version: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: int = CHANGE_TIMEOUT_S,
    ) -> Any:
        """Send a change once; return the response's JSON, or None if it is empty. Raises HostUnreachable, EngineError.

        ``body`` is sent as JSON, ``content`` (a tar) as it is; ``version`` is another API version than the client's.
        Each change gets a new connection, so a change that was not sent differs from one that may have taken effect.
        """

        def send(api: docker.APIClient) -> Any:
            url = f"{api.base_url}/v{version or api.api_version}{path}"
            sent: dict[str, Any] = {"params": params, "json": body, "data": content or None, "headers": headers}
            answer = api.request(method, url, **sent, timeout=timeout_s)
            answer.raise_for_status()
            return answer.json() if answer.content else None

        return self._call(send, timeout_s, change=f"`{method} {path}`")

    def forward(self, method: str, path: str, headers: Mapping[str, str]) -> requests.Response:
        """Return the response to a GET or HEAD, also if it is an error. Raises HostUnreachable, EngineError."""

        def send(api: docker.APIClient) -> requests.Response:
            url = f"{api.base_url}{path}"
            return api.request(method, url, headers=dict(headers), allow_redirects=False, timeout=CHANGE_TIMEOUT_S)

        return self._call(send, CHANGE_TIMEOUT_S)

    def content(self, path: str, params: dict[str, str]) -> bytes:
        """Return the response to a GET as it was sent. Raises HostUnreachable, EngineError."""

        def send(api: docker.APIClient) -> bytes:
            answer = api.get(f"{api.base_url}/v{api.api_version}{path}", params=params, timeout=READ_TIMEOUT_S)
            answer.raise_for_status()
            return bytes(answer.content)

        return self.read(send)

    def listed(
        self, path: str, decode: Callable[[bytes], list[T]], params: Mapping[str, str] | None = None
    ) -> Iterator[T]:
        """Yield the elements of the list that a GET returns, while it comes; ``decode`` makes them of pieces of it.

        It is requested when the first one is asked for. Raises HostUnreachable, EngineError.
        """

        def begin(api: docker.APIClient) -> tuple[requests.Response, Iterator[list[T]], list[T]]:
            url = f"{api.base_url}/v{api.api_version}{path}"
            answer = api.get(url, params=dict(params or {}), timeout=READ_TIMEOUT_S, stream=True)
            try:
                answer.raise_for_status()
                found = batches(answer.iter_content(PIECE_BYTES), decode)
                return answer, found, next(found)
            except BaseException:
                answer.close()
                raise

        answer, following, batch = self.read(begin)
        with contextlib.closing(answer):
            while True:
                yield from batch
                try:
                    batch = self._call(lambda _: next(following), READ_TIMEOUT_S, repeat=False)
                except StopIteration:
                    return

    def info(self, timeout_s: float = READ_TIMEOUT_S) -> Json:
        """Return ``GET /info``. Raises HostUnreachable, EngineError."""

        def send(api: docker.APIClient) -> Json:
            answer = api.get(f"{api.base_url}/v{api.api_version}/info", timeout=timeout_s)
            answer.raise_for_status()
            found: Json = answer.json()
            return found

        return self._call(send, timeout_s)

    def data_root(self) -> str:
        """Return the engine's data root on the host (``DockerRootDir``). Raises HostUnreachable, EngineError."""
        return str(self.info()["DockerRootDir"])

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def _call(
        self, send: Callable[[docker.APIClient], T], timeout_s: float, change: str = "", *, repeat: bool = True
    ) -> T:
        # Raised outside of the handlers: a library's exception as context would keep the request, and a token in it.
        for again in (True, False) if repeat else (False,):
            try:
                return send(self._api)
            except (requests.JSONDecodeError, msgspec.DecodeError):
                failure: Failed = EngineError(
                    self.host, 0, f"The engine of `{self.host}` sent a response without JSON."
                )
            except requests.HTTPError as error:
                failure = self._http_failure(error.response)
                if again and self._adopt_version(failure):
                    continue
            except (requests.Timeout, EmptyPoolError):
                failure = self._timeout_failure(timeout_s, change)
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
        return EngineError(self.host, response.status_code, plain_line(without_grpc(mask_secrets(message))))

    def _adopt_version(self, error: EngineError) -> bool:
        """If the engine refused our API version, switch to one that it supports; return whether that was done.

        Engines are upgraded while Swarmbot runs, so this is decided at each refusal. Raises HostUnreachable if there is
        no version that both support.
        """
        if error.status != requests.codes.bad_request or not _OTHER_VERSION.search(error.happened):
            return False
        try:
            offered = self._api.version(api_version=False)
            oldest, newest, engine = (
                plain_line(str(offered[key])) for key in ("MinAPIVersion", "ApiVersion", "Version")
            )
            version = common_api(oldest, newest)
        except (requests.RequestException, docker.errors.DockerException, EmptyPoolError, KeyError, ValueError):
            return False
        if version is None:
            raise failures.no_common_api(self.dialer.connection.target, engine, oldest, newest)
        self._api = self._client(version)
        return True

    def _timeout_failure(self, timeout_s: float, change: str) -> Failed:
        connection = self.dialer.connection
        if not connection.still_responds():
            return failures.connection_lost(connection.target, unsure=change)
        return EngineError(self.host, 0, f"The engine of `{self.host}` did not respond within {timeout_s:.0f} s.")

    def _connection_failure(self, change: str) -> HostUnreachable:
        connection = self.dialer.connection
        unsure = failures.connection_lost(connection.target, unsure=change)
        try:
            failure = diagnose(connection, self.dialer.path)
        except HostUnreachable as error:
            failure = error
        if failure is None:
            return unsure
        return HostUnreachable(  # a new object: threads that waited for one connection share its error
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
        api.trust_env = False  # a proxy from the environment must not be used
        api.mount("http://", self._adapter)
        return api
