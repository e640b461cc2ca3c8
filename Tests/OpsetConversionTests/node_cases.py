"""Writes the models of the onnx package's node tests for a sweep: node_cases.py FOLDER

Each model is written as it is, and again with names for the nodes and all inputs but the first as constants, since
before some version many inputs had to be. FOLDER/models.txt lists them; FOLDER/cases.pkl has inputs and expected outputs.
"""

import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

# Some cases divide by zero on purpose.
warnings.simplefilter("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402

folder = Path(sys.argv[1])
cases = {}


def write(name, model, inputs, outputs):
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    names = [value.name for value in model.graph.input]
    cases[str(path)] = (dict(zip(names, inputs)), outputs)


for case in collect_testcases(None):
    if not case.data_sets or not any(x.domain == "" for x in case.model.opset_import):
        continue
    inputs, outputs = case.data_sets[0]
    write(case.name, case.model, inputs, outputs)
    if len(inputs) > 1 and all(isinstance(value, np.ndarray) for value in inputs):
        frozen = onnx.ModelProto()
        frozen.CopyFrom(case.model)
        for value, info in list(zip(inputs, list(frozen.graph.input)))[1:]:
            frozen.graph.initializer.append(numpy_helper.from_array(value, info.name))
            frozen.graph.input.remove(info)
        for number, node in enumerate(frozen.graph.node):
            node.name = f"n{number}"
        write(f"{case.name}-frozen", frozen, inputs[:1], outputs)

(folder / "models.txt").write_text("\n".join(cases))
(folder / "cases.pkl").write_bytes(pickle.dumps(cases))
