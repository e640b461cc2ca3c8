"""Checks a model with rounded weights and computes it with ONNX Runtime.

Usage: stored_weights.py MODEL.onnx INPUT.npy OUTPUT.npy
Writes the first output for the given first input, and prints the types of the initializers.
"""

import sys

import numpy as np
import onnx
import onnxruntime

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
print(*sorted({onnx.TensorProto.DataType.Name(tensor.data_type) for tensor in model.graph.initializer}))
# At higher levels, ONNX Runtime rounds what is multiplied with integer weights, too (MatMulNBits).
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
inputs = {session.get_inputs()[0].name: np.load(sys.argv[2])}
np.save(sys.argv[3], session.run(None, inputs)[0])
