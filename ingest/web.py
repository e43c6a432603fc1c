"""Fetch one document from a public address, within limits of time, size and redirects.

An address may be typed by a visitor or come from a page that redirects, so it must not lead into
this machine or its network. Every name is resolved here, all its addresses are checked, and the
connection goes to one that was checked: a name that resolves otherwise a moment later changes
nothing. That holds for every redirect. Proxies of the environment are not used, for they resolve
names themselves.
"""

from __future__ import annotations

import ipaddress
import mimetypes
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from ingest.files import clean_name
from ingest.loaders import LOADERS, suffixes
from rag.errors import DocumentError
from rag.llm.wire import certificates

REDIRECTS = 5
PATIENCE = 10.0  # seconds without a byte
LONGEST = 2_000  # characters of an address
MOVED = (301, 302, 303, 307, 308)
PIECE = 1 << 16
HEADERS: Mapping[bytes | str, bytes | str] = {
    "User-Agent": "Ranklens",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # a few bytes can unpack to gigabytes
    "Connection": "close",
}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Of the network's own machinery, which Python counts among the global ones; the second to last is
# that of documentation, the last Azure's own server of each of its machines.
SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20", "168.63.129.16/32"),
    )
)
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: the name of the document, and the address that it came from in the end."""

    name: str
    address: str


def fetch(address: str, into: IO[bytes], *, most_mb: int, seconds: float) -> Fetched:
    """Write what is at a public ``http`` or ``https`` address into a file.

    Raises `DocumentError` with the reason if it is not public or cannot be fetched within the
    limits.
    """
    ends = time.monotonic() + seconds
    for _ in range(REDIRECTS + 1):
        address = checked(address)
        try:
            moved = _once(address, into, most_mb, ends)
        except httpcore.TimeoutException:
            raise DocumentError(_late(address, seconds)) from None
        except httpx.InvalidURL:
            raise DocumentError(f"{_host(address)} leads to what is no address") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
            raise DocumentError(f"{_host(address)} cannot be reached: {_reason(error)}") from None
        if isinstance(moved, Fetched):
            return moved
        if address.startswith("https:") and moved.startswith("http:"):
            raise DocumentError(f"{_host(address)} leads to an address that is not encrypted")
        address = moved
    raise DocumentError(f"it leads from one address to the next more than {REDIRECTS} times")


def checked(address: str) -> str:
    """Return an address that may be fetched; raises `DocumentError` if its form forbids that."""
    address = address.strip()
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL()
    known = url.scheme in ("http", "https") and url.host and (url.port or 80) < 1 << 16
    if not known or len(address) > LONGEST:
        raise DocumentError("give an address that begins with http:// or https://")
    if url.userinfo:
        raise DocumentError("an address with a name or password in it is not fetched")
    return str(url.copy_with(fragment=None))


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet, whatever it is wrapped in."""
    try:
        ip: IpAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in NAT64:
            within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if within:
            return is_public(str(within))
    if any(ip in network for network in SPECIAL):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def addresses_of(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PublicOnly(httpcore.NetworkBackend):
    """Connects to public addresses only, and ends everything when the time is up."""

    def __init__(self, ends: float) -> None:
        """Connect until ``ends``, a time of `time.monotonic`."""
        self._ends = ends
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve a host, check all its addresses, and connect to one of them."""
        found = self._resolved(host, port)
        if not found or not all(map(is_public, found)):
            raise DocumentError(
                f"{host} is no public address: documents are fetched from the internet only, not "
                "from this machine or its network; add such a file itself"
            )
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            try:
                stream = self._backend.connect_tcp(address, port, _left(self._ends, timeout))
                return _Bounded(stream, self._ends)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        """Refuse: no address leads to one."""
        raise DocumentError("an address leads to a server of the internet only")

    def sleep(self, seconds: float) -> None:
        """Wait between two attempts."""
        self._backend.sleep(_left(self._ends, seconds))

    def _resolved(self, host: str, port: int) -> list[str]:
        """Resolve in a thread, for the system's resolver has no deadline."""
        thread = ThreadPoolExecutor(1, "resolving")
        try:
            return thread.submit(addresses_of, host, port).result(_left(self._ends, PATIENCE))
        except NotInTime:
            raise httpcore.ConnectTimeout(host) from None
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("there is no such host") from None
        finally:
            thread.shutdown(wait=False)


class _Bounded(httpcore.NetworkStream):
    """A connection whose every read and write ends when the time is up."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._ends, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._ends, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._ends, timeout)
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, left), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _once(address: str, into: IO[bytes], most_mb: int, ends: float) -> Fetched | str:
    """Ask an address; return what came, or the address that it leads to."""
    context = certificates(address)
    with httpcore.ConnectionPool(
        ssl_context=context if isinstance(context, ssl.SSLContext) else None,
        network_backend=PublicOnly(ends),
    ) as pool:
        patience = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
        asked = pool.stream("GET", address, headers=HEADERS, extensions={"timeout": patience})
        with asked as response:
            headers = httpx.Headers(response.headers)
            if response.status in MOVED and headers.get("location"):
                return str(httpx.URL(address).join(headers["location"]))
            if response.status != 200:
                raise DocumentError(f"{_host(address)} answered with status {response.status}")
            if headers.get("content-encoding", "identity") != "identity":
                raise DocumentError(f"{_host(address)} sends it compressed, which is not read")
            _write(response.iter_stream(), into, most_mb, headers)
    return Fetched(_name(address, headers), address)


def _write(pieces: Iterable[bytes], into: IO[bytes], most_mb: int, headers: httpx.Headers) -> None:
    refused = DocumentError(f"has more than {most_mb} MB, which is the limit (option max_file_mb)")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most_mb << 20:
        raise refused
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most_mb << 20:
            raise refused
        into.write(piece)
    if not size:
        raise DocumentError("there is nothing at that address")


def _name(address: str, headers: httpx.Headers) -> str:
    """Return a name of host and path; the server's own name and the type give the suffix."""
    parts = urlsplit(address)
    message = Message()
    for header in ("content-disposition", "content-type"):
        if value := headers.get(header):
            message[header] = value
    path = PurePosixPath(unquote(parts.path).strip("/"))
    if (sent := message.get_filename()) and PurePosixPath(sent).name:
        path = path.with_name(PurePosixPath(sent).name) if path.name else PurePosixPath(sent)
    name = "/".join((parts.hostname or "", *path.parts))
    if not path.name or path.suffix.lower() not in suffixes():
        name += _suffix(message.get_content_type()) if "content-type" in message else ""
    return clean_name(name)


def _suffix(media_type: str) -> str:
    """Return the suffix of a media type that a loader reads, "" if none does."""
    known = (suffix for suffix, form in LOADERS.items() if form.media_type == media_type)
    guessed = mimetypes.guess_extension(media_type) or ""
    return next(known, guessed if guessed in LOADERS else "")


def _left(ends: float, timeout: float | None) -> float:
    """Return how long something may take; raises `httpcore.ReadTimeout` if the time is up."""
    left = ends - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is up")
    return left if timeout is None else min(left, timeout)


def _host(address: str) -> str:
    return urlsplit(address).hostname or address


def _late(address: str, seconds: float) -> str:
    return (
        f"{_host(address)} did not send it in time ({seconds:g} s, option fetch_seconds, or "
        f"{PATIENCE:g} s without a byte)"
    )


def _reason(error: Exception) -> str:
    if isinstance(error.__cause__, ssl.SSLError) or isinstance(error, ssl.SSLError):
        return "its certificate is not valid or the encryption failed"
    return str(error).strip() or "the connection failed"
