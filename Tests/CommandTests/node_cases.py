"""Writes all node test cases of the onnx package in the ONNX backend's folder layout.

Usage: node_cases.py FOLDER
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

# Some cases divide by zero on purpose.
warnings.simplefilter("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402


def message(value, name):
    """The protobuf message of a test value."""
    if isinstance(value, onnx.TensorProto):
        return value
    if isinstance(value, list):
        return numpy_helper.from_list(value, name)
    if isinstance(value, dict):
        return numpy_helper.from_dict(value, name)
    if value is None:
        return numpy_helper.from_optional(value, name)
    return numpy_helper.from_array(np.asarray(value), name)


def write(target):
    for case in collect_testcases(None):
        folder = Path(target) / case.name
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(case.model.SerializeToString())
        graph = case.model.graph
        for number, (inputs, outputs) in enumerate(case.data_sets):
            data = folder / f"test_data_set_{number}"
            data.mkdir()
            for kind, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
                for index, (value, info) in enumerate(zip(values, infos)):
                    (data / f"{kind}_{index}.pb").write_bytes(message(value, info.name).SerializeToString())


if __name__ == "__main__":
    write(sys.argv[1])
