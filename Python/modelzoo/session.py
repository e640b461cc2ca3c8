"""What programs for ONNX Runtime call, for a trial: InferenceSession, run, get_inputs, get_outputs."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Union

from numpy.typing import NDArray

from .model import Model
from .tensors import Value

_TYPES = {"float32": "float", "float64": "double"}


class NodeArg(NamedTuple):
    name: str
    type: str
    shape: List[Union[int, str, None]]


class SessionOptions:
    """Of ONNX Runtime's options, the one that there is here."""

    def __init__(self) -> None:
        self.intra_op_num_threads = 0


class InferenceSession:
    """A model behind ONNX Runtime's names. `providers`, and options that only it has, change nothing."""

    def __init__(
        self, path_or_bytes: Union[str, "os.PathLike[str]", bytes], sess_options: Optional[Any] = None,
        providers: Optional[Sequence[Any]] = None, **_: Any,
    ) -> None:
        self.model = Model(path_or_bytes, threads=getattr(sess_options, "intra_op_num_threads", 0))

    def run(
        self, output_names: Optional[Sequence[str]], input_feed: Mapping[str, Any], run_options: Any = None,
    ) -> List[NDArray[Any]]:
        # An empty list stands for all, as there.
        wanted = list(output_names or (value.name for value in self.model.outputs))
        results = self.model.run(input_feed, wanted)
        return [results[name] for name in wanted]

    def get_inputs(self) -> List[NodeArg]:
        return [_argument(value) for value in self.model.inputs]

    def get_outputs(self) -> List[NodeArg]:
        return [_argument(value) for value in self.model.outputs]

    def get_providers(self) -> List[str]:
        return ["CPUExecutionProvider"]


def _argument(value: Value) -> NodeArg:
    type = "string" if value.dtype is None else _TYPES.get(value.dtype, value.dtype)
    return NodeArg(value.name, f"tensor({type})", list(value.shape or ()))
