"""Every odd picture of the shared folder is read right or refused in one line."""

import io
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from stylize.pipeline.errors import AnimatedPictureError, SourceError
from stylize.pipeline.picture.picture_formats import WRITABLE
from stylize.pipeline.picture.pictures import Picture
from stylize.pipeline.picture.read_image import read_image
from stylize.pipeline.picture.write_image import encode_image, write_image

SECONDS = 20
"""Far above what any of them takes (0.4 s), far below what a person would call a hang."""

_ANIMATED = {"GIF", "PNG", "WEBP", "AVIF"}
_PLAIN_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}


@dataclass(frozen=True)
class Outcome:
    """What became of a file in our hands, and in Pillow's when used in the simplest way."""

    path: Path
    seconds: float
    notices: list[str]
    picture: Picture | None
    error: SourceError | None
    plain: Image.Image | None
    """Loaded by Pillow; None if it cannot, or if it is an animation."""
    animated: bool


def _outcome(path: Path) -> Outcome:
    notices: list[str] = []
    picture = error = plain = None
    animated = False
    began = time.monotonic()
    try:
        picture = read_image(path, notify=notices.append)
    except SourceError as raised:
        error = raised
    seconds = time.monotonic() - began
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                animated = image.format in _ANIMATED and getattr(image, "is_animated", False)
                image.load()
                plain = image
        except Exception:  # noqa: BLE001, S110 (whatever Pillow raises, it cannot read the file)
            pass
    return Outcome(path, seconds, notices, picture, error, plain, animated)


@pytest.fixture(scope="module")
def problems(shared) -> dict[str, list[str]]:
    """All files examined once, one by one so that few pixels are held: complaints by check."""
    found: dict[str, list[str]] = {check.__name__: [] for check in CHECKS}
    paths = sorted(path for path in (shared / "odd_images").iterdir() if path.is_file())
    assert len(paths) > 470
    applied = dict.fromkeys(found, 0)
    for path in paths:
        outcome = _outcome(path)
        for check in CHECKS:
            verdict = check(outcome)
            applied[check.__name__] += verdict is not None
            if verdict is False:
                found[check.__name__].append(path.name)
    for check, least in CHECKS.items():
        assert applied[check.__name__] >= least, f"{check.__name__} looked at too few"
    return found


# Each check says whether a file passes, or None where it has nothing to say.


def each_takes_little_time(outcome: Outcome) -> bool | None:
    return outcome.seconds < SECONDS


def each_refusal_is_one_line_that_begins_with_the_file(outcome: Outcome) -> bool | None:
    if outcome.error is None:
        return None
    said, path = str(outcome.error), str(outcome.path)
    return said.startswith(f"{path}: ") and "\n" not in said and len(said) < len(path) + 200


def each_notice_is_one_line_that_begins_with_the_file(outcome: Outcome) -> bool | None:
    return all(
        line.startswith(f"{outcome.path}: ") and "\n" not in line for line in outcome.notices
    )


def each_frame_is_well_formed(outcome: Outcome) -> bool | None:
    if outcome.picture is None:
        return None
    picture, alpha = outcome.picture.frame.picture, outcome.picture.frame.alpha
    planes = [picture] if alpha is None else [picture, alpha]
    return (
        picture.shape[0] == 3
        and (alpha is None or (alpha.shape == (1, *picture.shape[1:]) and alpha.min() < 1))
        and all(plane.dtype == torch.float32 and plane.is_contiguous() for plane in planes)
        and all(plane.min() >= 0 and plane.max() <= 1 for plane in planes)
    )


def nothing_is_refused_that_pillow_can_read(outcome: Outcome) -> bool | None:
    if outcome.plain is None or outcome.plain.format == "IM":  # obscure, and on its way out
        return None
    if outcome.animated:
        return isinstance(outcome.error, AnimatedPictureError)
    return outcome.error is None


def plain_pictures_of_8_bits_are_what_pillow_makes_of_them(outcome: Outcome) -> bool | None:
    plain, picture = outcome.plain, outcome.picture
    if plain is None or picture is None or plain.mode not in _PLAIN_MODES or _is_turned(plain):
        return None
    if picture.kept.depth == 16 or picture.kept.icc:
        return None
    expected = np.asarray(plain.convert("RGBA"))
    alpha = picture.frame.alpha
    return np.array_equal(_codes(picture.frame.picture), expected[..., :3]) and (
        bool((expected[..., 3] == 255).all())
        if alpha is None
        else np.array_equal(_codes(alpha)[..., 0], expected[..., 3])
    )


