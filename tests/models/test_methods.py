"""The one list of methods agrees with what there is."""

from stylize.models import AnyStyleNetwork
from stylize.models.checkpoint import NETWORKS
from stylize.models.methods import ANY_STYLE, METHODS, NAMES, TRAINED


def test_every_name_has_its_facts():
    assert list(METHODS) == list(NAMES)
    assert all(method.summary for method in METHODS.values())


def test_the_trained_methods_are_the_networks_that_can_be_loaded():
    assert set(TRAINED) == set(NETWORKS)


def test_the_methods_for_any_style_are_the_networks_that_read_one_and_the_optimisers():
    reading = {name for name, kind in NETWORKS.items() if issubclass(kind, AnyStyleNetwork)}
    assert set(ANY_STYLE) == reading | (set(NAMES) - set(TRAINED))


def test_what_reaches_into_a_vgg_says_so():
    for name, kind in NETWORKS.items():
        assert METHODS[name].vgg == (getattr(kind, "reaches", None) is not None)
