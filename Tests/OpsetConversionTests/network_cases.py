"""Makes random inputs for whole networks: network_cases.py FOLDER

FOLDER/models.txt lists the models; symbolic dimensions become 2, tokens lie below 50. FOLDER/cases.pkl gets inputs.
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
    for info in model.graph.input:
        if info.name in constants:
            continue
        tensor = info.type.tensor_type
        shape = [x.dim_value or 2 for x in tensor.shape.dim]
        kind = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if kind == np.bool_:
            inputs[info.name] = np.ones(shape, kind)
        elif np.issubdtype(kind, np.integer):
            # Masks are ones, types of tokens zeros, positions count; tokens are small, pictures in bytes are anything.
            if "position" in info.name:
                inputs[info.name] = np.broadcast_to(np.arange(shape[-1]), shape).astype(kind)
            elif "mask" in info.name or "type" in info.name:
                inputs[info.name] = np.full(shape, "mask" in info.name, kind)
            else:
                inputs[info.name] = random.integers(1, 50, shape).astype(kind)
        else:
            inputs[info.name] = random.standard_normal(shape).astype(kind)
    cases[path] = (inputs, [])
(folder / "cases.pkl").write_bytes(pickle.dumps(cases))