def a_profile_that_is_srgb_changes_no_pixel(outcome: Outcome) -> bool | None:
    plain, picture = outcome.plain, outcome.picture
    if plain is None or picture is None or plain.mode != "RGB" or _is_turned(plain):
        return None
    if b"sRGB IEC61966" not in plain.info.get("icc_profile", b""):
        return None
    return np.array_equal(_codes(picture.frame.picture), np.asarray(plain))


CHECKS = {
    each_takes_little_time: 470,
    each_refusal_is_one_line_that_begins_with_the_file: 100,
    each_notice_is_one_line_that_begins_with_the_file: 470,
    each_frame_is_well_formed: 300,
    nothing_is_refused_that_pillow_can_read: 300,
    plain_pictures_of_8_bits_are_what_pillow_makes_of_them: 240,
    a_profile_that_is_srgb_changes_no_pixel: 8,
}
"""Each check, and how many files it must have had something to say about."""


def _is_turned(image: Image.Image) -> bool:
    return image.format != "TIFF" and image.getexif().get(274, 1) != 1


def _codes(planes: torch.Tensor) -> np.ndarray:
    return planes.mul(255).round_().byte().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_of_all_files(problems, check):
    assert problems[check] == []


SAMPLE = (
    "libvips__rotation__6.jpg",  # turned
    "image_rs__images__ico__images__bmp-24bpp-mask.ico",  # alpha
    "imagemagick__tiff__input_gray_16bit.tiff",
    "libvips__1bit.tif",
    "pillow__hopper.Lab.tif",
    "pillow__icc_profile.png",
    "pillow__tiff_strip_cmyk_jpeg.tif",
    "pillow__tRNS_null_1x1.png",  # one transparent pixel
    "pngsuite__basi2c16.png",
    "camera_jpeg__Olympus_C4040Z.jpg",  # of odd height
    "sharp__grey-8bit-alpha.png",
    "camera_jpeg__FujiFilm_FinePixS1Pro_(2).jpg",  # EXIF, XMP and a profile
    "pillow__exif_typeerror.jpg",  # EXIF that is damaged
)


@pytest.mark.parametrize("suffix", sorted(WRITABLE))
@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_is_written_in_every_format(shared, tmp_path, name, suffix):
    picture = read_image(shared / "odd_images" / name)
    frame, target = picture.frame, tmp_path / f"x{suffix}"
    options = {"alpha": frame.alpha, "kept": picture.kept, "metadata": {"a": "b"}}
    write_image(encode_image(frame.picture, target, **options), target)
    back = read_image(target)
    form = WRITABLE[suffix]
    assert back.frame.picture.shape == frame.picture.shape
    assert (back.frame.alpha is not None) == (frame.alpha is not None and form.alpha)
    assert back.kept.depth == (picture.kept.depth if form.deep else 8)
    assert back.kept.icc == picture.kept.icc
    if form.quality is None:
        assert torch.allclose(back.frame.picture, frame.picture, atol=1e-6)
    else:
        shown = frame.picture if frame.alpha is None else _over_white(frame)
        again = back.frame.picture if back.frame.alpha is None else _over_white(back.frame)
        assert (again - shown).abs().mean() < 0.06


def _over_white(frame) -> torch.Tensor:
    return torch.lerp(torch.ones(()), frame.picture, frame.alpha)


def test_a_linear_profile_makes_midtones_lighter(shared):
    path = (
        shared
        / "odd_images"
        / ("metadata_extractor__png__ImageTestSuite__0d466db9067b719df0b06ef441bf1ee7.png")
    )
    with Image.open(path) as image:
        profile = image.info["icc_profile"]
        plain = np.asarray(image.convert("RGB")).astype(float)
    assert b"linear" in profile.replace(b"\0", b"")
    picture = read_image(path)
    lit = (picture.frame.picture * 255).permute(1, 2, 0).numpy()
    middle = (plain > 20) & (plain < 230)
    assert (lit[middle] > plain[middle]).mean() > 0.95
    assert ImageCms.getProfileDescription(_opened(picture.kept.icc)).startswith("sRGB")


def _opened(icc: bytes) -> ImageCms.ImageCmsProfile:

    return ImageCms.ImageCmsProfile(io.BytesIO(icc))
