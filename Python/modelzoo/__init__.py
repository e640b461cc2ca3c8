"""Neural networks on a CPU.

    import modelzoo
    with modelzoo.Model("resnet20-cifar10") as model:
        print(model.predict("cat.jpg")["classes"][0])
        print(model.run({"input": numpy_array})["logits"])
"""

from ._library import library as _loaded
from .errors import (
    BadDataError, BadInputError, BadShapeError, CancelledError, DeadlineError, DefectError, Error, MissingOperatorError,
    NotFoundError, OutOfMemoryError, UnsupportedError, UsageError,
)
from .model import Box, Call, Class, Detection, Model, Prediction, shared
from .session import InferenceSession, NodeArg, SessionOptions
from .tensors import Tensor, Value, empty

__version__: str = _loaded.mz_version().decode()

__all__ = [
    "BadDataError", "BadInputError", "BadShapeError", "Box", "Call", "CancelledError", "Class", "DeadlineError", "DefectError",
    "Detection", "Error", "InferenceSession", "MissingOperatorError", "Model", "NodeArg", "NotFoundError", "OutOfMemoryError",
    "Prediction", "SessionOptions", "Tensor", "UnsupportedError", "UsageError", "Value", "empty", "shared",
]
