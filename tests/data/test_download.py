"""Downloads: the right file or none, and a sentence that helps."""

import gzip
import hashlib
import io
import sys
from pathlib import Path

import pytest

from tinygrad_edu.data.download import cache_folder, data_folder, download

CONTENT = bytes(range(256)) * 40
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source" / "file.bin"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def test_download_writes_the_file_and_makes_its_folder(source, tmp_path):
    target = tmp_path / "a" / "b" / "file.bin"
    assert download([source.as_uri()], target, SUM, len(CONTENT)) == target
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_download_tries_the_next_address(source, tmp_path):
    missing = (tmp_path / "nothing").as_uri()
    download([missing, source.as_uri()], tmp_path / "file.bin", SUM, len(CONTENT))
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_download_checks_what_is_inside(tmp_path):
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(CONTENT, 1))
    download([packed.as_uri()], tmp_path / "file.gz", SUM, len(CONTENT), gzip.open)
    assert gzip.decompress((tmp_path / "file.gz").read_bytes()) == CONTENT


@pytest.mark.parametrize(
    ("content", "limit", "opener", "says"),
    [
        (CONTENT[:-1] + b"!", len(CONTENT), io.FileIO, "checksum"),
        (CONTENT, len(CONTENT) - 1, io.FileIO, "10240 bytes offered where at most 10239"),
        (gzip.compress(b"\x00" * 10**6), 10**5, gzip.open, "unpacks to more than the 100000 bytes"),
        (gzip.compress(CONTENT)[:-9], len(CONTENT), gzip.open, "ended before"),
        (b"<html>not here</html>", len(CONTENT), gzip.open, "Not a gzipped file"),
    ],
)
def test_download_refuses_and_leaves_nothing(tmp_path, content, limit, opener, says):
    source = tmp_path / "wrong"
    source.write_bytes(content)
    target = tmp_path / "cache" / "file.bin"
    with pytest.raises(ConnectionError, match=says) as caught:
        download([source.as_uri()], target, SUM, limit, opener)
    assert f"by hand into {target.parent}" in str(caught.value)
    assert list(target.parent.iterdir()) == []


def test_a_failed_download_keeps_the_old_file(tmp_path):
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    with pytest.raises(ConnectionError):
        download([(tmp_path / "nothing").as_uri()], target, SUM, 10)
    assert target.read_bytes() == b"old"


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TINYGRAD_EDU_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("TINYGRAD_EDU_CACHE")
    assert cache_folder().name == "tinygrad_edu"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG is the convention of the other systems")
def test_cache_folder_follows_xdg(monkeypatch, tmp_path):
    monkeypatch.delenv("TINYGRAD_EDU_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "tinygrad_edu"


def test_data_folder_is_what_the_environment_names(monkeypatch):
    monkeypatch.setenv("TINYGRAD_EDU_DATA", "/some/where")
    assert data_folder() == Path("/some/where")
    monkeypatch.delenv("TINYGRAD_EDU_DATA")
    assert data_folder() is None
