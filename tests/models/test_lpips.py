"""LPIPS is what its authors' own code says it is, and says so when its weights are missing."""

import pytest
import torch
from safetensors.torch import save_file

from stylize.models import weights, weights_here
from stylize.models.errors import WeightsError
from stylize.models.lpips import SMALLEST, Lpips, load_lpips
from stylize.models.read_picture import read_picture

CONVERTED = ("alexnet_features.fp16.safetensors", "lpips_alexnet_lin_v0.1.safetensors")
SHAPES = ((0, 64, 3, 11), (3, 192, 64, 5), (6, 384, 192, 3), (8, 256, 384, 3), (10, 256, 256, 3))


def tensors():
    """Random weights of the right shapes, under torchvision's and the authors' names."""
    generator = torch.Generator().manual_seed(0)
    features, linear = {}, {}
    for index, (number, outputs, inputs, side) in enumerate(SHAPES):
        kernel = torch.randn(outputs, inputs, side, side, generator=generator)
        features[f"features.{number}.weight"] = kernel * (2 / inputs / side**2) ** 0.5
        features[f"features.{number}.bias"] = torch.zeros(outputs)
        linear[f"lin{index}.model.1.weight"] = torch.rand(1, outputs, 1, 1, generator=generator)
    return features, linear


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The one folder that is searched."""
    monkeypatch.setenv("STYLIZE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path


@pytest.fixture(scope="module")
def random_lpips():
    return Lpips(*tensors())


@pytest.fixture(scope="module")
def real(shared):
    """The real distance, and two frames of a film, cut to a size that is quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLIZE_WEIGHTS", str(shared / "weights"))
        found = load_lpips()
    folder = shared / "flow_truth" / "sintel_alley_1"
    frames = [read_picture(folder / f"frame_000{k}.png")[None] for k in (1, 3)]
    return found, *frames


# Measured on these very frames with lpips 0.1.4 and the same features of AlexNet.
def test_distances_are_those_of_the_authors_code(real):
    distance, first, second = real
    assert distance(first, second).item() == pytest.approx(0.1149828, rel=1e-4)
    corner = (..., slice(64), slice(64))
    assert distance(first[corner], second[corner]).item() == pytest.approx(0.0627434, rel=1e-4)


def test_blur_and_noise_are_seen_and_brightness_hardly(real):
    distance, whole, _ = real
    frame = whole[..., 100:300, 300:600]
    blurred = torch.nn.functional.avg_pool2d(frame, 5, 1, 2)
    noisy = frame + 0.05 * torch.randn(frame.shape, generator=torch.Generator().manual_seed(1))
    brighter, *others = (
        distance(frame, other.clamp(0, 1)).item() for other in (frame + 0.05, blurred, noisy)
    )
    assert brighter < 0.05
    assert min(others) > 4 * brighter


def test_a_picture_is_no_distance_from_itself_and_distances_have_no_direction(random_lpips):
    first, second = torch.rand(2, 2, 3, 48, 40, generator=torch.Generator().manual_seed(2))
    assert torch.equal(random_lpips(first, first), torch.zeros(2))
    there, back = random_lpips(first, second), random_lpips(second, first)
    assert (there > 0).all()
    torch.testing.assert_close(there, back)
    torch.testing.assert_close(random_lpips(first[1:], second[1:]), there[1:])


def test_the_smallest_pictures_have_a_distance_and_smaller_ones_none(random_lpips):
    picture = torch.rand(1, 3, SMALLEST, SMALLEST)
    assert random_lpips(picture, 1 - picture).item() > 0
    with pytest.raises(RuntimeError, match="too small"):
        random_lpips(picture[..., 1:], 1 - picture[..., 1:])


def test_weights_of_both_kinds_of_files_are_the_same(folder, monkeypatch):
    features, linear = tensors()
    picture = torch.rand(1, 3, 40, 40)
    expected = Lpips(features, linear)(picture, 1 - picture)
    save_file(features, folder / CONVERTED[0])
    save_file(linear, folder / CONVERTED[1])
    assert torch.equal(load_lpips()(picture, 1 - picture), expected)
    for path in folder.glob("*.safetensors"):
        path.unlink()
    monkeypatch.setattr(
        weights_here, "find_weights", weights.searched
    )  # their hashes are not the real
    torch.save(features, folder / weights.ALEXNET.name)
    torch.save(linear, folder / weights.LPIPS_ALEXNET.name)
    assert torch.equal(load_lpips()(picture, 1 - picture), expected)


def test_what_is_missing_is_named_with_the_command_that_gets_it(folder):
    wanted = r"alexnet-owt-7be5be79.pth lpips_alexnet_v0.1.pth \(244 MB\)"
    with pytest.raises(
        WeightsError, match=f"not here; get them with: stylize weights get {wanted}"
    ):
        load_lpips()
    save_file(tensors()[0], folder / CONVERTED[0])
    with pytest.raises(WeightsError, match=r"weights get lpips_alexnet_v0.1.pth \(0.00601 MB\)"):
        load_lpips()


def test_damaged_and_foreign_files_are_refused(folder):
    features, linear = tensors()
    save_file(features, folder / CONVERTED[0])
    (folder / CONVERTED[1]).write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match=f"{CONVERTED[1]}: cannot be read"):
        load_lpips()
    save_file({"another": torch.zeros(1)}, folder / CONVERTED[1])
    with pytest.raises(WeightsError, match="these tensors are not those of LPIPS"):
        load_lpips()
    linear["lin1.model.1.weight"] = torch.zeros(1, 128, 1, 1)  # as for VGG
    with pytest.raises(WeightsError, match="not those of LPIPS with AlexNet"):
        Lpips(features, linear)
    (folder / weights.ALEXNET.name).write_bytes(b"another network")
    with pytest.raises(WeightsError, match=r"not the alexnet-owt-7be5be79\.pth we know"):
        load_lpips()
