"""Writes all of the onnx package's backend tests in their folder layout, a folder for each suite.

Usage: conformance_cases.py FOLDER
"""

import shutil
import sys
from pathlib import Path

import node_cases
import numpy as np
import onnx
from onnx import numpy_helper

target = Path(sys.argv[1])
data = Path(onnx.__file__).parent / "backend" / "test" / "data"
node_cases.write(target / "node")
for suite in ("simple", "pytorch-converted", "pytorch-operator"):
    shutil.copytree(data / suite, target / suite)

# Networks without weights of their own. Their inputs are those of onnx's own runner (generate_dummy_data).
for path in sorted((data / "light").glob("*.onnx")):
    folder = target / "light" / path.stem
    tests = folder / "test_data_set_0"
    tests.mkdir(parents=True)
    shutil.copy(path, folder / "model.onnx")
    graph = onnx.load(path).graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    for index, value in enumerate(inputs):
        shape = [extent.dim_value for extent in value.type.tensor_type.shape.dim]
        ramp = (np.arange(np.prod(shape)).reshape(shape) / np.prod(shape)).astype(np.float32)
        (tests / f"input_{index}.pb").write_bytes(numpy_helper.from_array(ramp, value.name).SerializeToString())
    for index in range(len(graph.output)):
        shutil.copy(path.with_name(f"{path.stem}_output_{index}.pb"), tests / f"output_{index}.pb")
