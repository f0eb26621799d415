"""A file of a data set repository on the Hugging Face hub as one more mirror: ``hf://OWNER/NAME/FILE``.

``huggingface_hub`` says where the file is, how long it is and what its SHA-256 is; it is fetched and checked as from
any other server, so that a download goes on where it broke off, and nothing that is fetched is ever unpickled.
"""

import importlib
import os
import re
import time
from dataclasses import dataclass, field
from types import ModuleType

from realdof.common.errors import InputError

SCHEME = "hf://"
_ADDRESS = re.compile(
    r"hf://(?:datasets/)?(?P<repo>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[^/]+))?/(?P<file>[^?#]+[^/?#])", re.ASCII
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
TRIES = 4
"""Number of requests to a hub that cannot be reached or is busy."""
PASSING = (408, 429, 500, 502, 503, 504)
"""HTTP statuses after which a retry may help."""


@dataclass(frozen=True)
class Located:
    """The download behind an address.

    Parameters
    ----------
    url
        URL to request; on the hub, of a fixed revision.
    headers
        HTTP headers to send.
    sha256
        SHA-256 of the file, if the server gives one.
    bytes
        Size of the file, if the server gives it beforehand.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None
    bytes: int | None = None


def locate(address: str, timeout: float, pause: float = 1.0) -> Located:
    """Resolve an address: look up ``hf://`` addresses on the hub, and return other URLs unchanged.

    If the hub cannot be reached or is busy, the request is repeated, up to `TRIES` times in all.

    Parameters
    ----------
    address
        ``hf://OWNER/NAME/FILE``, ``hf://datasets/OWNER/NAME@REVISION/FILE``, or a URL. The hub is that of
        ``$HF_ENDPOINT``, if set.
    timeout
        Seconds to wait for the hub's answer.
    pause
        Seconds before the second try; the pause doubles with each further try.

    Raises
    ------
    InputError
        The address is malformed, ``huggingface_hub`` is not installed, or the hub gives us no such file.
    """
    if not address.startswith(SCHEME):
        return Located(address)
    matched = _ADDRESS.fullmatch(address)
    if matched is None:
        raise InputError(f"{address} is no address on the hub; give hf://OWNER/NAME/FILE of a data set repository")
    try:
        hub = importlib.import_module("huggingface_hub")
    except ModuleNotFoundError as error:
        raise InputError(f"{address} needs huggingface_hub; install ifan-bench[hub]") from error
    for tried in range(1, TRIES + 1):
        try:
            return _looked_up(hub, matched, timeout)
        except (OSError, ValueError, _transport_error(hub)) as error:
            if tried == TRIES or not _is_passing(error):
                raise InputError(f"{address} cannot be found: {_reason(error)}") from error
        time.sleep(pause * 2 ** (tried - 1))
    raise AssertionError("the last try returns or raises")


def _looked_up(hub: ModuleType, matched: re.Match[str], timeout: float) -> Located:
    endpoint = os.environ.get("HF_ENDPOINT") or None
    place = {"repo_id": matched["repo"], "filename": matched["file"], "repo_type": "dataset", "endpoint": endpoint}
    found = hub.get_hf_file_metadata(
        hub.hf_hub_url(**place, revision=matched["revision"]), timeout=timeout, endpoint=endpoint
    )
    # Fix the revision, so that a push during the download does not change the file.
    url: str = hub.hf_hub_url(**place, revision=found.commit_hash or matched["revision"])
    headers: dict[str, str] = hub.utils.build_hf_headers()
    tag = found.etag or ""
    return Located(url, headers, tag if _SHA256.fullmatch(tag) else None, found.size)


def _transport_error(hub: ModuleType) -> type[Exception]:
    """Return the error class of the library's HTTP client, which depends on the library's version."""
    kinds: tuple[type[Exception], ...] = hub.errors.HfHubHTTPError.__mro__
    return next(kind for kind in kinds if kind.__name__ == "HTTPError")


def _is_passing(error: Exception) -> bool:
    """Return whether a retry may help: the server did not answer, or was busy."""
    response = getattr(error, "response", None)
    if response is not None:
        return response.status_code in PASSING
    names = {kind.__name__ for kind in type(error).__mro__}
    return not names & {"OfflineModeIsEnabled", "HFValidationError"}


def _reason(error: Exception) -> str:
    """Return the reason for the library's error in one line, from the error's name."""
    names = {kind.__name__ for kind in type(error).__mro__}
    response = getattr(error, "response", None)
    if "GatedRepoError" in names:
        return "its owner wants you to ask for access, and to sign in with `hf auth login`"
    if "RepositoryNotFoundError" in names:
        return "the hub has no such data set repository, or it is private and you are not signed in"
    if "RevisionNotFoundError" in names:
        return "the repository has no such revision"
    if "EntryNotFoundError" in names and response is not None:
        return "the repository has no such file"
    if "OfflineModeIsEnabled" in names:
        return "HF_HUB_OFFLINE is set"
    if response is not None:
        return f"the hub answers {response.status_code}"
    if "TimeoutException" in names or "Timeout" in names:
        return "the hub does not answer in time"
    if "HFValidationError" in names:
        return "it is no repository's name"
    return "no connection to the hub"
