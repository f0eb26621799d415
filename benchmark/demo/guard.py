"""Refuse requests that the page itself never makes, before they reach gradio."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_AROUND_AN_UPLOAD = 65_536
"""Bytes of an upload's request that are allowed besides the file."""


class Guard:
    """ASGI middleware that refuses unexpected requests.

    Parameters
    ----------
    app
        The application to guard.
    most_bytes
        Largest upload in bytes.
    loopback
        Whether to answer only requests to loopback host names, which prevents DNS rebinding.
    """

    def __init__(self, app: App, most_bytes: int, loopback: bool) -> None:
        self._app, self._most_bytes, self._loopback = app, most_bytes, loopback

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it."""
        refused = self.refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
            return
        status, sentence = refused
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": sentence.encode()})

    def refusal(self, scope: Message) -> tuple[int, str] | None:
        """Return status and reason if the request is refused; None if it is allowed."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if self._loopback and urlsplit(f"//{host}").hostname not in LOOPBACK:
            return 403, "this demo answers to this machine only"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "another site may not use this demo"
        path = unquote(unquote(scope["path"]))
        if scope["method"] == "POST" and path.endswith("/upload") and "content-length" not in headers:
            return 411, "an upload must tell its size"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most_bytes + _AROUND_AN_UPLOAD:
            return 413, f"the file is larger than {self._most_bytes / 1e6:,.0f} MB, the demo's limit"
        if "proxy=" in path or ("file=" in path and "://" in path.replace(":/", "://")):
            return 404, "the demo fetches nothing from elsewhere"
        return None
