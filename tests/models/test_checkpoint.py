"""Networks survive the disk, and nothing else gets in."""

import json
import os
import pickle
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from stylize.models import CheckpointError, Johnson, Swift, load_model, save_model
from stylize.models.any_style import Mixture
from stylize.models.weights import sha256_of

RECIPE = {"style": "wave.jpg", "losses": {"style": 1.5}, "settings": {"steps": None, "crop": 256}}


def metadata_of(path):
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        return json.loads(stream.read(length))["__metadata__"]


def resaved(path, *, changed=None, **metadata):
    """Save again with other metadata, and the first weight as `changed` makes it."""
    tensors = load_file(path)
    if changed is not None:
        tensors["down1.weight"] = changed(tensors["down1.weight"]).contiguous()
    save_file(tensors, path, metadata=metadata_of(path) | metadata)


def foreign(path, changed):
    """A checkpoint for `johnson` whose last weight is as `changed` makes it."""
    tensors = Johnson().state_dict()
    torch.save(tensors | {"deconv3.weight": changed(tensors["deconv3.weight"])}, path)
    return path


@pytest.fixture
def saved(tiny, tmp_path):
    path = tmp_path / "look.safetensors"
    save_model(tiny, path, recipe=RECIPE)
    return path


def test_a_network_comes_back_with_its_recipe(tiny, saved):
    loaded = load_model(saved)
    assert (loaded.method, loaded.recipe) == ("swift", RECIPE)
    assert loaded.sha256 == sha256_of(saved)
    picture = torch.rand(1, 3, 24, 32)
    torch.testing.assert_close(loaded.network(picture), tiny(picture), atol=5e-3, rtol=0)
    assert not loaded.network.training
    assert not any(parameter.requires_grad for parameter in loaded.network.parameters())


def test_a_recipe_may_hold_names_that_are_no_text(tiny, tmp_path):
    recipe = {"style": "wäve \udcff.jpg"}  # as Python reads a byte 0xff
    save_model(tiny, tmp_path / "look.safetensors", recipe=recipe)
    assert load_model(tmp_path / "look.safetensors").recipe == recipe


def test_a_second_trip_changes_no_bit(saved, tmp_path):
    again = tmp_path / "again.safetensors"
    save_model(load_model(saved).network, again, recipe=RECIPE)
    assert metadata_of(again) == metadata_of(saved)
    first, second = load_file(saved), load_file(again)
    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def test_a_johnson_network_comes_back(tmp_path):
    path = tmp_path / "classic.safetensors"
    save_model(Johnson(), path, recipe={})
    assert isinstance(load_model(path).network, Johnson)


def test_the_shipped_shape_of_swift_fits_in_a_megabyte(tmp_path):
    path = tmp_path / "look.safetensors"
    save_model(Swift(), path, recipe={})
    assert path.stat().st_size < 1_000_000


def test_weights_are_in_half_precision(saved):
    assert {tensor.dtype for tensor in load_file(saved).values()} == {torch.float16}


def test_a_failed_save_leaves_the_old_file(saved, tiny):
    before = saved.read_bytes()
    with torch.no_grad():
        tiny.up3.weight.fill_(float("nan"))
    with pytest.raises(CheckpointError, match=r"'up3.weight' holds NaN or infinity"):
        save_model(tiny, saved, recipe={})
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_folder_that_is_not_there_is_an_error(tiny, tmp_path):
    with pytest.raises(CheckpointError, match=r"cannot be written \(No such file or directory\)"):
        save_model(tiny, tmp_path / "nowhere" / "look.safetensors", recipe={})


def test_a_full_disk_is_an_error_and_leaves_nothing(tiny, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(CheckpointError, match=r"a.safetensors: cannot be written \("):
            save_model(tiny, tmp_path / "a.safetensors", recipe={})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_frozen_network_is_not_saved(tiny, tmp_path):
    with pytest.raises(CheckpointError, match="frozen network cannot be saved"):
        save_model(tiny.freeze(torch.rand(1, 3, 16, 16)), tmp_path / "a.safetensors", recipe={})


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match=r"absent.safetensors: no such file"):
        load_model(tmp_path / "absent.safetensors")


