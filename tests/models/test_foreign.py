"""Checkpoints of other projects: told apart by their tensors, whole folders, and refusals."""

import pytest
import torch

from stylize.models import CheckpointError, load_model
from stylize.models.checkpoint import NETWORKS
from stylize.models.foreign import LAYOUTS

SEVERAL = [layout for layout in LAYOUTS if len(layout.names) > 1]


def public_files(layout, folder):
    """The files of a public checkpoint with the shapes of our network."""
    torch.manual_seed(0)
    with torch.device("meta"):
        shapes = {name: each.shape for name, each in NETWORKS[layout.method]().state_dict().items()}
    for pattern, layers in layout.names.items():
        tensors = {
            f"{theirs}.{kind}": torch.randn(shapes[f"{ours}.{kind}"]).half()
            for theirs, ours in layers.items()
            for kind in ("weight", "bias")
        }
        torch.save(tensors, folder / pattern.replace("*", "500000"))
    return folder


@pytest.fixture(scope="module", params=SEVERAL, ids=lambda layout: layout.method)
def public(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    return request.param, public_files(request.param, folder)


def test_a_folder_of_public_files_is_one_network(public):
    layout, folder = public
    loaded = load_model(folder)
    assert loaded.method == layout.method
    assert len(loaded.sha256) == 64
    pattern, layers = next(iter(layout.names.items()))
    theirs, ours = next(iter(layers.items()))
    tensors = torch.load(next(folder.glob(pattern)), weights_only=True)
    assert torch.equal(
        loaded.network.state_dict()[f"{ours}.weight"], tensors[f"{theirs}.weight"].float()
    )


def test_of_several_states_of_training_the_last_is_taken(public, tmp_path):
    layout, folder = public
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    if layout.method != "sanet":
        return
    torch.save({}, tmp_path / "transformer_iter_90000.pth")  # before 500000, though not by letters
    assert load_model(tmp_path).method == "sanet"


def test_one_file_of_several_says_that_the_folder_is_wanted(public):
    layout, folder = public
    first = next(iter(layout.names)).replace("*", "500000")
    with pytest.raises(CheckpointError, match=r"is one of \d files of .*; name the folder that ho"):
        load_model(folder / first)


def test_sanets_decoder_alone_is_not_taken_for_the_one_of_adain(tmp_path):
    layout = next(layout for layout in LAYOUTS if layout.method == "sanet")
    public_files(layout, tmp_path)
    with pytest.raises(CheckpointError, match=r"is one of 2 files of .*SANET"):
        load_model(tmp_path / "decoder_iter_500000.pth")


def test_a_folder_that_lacks_a_file_says_which_there_must_be(public, tmp_path):
    _, folder = public
    paths = sorted(folder.iterdir())
    (tmp_path / paths[0].name).symlink_to(paths[0])
    with pytest.raises(CheckpointError, match=r"a folder without a network's files \(transformer_"):
        load_model(tmp_path)


def test_tensors_of_another_shape_are_refused_by_name(public, tmp_path):
    layout, folder = public
    for path in folder.iterdir():
        tensors = torch.load(path, weights_only=True)
        torch.save({name: each[:1] for name, each in tensors.items()}, tmp_path / path.name)
    with pytest.raises(CheckpointError, match=rf"no {layout.method} network: '.*' should be"):
        load_model(tmp_path)


def test_a_checkpoint_of_nobody_we_know_says_what_it_holds(tmp_path):
    torch.save({"encoder.weight": torch.ones(3)}, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match=r"holds 1 tensors of an unknown network \('encoder"):
        load_model(tmp_path / "x.pth")


@pytest.mark.vgg
def test_the_public_decoder_is_an_adain(vgg_weights):
    loaded = load_model(vgg_weights / "decoder.pth")
    assert (loaded.method, loaded.recipe) == ("adain", {})
