"""Makes random inputs for whole networks: network_cases.py FOLDER

FOLDER/models.txt lists the models; a model's symbolic dimensions become 2, 3, 5 and 7, tokens lie below 20.
FOLDER/cases.pkl gets inputs.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

folder = Path(sys.argv[1])
random = np.random.default_rng(2)
cases = {}
for path in (folder / "models.txt").read_text().splitlines():
    model = onnx.load(path)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = {}
    # Pictures are large enough for every window.
    extents = {"H": 40, "W": 36}
    for info in model.graph.input:
        if info.name in constants:
            continue
        tensor = info.type.tensor_type
        shape = [
            x.dim_value or extents.setdefault(x.dim_param, (2, 3, 5, 7)[len(extents) - 2]) for x in tensor.shape.dim
        ]
        kind = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if kind == np.bool_:
            inputs[info.name] = np.ones(shape, kind)
        elif np.issubdtype(kind, np.integer):
            # The last text is shorter, types of tokens are zeros, positions count; tokens are small, pictures in bytes are
            # anything.
            if "position" in info.name:
                inputs[info.name] = np.broadcast_to(np.arange(shape[-1]), shape).astype(kind)
            elif "mask" in info.name or "type" in info.name:
                inputs[info.name] = np.full(shape, "mask" in info.name, kind)
                if "mask" in info.name:
                    inputs[info.name][-1, -1:] = 0
            else:
                inputs[info.name] = random.integers(1, 20, shape).astype(kind)
        else:
            inputs[info.name] = random.standard_normal(shape).astype(kind)
    cases[path] = (inputs, [])
(folder / "cases.pkl").write_bytes(pickle.dumps(cases))
