"""Writes the onnx package's test cases for convolution and pooling, in the ONNX backend's folder layout.

Usage: node_cases.py FOLDER
"""

import importlib
import os
import sys

import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node

for module in ("conv", "maxpool", "averagepool", "lppool"):
    importlib.import_module(f"onnx.backend.test.case.node.{module}")

for case in node._NodeTestCases:
    data = os.path.join(sys.argv[1], case.name, "test_data_set_0")
    os.makedirs(data)
    onnx.save(case.model, os.path.join(sys.argv[1], case.name, "model.onnx"))
    inputs, outputs = case.data_sets[0]
    for kind, arrays in (("input", inputs), ("output", outputs)):
        for index, array in enumerate(arrays):
            with open(os.path.join(data, f"{kind}_{index}.pb"), "wb") as file:
                file.write(numpy_helper.from_array(array).SerializeToString())
