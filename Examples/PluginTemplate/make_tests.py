"""Writes tests/: models with the operators of this plugin, inputs, and the outputs that numpy computes.

Needs the Python packages onnx and numpy; zoo verify needs neither.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(1)


def write(name, nodes, inputs, constants, outputs):
    folder = pathlib.Path(__file__).parent / "tests" / name
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, value.shape) for key, value in inputs.items()],
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, value.shape) for key, value in outputs.items()],
        [numpy_helper.from_array(value, key) for key, value in constants.items()])
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("example.com", 1)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), folder / "model.onnx")
    for kind, values in (("input", inputs), ("output", outputs)):
        for index, (key, value) in enumerate(values.items()):
            (data / f"{kind}_{index}.pb").write_bytes(numpy_helper.from_array(value, key).SerializeToString())


def numbers(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def dense():
    x, w, b = numbers(5, 19), numbers(19, 21), numbers(21)
    y = np.maximum(np.float32(0.5) * (x @ w) + b, 0)
    nodes = [
        helper.make_node("ScaledDense", ["x", "w", "b"], ["d"], "dense", domain="example.com", alpha=0.5),
        helper.make_node("Relu", ["d"], ["y"], "relu"),
    ]
    write("dense", nodes, {"x": x}, {"w": w, "b": b}, {"y": y})
    nodes = [helper.make_node("ScaledDense", ["x", "w"], ["y"], "dense", domain="example.com")]
    write("dense_without_bias", nodes, {"x": x}, {"w": w}, {"y": x @ w})


def convolve(x, w):
    """3x3, padding 1, as ONNX's Conv has it."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", windows, w).astype(np.float32)


def between_convolutions():
    x, first, second = numbers(1, 16, 9, 9), numbers(20, 16, 3, 3) * 0.1, numbers(8, 20, 3, 3) * 0.1
    middle = convolve(x, first)
    y = convolve(middle / (1 + np.abs(middle)), second)
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["a"], "first_conv", pads=[1, 1, 1, 1]),
        helper.make_node("Softsign", ["a"], ["s"], "softsign", domain="example.com"),
        helper.make_node("Conv", ["s", "second"], ["y"], "second_conv", pads=[1, 1, 1, 1]),
    ]
    write("between_convolutions", nodes, {"x": x}, {"first": first, "second": second}, {"y": y})


dense()
between_convolutions()
