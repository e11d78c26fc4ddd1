"""Refuses requests of other websites: a page on the internet must not be able to type commands.

A browser sends ``Origin`` with every request of another site that can change something, and ``Host`` says by which name
it found this server. A foreign origin is refused, and so is a foreign name that resolves to 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

FOR_THE_BOT: Final = ("/api/", "/upload/", "/response/", "/socket")
"""Paths that the bot uses, by any name of this server; they need its token or an unguessable key."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
"""The page is served on these addresses alone."""
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: https:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def guard(address: str) -> Middleware:
    """Return a middleware that answers 403 to requests which do not come from this server's own page.

    ``address`` is the one that the server listens on. Names are compared if it is this machine alone.
    """

    @web.middleware
    async def only_own(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith(FOR_THE_BOT):
            return await handler(request)
        if reason := _foreign(request, address):
            return web.json_response({"error": f"refused: {reason}"}, status=403)
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    return only_own


def _foreign(request: web.Request, address: str) -> str:
    """Return why a request is not from the own page; empty if it may be."""
    name = request.host.rpartition(":")[0] if request.host[-1:].isdigit() and ":" in request.host else request.host
    if address in LOOPBACK and name not in LOOPBACK:
        return "this server has another name"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return "it comes from another site"
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"} and request.path != "/":
        return "it comes from another site"
    return ""
