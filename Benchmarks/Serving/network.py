#!/usr/bin/env python3
"""Writes a ResNet with random weights, as He et al. 2015 have it (table 1), without batch normalizations, which exporters
fold into the convolutions: network.py FILE.onnx [18|50]. Its batch is open.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}


class Writer:
    def __init__(self):
        self.nodes, self.constants, self.random = [], [], np.random.default_rng(0)

    def add(self, kind, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weights(self, shape, scale):
        name = f"w{len(self.constants)}"
        values = self.random.standard_normal(shape, np.float32) * np.float32(scale)
        self.constants.append(onnx.numpy_helper.from_array(values, name))
        return name

    def convolution(self, x, inputs, outputs, size, stride=1, scale=1.0):
        weights = self.weights((outputs, inputs, size, size), scale * (2 / (inputs * size * size)) ** 0.5)
        return self.add("Conv", x, weights, self.weights((outputs,), 0.01), kernel_shape=[size, size],
                        strides=[stride, stride], pads=[size // 2] * 4)

    def block(self, x, inputs, inner, stride, depth):
        """The block's outcome and its width."""
        width = inner if depth == 18 else 4 * inner
        # Small, so that numbers don't grow from block to block.
        if depth == 18:
            y = self.add("Relu", self.convolution(x, inputs, inner, 3, stride))
            y = self.convolution(y, inner, inner, 3, scale=0.3)
        else:
            y = self.bottleneck(x, inputs, inner, stride)
        if inputs != width or stride != 1:
            x = self.convolution(x, inputs, width, 1, stride, scale=0.7)
        return self.add("Relu", self.add("Add", y, x)), width

    def bottleneck(self, x, inputs, inner, stride):
        y = self.add("Relu", self.convolution(x, inputs, inner, 1))
        y = self.add("Relu", self.convolution(y, inner, inner, 3, stride))
        return self.convolution(y, inner, 4 * inner, 1, scale=0.3)


def main(path, depth=50):
    writer = Writer()
    x = writer.add("Relu", writer.convolution("image", 3, 64, 7, 2))
    x = writer.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    width = 64
    for stage, count in enumerate(BLOCKS[depth]):
        for number in range(count):
            x, width = writer.block(x, width, 64 << stage, 2 if stage > 0 and number == 0 else 1, depth)
    x = writer.add("Flatten", writer.add("GlobalAveragePool", x))
    writer.nodes.append(helper.make_node(
        "Gemm", [x, writer.weights((width, 1000), 0.02), writer.weights((1000,), 0.01)], ["scores"]))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
              for name, shape in (("image", ["n", 3, 224, 224]), ("scores", ["n", 1000]))]
    graph = helper.make_graph(writer.nodes, f"resnet{depth}", values[:1], values[1:], writer.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


main(sys.argv[1], *map(int, sys.argv[2:]))
