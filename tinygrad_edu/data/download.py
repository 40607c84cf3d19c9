"""Where data sets lie, and fetching them: checked before they are used, and complete or not there at all."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tempfile
import urllib.request
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["cache_folder", "data_folder", "download"]

BLOCK = 1 << 18
TIMEOUT = 30  # seconds without a byte


def data_folder() -> Path | None:
    """The folder of data sets that ``TINYGRAD_EDU_DATA`` names, or None where it names none."""
    named = os.environ.get("TINYGRAD_EDU_DATA")
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """The folder where downloads are kept: ``TINYGRAD_EDU_CACHE``, or the place that the system has for such things."""
    named = os.environ.get("TINYGRAD_EDU_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "tinygrad_edu"


def download(
    urls: Sequence[str], path: Path, sha256: str, limit: int, opener: Callable[[Path], Any] = io.FileIO
) -> Path:
    """Fetch a file from the first of several addresses that has it intact.

    The file appears under its name only when it is complete and its checksum is right; before that it is a temporary
    file beside it, so an interrupted download leaves nothing behind that looks whole.

    Parameters
    ----------
    urls : sequence of str
        Addresses of the same contents, tried in turn.
    path : Path
        Where to put it; its folder is made.
    sha256 : str
        The checksum of what `opener` reads, in hexadecimal.
    limit : int
        The most bytes that may arrive, and the most that `opener` may give: a wrong address can't fill the disk.
    opener : callable, optional
        Opens the file for the checksum: ``gzip.open`` to check the contents, which don't depend on who packed them.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ConnectionError
        If no address gives the file intact; the message says what each answered and where to put the file by hand.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for url in urls:
        handle, name = tempfile.mkstemp(prefix=path.name + ".", suffix=".part", dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                _fetch(url, file, limit, path.name)
            _check(part, sha256, limit, opener)
            os.replace(part, path)
            return path
        except (OSError, EOFError, ValueError, zlib.error) as error:  # what networks, servers and gzip answer
            failures.append(f"{url}: {error}")
        finally:
            part.unlink(missing_ok=True)
    raise ConnectionError(
        f"download: {path.name} could not be fetched; without a network, put it by hand into {path.parent} "
        f"({'; '.join(failures)})"
    )


def _fetch(url: str, file: BinaryIO, limit: int, name: str) -> None:
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        if total > limit:
            raise ValueError(f"{total} bytes offered where at most {limit} were expected")
        done = 0
        show = _shown(name)
        while block := answer.read(BLOCK):
            done += len(block)
            if done > limit:
                raise ValueError(f"more than the {limit} bytes that were expected")
            file.write(block)
            show(done, total)
        if total and done < total:
            raise ValueError(f"ended after {done} of {total} bytes")


def _shown(name: str) -> Callable[[int, int], Any]:
    """A progress line on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        share = f"{done / total:4.0%} of " if total else f"{done / 1e6:.1f} of "
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{name}: {share}{(total or done) / 1e6:.1f} MB{end}")
        sys.stderr.flush()

    return show


def _check(path: Path, sha256: str, limit: int, opener: Callable[[Path], Any]) -> None:
    digest, read = hashlib.sha256(), 0
    with opener(path) as contents:
        while block := contents.read(BLOCK):
            read += len(block)
            if read > limit:
                raise ValueError(f"unpacks to more than the {limit} bytes that were expected")
            digest.update(block)
    if digest.hexdigest() != sha256:
        raise ValueError(f"checksum {digest.hexdigest()[:12]}... instead of {sha256[:12]}...")
