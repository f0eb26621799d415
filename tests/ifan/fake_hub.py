"""A Hugging Face Hub of one repository on this machine, as far as pushing and fetching files needs it."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "0" * 40


class Hub(BaseHTTPRequestHandler):
    """Answers the requests of ``huggingface_hub``; files go into ``server.files`` by path."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_POST(self) -> None:
        """Make the repository, say how files are to be sent, take a commit."""
        content = self._body()
        if self.path == "/api/repos/create":
            self.server.made.append(json.loads(content))
            self._answer({"url": f"{self.server.address}/owner/name"})
        elif "/preupload/" in self.path:
            files = json.loads(content)["files"]
            modes = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in files]
            self._answer({"files": modes})
        elif "/commit/" in self.path:
            for line in content.decode().splitlines():
                operation = json.loads(line)
                if operation["key"] == "file":
                    self.server.files[operation["value"]["path"]] = base64.b64decode(operation["value"]["content"])
            url = f"{self.server.address}/owner/name/commit/{COMMIT}"
            self._answer({"commitUrl": url, "commitOid": COMMIT, "success": True})
        else:
            self._answer({})

    def do_HEAD(self) -> None:
        """A file's size, hash and commit."""
        self._file(with_body=False)

    def do_GET(self) -> None:
        """A file, or the repository's description."""
        if "/resolve/" in self.path:
            self._file(with_body=True)
        else:
            self._answer({"id": "owner/name", "sha": COMMIT, "siblings": []})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _file(self, *, with_body: bool) -> None:
        content = self.server.files.get(self.path.split("/")[-1])
        if content is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def _answer(self, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """What was made and stored."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hub)
        self.made: list[dict[str, object]] = []
        self.files: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        """For ``HF_ENDPOINT``."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def fake_hub() -> Iterator[Server]:
    """The Hub, while the block runs."""
    with Server() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