def test_a_folder_is_told_from_a_file(tmp_path):
    with pytest.raises(CheckpointError, match=r": a folder without a network's files \("):
        load_model(tmp_path)


def test_a_name_that_is_too_long_is_an_error():
    with pytest.raises(CheckpointError, match=r"cannot be read \(File name too long\)"):
        load_model(Path("x" * 300 + ".safetensors"))


def test_a_file_that_may_not_be_read_is_an_error(saved, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CheckpointError, match=r"cannot be read \(Permission denied\)"):
        load_model(saved)


@pytest.mark.parametrize("kept", [0, 5, 40, 300, 4000])
def test_a_truncated_file_is_an_error(saved, kept):
    saved.write_bytes(saved.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"look.safetensors: .*(damaged|truncated)"):
        load_model(saved)


@pytest.mark.parametrize("kept", [1, 10, 100, 3000, -40])
def test_a_truncated_pickle_is_an_error(tmp_path, kept):
    path = tmp_path / "short.pth"
    torch.save({"in5.weight": torch.rand(500), "deconv3.weight": torch.rand(500)}, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"short.pth: not a"):
        load_model(path)


@pytest.mark.parametrize(
    "content",
    [
        *(b"GIF89a" * 20, b"hello\n" * 50, b"\x80\x02}q\x00." * 3, b"junk", b"\x80\x02\x85."),
        *(b"\x80\x02}q\x00U\x05abc", b"\x80\x02h\x05.", b"\xff\xd8\xff\xe0\x00\x10JFIF"),
    ],
)
def test_another_kind_of_file_is_an_error(tmp_path, content):
    path = tmp_path / "picture.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"picture.pth: (not a|holds)"):
        load_model(path)


class Hostile:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


@pytest.mark.parametrize("write", ["torch", "pickle"])
def test_a_hostile_pickle_runs_nothing(tmp_path, write):
    path, mark = tmp_path / "hostile.pth", str(tmp_path / "was-here")
    if write == "torch":
        torch.save({"deconv3.weight": Hostile(mark)}, path)
    else:
        path.write_bytes(pickle.dumps(Hostile(mark), protocol=2))
    with pytest.raises(CheckpointError, match="would run code of its own"):
        load_model(path)
    assert not (tmp_path / "was-here").exists()


def test_another_programs_tensors_are_described(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"encoder.weight": torch.rand(3, 3)}, path)
    with pytest.raises(
        CheckpointError, match=r"1 tensors of an unknown network \('encoder.weight'"
    ):
        load_model(path)


def test_another_programs_checkpoint_is_described(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.rand(3, 3)}, path)
    with pytest.raises(
        CheckpointError, match=r"unknown network \('features.0.weight', …\); of .pth"
    ):
        load_model(path)


def test_a_method_of_a_later_version_is_named(saved):
    resaved(saved, method="later")
    with pytest.raises(
        CheckpointError, match=r"holds a network of method 'later'; .*swift, johnson, micro"
    ):
        load_model(saved)


def test_a_later_format_asks_for_a_later_version(saved):
    resaved(saved, format="stylize-2")
    with pytest.raises(
        CheckpointError, match=r"is of format 'stylize-2', .* a newer stylize is needed"
    ):
        load_model(saved)


def test_a_file_that_only_names_our_method_is_not_ours(saved):
    resaved(saved, format="pt")
    with pytest.raises(CheckpointError, match=r"holds 36 tensors of an unknown network"):
        load_model(saved)


def test_a_swift_file_that_says_johnson_is_refused(saved):
    resaved(saved, method="johnson", architecture="{}")
    with pytest.raises(CheckpointError, match=r"no johnson network: 'conv1.weight' should be"):
        load_model(saved)


