"""What can go wrong in a model, its weights or its training; every message names the way out.

StylizeError                 the root: also the parent of every error of the pipeline
└── ModelError
    ├── CheckpointError      a file that is no network of ours to load
    ├── WeightsError         an extractor's weights cannot be found or fetched
    └── TrainingError        a training run that cannot start or cannot go on
"""


class StylizeError(Exception):
    """Anything that this program refuses or fails to do, said in one line."""


class ModelError(StylizeError):
    """A model cannot do what was asked of it."""


class CheckpointError(ModelError):
    """A file holds no network that we can load; the message says what it holds."""


class WeightsError(ModelError):
    """Weights are missing, damaged or cannot be fetched."""


class TrainingError(ModelError):
    """Training cannot start or cannot go on."""
