"""Other people's weights that training, methods and measures need: which, where, how to get them.

Looked for in this order: the path that the user gave, the folders of $STYLIZE_WEIGHTS, the user's
cache, the network. No file of these names is used whose hash is not the one below.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from .errors import WeightsError
from .whole_file import try_to_write, whole_file

FOLDERS_VARIABLE = "STYLIZE_WEIGHTS"
CHUNK = 1 << 20
TIMEOUT_SECONDS = 30

Progress = Callable[[int, int], None]
"""Receives the bytes fetched so far and the bytes of the whole file."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file of weights that is not ours.

    Attributes:
        name: of the file, in every folder that is searched.
        sha256: of its bytes, or the first digits where its source publishes no more.
        size: in bytes.
        licence: under which it may be used.
        url: where it can be downloaded.
        expects: the input that the network in it takes.
    """

    name: str
    sha256: str
    size: int
    licence: str
    url: str
    expects: str


VGG19 = WeightsFile(
    name="vgg_normalised.pth",
    sha256="804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a",
    size=80_102_481,
    licence="MIT (naoto0804/pytorch-AdaIN)",
    url="https://github.com/naoto0804/pytorch-AdaIN/releases/download/v0.0.0/vgg_normalised.pth",
    expects="RGB in [0, 1], padded by reflection; a 1×1 convolution in front scales it",
)
ADAIN_DECODER = WeightsFile(
    name="decoder.pth",
    sha256="379ca41d59f3a37eed3599bbbc2560c19da5c458870a5ffd3a9dd41aa88f9472",
    size=14_023_458,
    licence="MIT (naoto0804/pytorch-AdaIN)",
    url="https://github.com/naoto0804/pytorch-AdaIN/releases/download/v0.0.0/decoder.pth",
    expects="features of vgg_normalised.pth at relu4_1",
)
TORCHVISION_VGG16 = WeightsFile(
    name="vgg16-397923af.pth",
    sha256="397923af",
    size=553_433_881,
    licence="BSD-3-Clause (pytorch/vision)",
    url="https://download.pytorch.org/models/vgg16-397923af.pth",
    expects="RGB by ImageNet's mean and deviation, padded by zeros",
)
TORCHVISION_VGG19 = WeightsFile(
    name="vgg19-dcbb9e9d.pth",
    sha256="dcbb9e9d",
    size=574_673_361,
    licence="BSD-3-Clause (pytorch/vision)",
    url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    expects="RGB by ImageNet's mean and deviation, padded by zeros",
)
ALEXNET = WeightsFile(
    name="alexnet-owt-7be5be79.pth",
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    size=244_408_911,
    licence="BSD-3-Clause (pytorch/vision)",
    url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    expects="RGB by ImageNet's mean and deviation, padded by zeros",
)
LPIPS_ALEXNET = WeightsFile(
    name="lpips_alexnet_v0.1.pth",
    sha256="df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    size=6_009,
    licence="BSD-2-Clause (richzhang/PerceptualSimilarity)",
    url="https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/"
    "lpips/weights/v0.1/alex.pth",
    expects="squared differences of features of AlexNet, each of unit length",
)
RAFT_SMALL = WeightsFile(
    name="raft_small_C_T_V2-01064c6d.pth",
    sha256="01064c6dba73b0fc9fc8edf772248560a00a3acfd62ac6677e9eeebad9680e27",
    size=4_006_189,
    licence="BSD-3-Clause (pytorch/vision)",
    url="https://download.pytorch.org/models/raft_small_C_T_V2-01064c6d.pth",
    expects="RGB in [-1, 1], both sides multiples of 8 and at least 128",
)
TABLE: tuple[WeightsFile, ...] = (
    VGG19,
    ADAIN_DECODER,
    TORCHVISION_VGG16,
    TORCHVISION_VGG19,
    ALEXNET,
    LPIPS_ALEXNET,
    RAFT_SMALL,
)
"""Every file of others that the program knows."""


_CURL = "curl.exe" if os.name == "nt" else "curl"  # PowerShell knows another `curl`
_CONVERTED = {
    ALEXNET.name: "alexnet_features.fp16.safetensors",
    LPIPS_ALEXNET.name: "lpips_alexnet_lin_v0.1.safetensors",
    RAFT_SMALL.name: "raft_small.torchvision.safetensors",
}
"""The same tensors under another name, in a file that a person converted."""


def own_folder(find: Callable[..., str]) -> Path | None:
    """One of the user's folders for this program; None for a user without a home.

    Args:
        find: of `platformdirs`.
    """
    try:
        found = Path(find("stylize", appauthor=False))
    except RuntimeError:
        return None
    return found if found.is_absolute() else None  # older versions leave the `~` in it


def cache_folder() -> Path:
    """The folder of this user that downloads are kept in.

    Raises:
        WeightsError: this user has no home.
    """
    folder = own_folder(platformdirs.user_cache_dir)
    if folder is None:
        raise WeightsError(
            "there is no home folder to keep weights in: name a folder that holds them in "
            f"${FOLDERS_VARIABLE}"
        )
    return folder / "weights"


def folders() -> list[Path]:
    """The folders that are searched, first to last.

    Raises:
        WeightsError: the variable names the home of a user who is not there.
    """
    named = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    try:
        found = [Path(folder).expanduser() for folder in named if folder]
    except RuntimeError as error:
        raise WeightsError(
            f"${FOLDERS_VARIABLE} is '{os.pathsep.join(named)}': a home in it cannot be found; "
            "write the whole path"
        ) from error
    with suppress(WeightsError):
        found.append(cache_folder())
    return found


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def searched(file: WeightsFile) -> Path | None:
    """Where a file is, unchecked; None if it is in none of the folders."""
    return next((path for folder in folders() if (path := folder / file.name).is_file()), None)


def converted(file: WeightsFile) -> Path | None:
    """The first file found that a person converted from this one, or None."""
    name = _CONVERTED.get(file.name)
    if name is None:
        return None
    return next((path for folder in folders() if (path := folder / name).is_file()), None)


def find_weights(
    file: WeightsFile, *, given: Path | None = None, progress: Progress | None = None
) -> Path:
    """Find a file of weights, downloading it when it is nowhere.

    Args:
        file: one of the table.
        given: the path that the user named; nothing else is tried then.
        progress: told how a download goes.

    Raises:
        WeightsError: the given file is missing, a found one is damaged, or there is no network.
    """
    if given is not None:
        if not given.is_file():
            raise WeightsError(f"{given}: no such file (looked for {file.name} there)")
        return _checked(given, file, cure="name another file, or leave it out")
    if (path := searched(file)) is not None:
        return _checked(path, file, cure=f"delete it and get it again from {file.url}")
    return _download(file, cache_folder() / file.name, progress)


def _checked(path: Path, file: WeightsFile, *, cure: str) -> Path:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    if not found.startswith(file.sha256):
        raise WeightsError(
            f"{path}: not the {file.name} we know (sha256 {found[:12]}…, expected "
            f"{file.sha256[:12]}…); {cure}"
        )
    return path


def _download(file: WeightsFile, target: Path, progress: Progress | None) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try_to_write(target)
    except OSError as error:
        raise WeightsError(
            f"{file.name} cannot be kept in {target.parent} ({error.strerror}); get it from "
            f"{file.url} into a folder of yours, and name that in ${FOLDERS_VARIABLE}"
        ) from error
    try:
        with whole_file(target) as partial:
            _fetch(file, partial, progress)
            if not (found := sha256_of(partial)).startswith(file.sha256):
                raise WeightsError(
                    f"{file.url}: not the file we know (sha256 {found[:12]}…, expected "
                    f"{file.sha256[:12]}…): a proxy or a broken download; nothing was kept"
                )
    except (http.client.HTTPException, OSError) as error:
        searched = ", ".join(str(folder) for folder in folders())
        reason = getattr(error, "reason", error)
        raise WeightsError(
            f"{file.name} is not in {searched} and cannot be downloaded ({reason}); get it with: "
            f'{_CURL} -L -o "{target}" {file.url}'
        ) from error
    return target


def _fetch(file: WeightsFile, target: Path, progress: Progress | None) -> None:
    answer = urllib.request.urlopen(file.url, timeout=TIMEOUT_SECONDS)  # noqa: S310 - our table's
    with answer, target.open("wb") as stream:
        fetched = 0
        while piece := answer.read(CHUNK):
            stream.write(piece)
            fetched += len(piece)
            if fetched > file.size:
                break
            if progress is not None:
                progress(fetched, file.size)