@pytest.mark.parametrize(
    "architecture",
    [
        *("[", "[1]", '{"depth": 3}', '{"widths": [16, 48]}', '{"widths": [9000000, 1, 1, 1]}'),
        *("null", '{"widths": [4, 4, 4, "4"]}', '{"blocks": 1.5}', "[" * 200_000),
    ],
    ids=lambda text: text[:30],
)
def test_a_senseless_architecture_is_refused(saved, architecture):
    resaved(saved, architecture=architecture)
    with pytest.raises(CheckpointError, match="its metadata makes no sense"):
        load_model(saved)


@pytest.mark.parametrize("recipe", ["[1, 2]", "NaN", "[" * 200_000], ids=lambda text: text[:6])
def test_a_recipe_that_is_no_table_is_refused(saved, recipe):
    resaved(saved, recipe=recipe)
    with pytest.raises(CheckpointError, match="its metadata makes no sense"):
        load_model(saved)


def test_a_small_file_that_asks_for_a_large_network_takes_no_memory(saved):
    resaved(saved, architecture='{"widths": [128, 128, 128, 128], "blocks": 128}')
    code = (
        "import resource, sys, torch; from pathlib import Path\n"
        "from stylize.models import CheckpointError, load_model\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: load_model(Path(sys.argv[1]))\n"
        "except CheckpointError as error: assert \"'down1.weight' should be\" in str(error)\n"
        "grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "sys.exit(f'took {grown} KiB' if grown > 50_000 else 0)"
    )
    subprocess.run([sys.executable, "-c", code, str(saved)], check=True, timeout=60)


def no_numbers(weight):
    weight[0, 0, 0, 0] = float("inf")
    return weight


def test_weights_that_are_no_numbers_are_refused(saved):
    resaved(saved, changed=no_numbers)
    with pytest.raises(CheckpointError, match=r"'down1.weight' holds NaN or infinity"):
        load_model(saved)


@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.int32, torch.bool, torch.complex64, torch.float8_e4m3fn],
    ids=str,
)
def test_weights_of_another_type_are_refused(saved, dtype):
    resaved(saved, changed=lambda weight: weight.to(dtype))
    with pytest.raises(
        CheckpointError, match=rf"'down1.weight' is no plain tensor of .*it is {dtype},"
    ):
        load_model(saved)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
def test_weights_of_other_fair_types_are_read(saved, dtype):
    resaved(saved, changed=lambda weight: weight.to(dtype))
    assert load_model(saved).network.down1.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        (torch.Tensor.to_sparse, "torch.sparse_coo"),
        (lambda weight: weight.to("meta"), "on meta"),
        (torch.Tensor.double, "torch.float64"),
    ],
    ids=["sparse", "meta", "double"],
)
def test_tensors_of_a_pickle_that_are_not_plain_are_refused(tmp_path, changed, kind):
    path = foreign(tmp_path / "odd.pth", changed)
    with pytest.raises(CheckpointError, match=rf"'deconv3.weight' is no plain .*{kind}"):
        load_model(path)


def test_tensors_of_a_pickle_that_share_memory_are_parted(tmp_path):
    path = foreign(tmp_path / "thin.pth", lambda weight: torch.zeros(1).expand(weight.shape))
    frozen = load_model(path).network.freeze(torch.rand(1, 3, 8, 8))
    assert frozen.deconv3.weight.stride(0) == 32 * 81


def test_loading_does_not_wait_for_torchs_compiler(tmp_path):
    save_model(Swift(widths=(4, 4, 4, 4), blocks=1), tmp_path / "a.safetensors", recipe={})
    code = (
        "import sys; from pathlib import Path; from stylize.models import load_model\n"
        "load_model(Path(sys.argv[1]))\n"
        "sys.exit('torch._dynamo' in sys.modules)\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "a.safetensors")]
    assert subprocess.run(arguments, check=False).returncode == 0


def test_a_painter_that_was_made_for_one_style_is_not_saved(tiny_micro, tmp_path):
    painter = tiny_micro.with_styles(Mixture((torch.rand(3, 40, 40),)))
    with pytest.raises(CheckpointError, match="made for one style cannot be saved"):
        save_model(painter, tmp_path / "painter.safetensors", recipe={})
    assert not list(tmp_path.iterdir())
