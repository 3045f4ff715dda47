"""Other people's weights are found in order, checked, and fetched whole or not at all."""

import hashlib
import io
import urllib.error
import urllib.request

import platformdirs
import pytest

from stylize.models import WeightsError, weights
from stylize.models.weights import TABLE, WeightsFile, cache_folder, find_weights

CONTENT = b"weights" * 1000
FILE = WeightsFile(
    name="small.pth",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    licence="MIT",
    url="https://example.invalid/small.pth",
    expects="nothing",
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, no named folders, and no network."""
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache" / "weights")
    monkeypatch.delenv("STYLIZE_WEIGHTS", raising=False)
    serve(monkeypatch, urllib.error.URLError("Name or service not known"))
    return tmp_path / "cache" / "weights"


def serve(monkeypatch, answer):
    def urlopen(url, timeout):
        assert url == FILE.url
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)


def placed(folder, content=CONTENT):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE.name).write_bytes(content)
    return folder / FILE.name


def test_a_given_path_comes_first(tmp_path, cache):
    placed(cache)
    given = placed(tmp_path / "given")
    assert find_weights(FILE, given=given) == given


def test_named_folders_come_before_the_cache_in_their_order(tmp_path, cache, monkeypatch):
    cached = placed(cache)
    assert find_weights(FILE) == cached
    second = placed(tmp_path / "second")
    monkeypatch.setenv("STYLIZE_WEIGHTS", f"{tmp_path / 'first'}:{tmp_path / 'second'}")
    assert find_weights(FILE) == second
    first = placed(tmp_path / "first")
    assert find_weights(FILE) == first


def test_a_home_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("STYLIZE_WEIGHTS", "~nosuchuser/weights")
    with pytest.raises(
        WeightsError, match=r"\$STYLIZE_WEIGHTS is '~nosuchuser/weights': a home in it"
    ):
        find_weights(FILE)


def test_weights_that_may_not_be_read_are_an_error(cache, monkeypatch):
    placed(cache)

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(weights, "sha256_of", refuse)
    with pytest.raises(WeightsError, match=r"small.pth: cannot be read \(Permission denied\)"):
        find_weights(FILE)


def test_a_given_path_that_is_not_there_is_an_error(tmp_path, cache):
    placed(cache)
    with pytest.raises(WeightsError, match=r"absent.pth: no such file \(looked for small.pth"):
        find_weights(FILE, given=tmp_path / "absent.pth")


def test_a_given_file_of_another_kind_is_not_told_to_be_deleted(tmp_path, cache):
    other = tmp_path / "photograph.png"
    other.write_bytes(b"dear to its owner")
    with pytest.raises(WeightsError, match=r"photograph.png: not the small.pth") as caught:
        find_weights(FILE, given=other)
    assert "name another file, or leave it out" in str(caught.value)
    assert "delete" not in str(caught.value)


def test_a_damaged_file_is_named_with_the_way_out(cache):
    placed(cache, b"damaged")
    with pytest.raises(WeightsError, match=r"not the small.pth we know .* get it again from https"):
        find_weights(FILE)


def test_a_download_is_kept_and_told(cache, monkeypatch):
    serve(monkeypatch, CONTENT)
    told = []
    path = find_weights(FILE, progress=lambda *numbers: told.append(numbers))
    assert path == cache / FILE.name
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    serve(monkeypatch, AssertionError("fetched twice"))
    assert find_weights(FILE) == path


@pytest.mark.parametrize("answer", [CONTENT[:-1], CONTENT + b"more", b"<html>a login page</html>"])
def test_a_wrong_download_leaves_nothing(cache, monkeypatch, answer):
    serve(monkeypatch, answer)
    with pytest.raises(WeightsError, match=r"not the file we know .* nothing was kept"):
        find_weights(FILE)
    assert list(cache.iterdir()) == []


def test_no_network_names_the_folders_and_the_command(tmp_path, cache, monkeypatch):
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(tmp_path / "mine"))
    with pytest.raises(WeightsError, match=r"Name or service not known") as caught:
        find_weights(FILE)
    message = str(caught.value)
    assert str(tmp_path / "mine") in message
    assert str(cache) in message
    assert f'curl -L -o "{cache / "small.pth"}" {FILE.url}' in message
    assert "\n" not in message


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "file" / "weights")
    with pytest.raises(WeightsError, match=r"cannot be kept in .* \(Not a directory\); get it fr"):
        find_weights(FILE)


def _homeless(*_, **__):
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize("find", [_homeless, lambda *_, **__: "~/.cache/stylize"])
def test_a_user_without_a_home_keeps_weights_in_named_folders(tmp_path, monkeypatch, find):
    monkeypatch.setattr(platformdirs, "user_cache_dir", find)
    monkeypatch.setattr(weights, "cache_folder", cache_folder)
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(tmp_path))
    assert weights.folders() == [tmp_path]
    with pytest.raises(WeightsError, match=r"no home folder .*: name a folder .* in \$STYLIZE_W"):
        find_weights(FILE)
    (tmp_path / FILE.name).write_bytes(CONTENT)
    assert find_weights(FILE) == tmp_path / FILE.name


def test_the_table_says_everything_of_every_file():
    assert len({file.name for file in TABLE}) == len(TABLE)
    for file in TABLE:
        assert len(file.sha256) == 64 or file.name.endswith(f"-{file.sha256}.pth")
        assert file.url.startswith("https://")
        assert file.size > 0
        assert file.licence
        assert file.expects


@pytest.mark.vgg
def test_the_extractor_at_hand_is_the_one_in_the_table(vgg_weights):
    path = find_weights(weights.VGG19, given=vgg_weights / weights.VGG19.name)
    assert path.stat().st_size == weights.VGG19.size
