"""A web server on this machine that serves one file well, or badly in every way that servers have."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!DOCTYPE html><html><title>Too many downloads</title></html>"


class Server:
    """One file under many paths, each with a behaviour of its own.

    Attributes
    ----------
    content
        The file.
    asked
        (path, Range header) of every request.
    """

    def __init__(self, content: bytes, address: str) -> None:
        self.content, self.address = content, address
        self.asked: list[tuple[str, str | None]] = []

    def url(self, behaviour: str) -> str:
        """Where the file is served with a behaviour."""
        return f"{self.address}/{behaviour}/set.zip"

    def elsewhere(self, behaviour: str) -> str:
        """Where the hub sends those who want a file's content: another host, as its client sees it."""
        return self.url("good" if behaviour in ("lies", "refuses", "busy") else behaviour).replace(
            "127.0.0.1", "localhost"
        )

    def looked_up(self, repository: str) -> list[str]:
        """How the hub was asked where a file of a repository is, request by request."""
        return [path for path, asked in self.asked if asked == "HEAD" and path.split("/")[3] == repository]

    def ranges(self, behaviour: str) -> list[str | None]:
        """What was asked of a behaviour, request by request."""
        return [asked for path, asked in self.asked if path == f"/{behaviour}/set.zip"]


@contextmanager
def serving(content: bytes) -> Iterator[Server]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            server.asked.append((self.path, self.headers.get("Range")))
            behaviour = self.path.split("/")[1].replace("-", "_")
            self.close_connection = True
            getattr(self, f"do_{behaviour}")()

        def do_HEAD(self) -> None:
            """The hub: what it knows of a file, of which it fetches the content elsewhere."""
            server.asked.append((self.path, "HEAD"))
            self.close_connection = True
            behaviour = self.path.split("/")[3]
            if behaviour in ("refuses", "busy") and len(server.looked_up(behaviour)) <= 2:
                if behaviour == "busy":
                    self.send(503, b"")
                return
            said = {"X-Repo-Commit": "c0ffee" * 6 + "c0ff"}
            if behaviour in ("gone", "gated"):
                status = {"gone": 404, "gated": 403}[behaviour]
                said["X-Error-Code"] = {"gone": "RepoNotFound", "gated": "GatedRepo"}[behaviour]
            else:
                status = 302
                lied = b"x" if behaviour == "lies" else b""
                said["Location"] = server.elsewhere(behaviour)
                said["X-Linked-ETag"] = f'"{sha256(server.content + lied).hexdigest()}"'
                said["X-Linked-Size"] = str(len(server.content))
            self.send_response(status)
            for name, value in said.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_datasets(self) -> None:
            """The hub, asked for the content."""
            behaviour = self.path.split("/")[3]
            self.send(302, b"", Location=server.elsewhere(behaviour))

        def do_api(self) -> None:
            """The hub, asked for what is no file."""
            self.send(404, b"")

        def send(
            self, status: int, body: bytes, *, length: int | None = -1, cut: int | None = None, **headers: str
        ) -> None:
            self.send_response(status)
            for name, value in {"Content_Type": "application/zip", "Connection": "close", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            if length is not None:
                self.send_header("Content-Length", str(len(body) if length < 0 else length))
            self.end_headers()
            # Whoever has read as much as was promised hangs up.
            with suppress(ConnectionError):
                self.wfile.write(body[:cut])

        def offset(self) -> int:
            asked = self.headers.get("Range")
            return int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0

        def part(self, cut: int | None = None, tag: str = '"one"', **headers: str) -> None:
            offset = self.offset() if self.headers.get("If-Range") == tag else 0
            body, total = server.content[offset:], len(server.content)
            if offset:
                headers["Content_Range"] = f"bytes {offset}-{total - 1}/{total}"
            self.send(206 if offset else 200, body, cut=cut, ETag=tag, **headers)

        def do_good(self) -> None:
            self.part()

        def do_refuses(self) -> None:
            """No answer to the first two requests."""
            if len(server.ranges("refuses")) > 2:
                self.part()

        def do_drops(self) -> None:
            """A quarter of the file at a time, whatever was promised."""
            self.part(cut=len(server.content) // 4 + 1)

        def do_changes(self) -> None:
            """Another version of the file after the first connection."""
            first = len(server.ranges("changes")) == 1
            self.part(cut=len(server.content) // 2 if first else None, tag='"one"' if first else '"two"')

        def do_no_range(self) -> None:
            """Half of the file, and then the whole of it whatever part is asked for."""
            first = len(server.ranges("no-range")) == 1
            self.send(200, server.content, cut=len(server.content) // 2 if first else None, ETag='"one"')

        def do_no_tag(self) -> None:
            """Half of the file, then all of it, and nothing that tells whether it is the same file."""
            first = len(server.ranges("no-tag")) == 1
            self.send(200, server.content, cut=len(server.content) // 2 if first else None)

        def do_other_part(self) -> None:
            """The beginning of the file as if it were the part that was asked for."""
            total = len(server.content)
            if self.offset():
                self.send(206, server.content, ETag='"one"', Content_Range=f"bytes 0-{total - 1}/{total}")
            else:
                self.send(200, server.content, cut=total // 2, ETag='"one"')

        def do_busy(self) -> None:
            """Not now, and then the file."""
            if len(server.ranges("busy")) < 3:
                self.send(503, b"")
            else:
                self.part()

        def do_long(self) -> None:
            """Promises more than there is."""
            self.send(200, server.content, length=len(server.content) + 1000)

        def do_short(self) -> None:
            """Promises less than there is, so that the end is never read."""
            self.send(200, server.content, length=len(server.content) // 2)

        def do_huge(self) -> None:
            self.send(200, server.content, length=10**15)

        def do_endless(self) -> None:
            """Chunks for ever."""
            self.send(200, b"", length=None, Transfer_Encoding="chunked")
            try:
                while True:
                    self.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            except OSError:
                pass

        def do_page(self) -> None:
            self.send(200, PAGE, Content_Type="text/html; charset=utf-8")

        def do_page_as_zip(self) -> None:
            self.send(200, PAGE)

        def do_nothing(self) -> None:
            """Closes the connection without a word."""

        def do_silent(self) -> None:
            """Takes the question and answers nothing until it is asked again."""
            if len(server.ranges("silent")) == 1:
                time.sleep(1)
            else:
                self.part()

        def do_waits(self) -> None:
            """Half of the file and then nothing more, until it is asked again."""
            if len(server.ranges("waits")) > 1:
                self.part()
                return
            half = len(server.content) // 2
            self.part(cut=half)
            self.wfile.flush()
            while len(server.ranges("waits")) == 1 and not stopped.wait(0.05):
                pass

        def do_encoded(self) -> None:
            """Packs what is packed, though nobody asked for it."""
            self.send(200, gzip.compress(server.content), Content_Encoding="gzip")

        def do_missing(self) -> None:
            self.send(404, b"no such file")

        def do_text(self) -> None:
            self.send(200, b"this is no archive at all" * 100)

    stopped = threading.Event()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(content, f"http://127.0.0.1:{httpd.server_address[1]}")
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stopped.set()
        httpd.shutdown()
        httpd.server_close()
