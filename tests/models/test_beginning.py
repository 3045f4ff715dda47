"""What a run begins with: a trained network, or an unfinished run."""

import pytest
import torch

from stylize.models import save_model
from stylize.models.beginning import read_beginning, remembered
from stylize.models.errors import CheckpointError, TrainingError
from stylize.models.weights import sha256_of

RECIPE = {
    "settings": {"method": "swift"},
    "steps": 7,
    "start": {"file": "old.train.pt", "sha256": "abc"},
}


@pytest.fixture
def state(tiny, tmp_path):
    path = tmp_path / "look.safetensors.train.pt"
    torch.save(
        {
            "identity": {},
            "recipe": RECIPE,
            "network": tiny.state_dict(),
            "step": 7,
        },
        path,
    )
    return path


def test_a_network_brings_its_weights_and_its_recipe(tiny, tmp_path):
    path = tmp_path / "look.safetensors"
    save_model(tiny, path, recipe={"steps": 5})
    found = read_beginning(path)
    assert (found.method, found.recipe) == ("swift", {"steps": 5})
    assert found.tensors.keys() == tiny.state_dict().keys()
    assert found.named() == {
        "file": path.name,
        "sha256": sha256_of(path),
        "recipe": {"steps": 5},
    }


def test_an_unfinished_run_brings_what_it_has_learnt_and_says_how_far_it_came(tiny, state):
    found = read_beginning(state)
    assert found.method == "swift"
    assert all(torch.equal(found.tensors[name], each) for name, each in tiny.state_dict().items())
    assert found.recipe == RECIPE
    assert found.sha256 == sha256_of(state)


def test_what_is_missing_or_damaged_is_refused(state, tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.safetensors: no such file"):
        read_beginning(tmp_path / "none.safetensors")
    with pytest.raises(TrainingError, match=r"none\.train\.pt: cannot be read \(No such file"):
        read_beginning(tmp_path / "none.train.pt")
    state.write_bytes(state.read_bytes()[:200])
    with pytest.raises(TrainingError, match="a damaged state file; start from another"):
        read_beginning(state)
    for recipe, network in (({}, None), (RECIPE, None), (RECIPE, {"weight": 3})):
        torch.save({"recipe": recipe, "network": network}, state)
        with pytest.raises(TrainingError, match="a damaged state file"):
            read_beginning(state)


def test_a_run_that_went_wild_is_no_beginning(tiny, state):
    name, tensor = next(iter(tiny.state_dict().items()))
    wild = {**tiny.state_dict(), name: torch.full_like(tensor, torch.nan)}
    torch.save({"recipe": RECIPE, "network": wild}, state)
    with pytest.raises(CheckpointError, match="holds NaN or infinity: its training failed"):
        read_beginning(state)


def test_a_run_remembers_the_run_that_it_began_with(state, tmp_path):
    assert remembered(state, tmp_path / "old.train.pt") == RECIPE["start"]
    assert remembered(state, tmp_path / "another.train.pt") is None
    assert remembered(state, tmp_path / "old.safetensors") is None
    assert remembered(tmp_path / "none.train.pt", tmp_path / "old.train.pt") is None
    state.write_bytes(b"")
    with pytest.raises(TrainingError, match="a damaged state file; add --restart"):
        remembered(state, tmp_path / "old.train.pt")
