"""What ONNX Runtime answers: run_onnx.py FOLDER reads model.onnx and the tensors K.input, and writes K.output."""

import sys

import onnx
import onnxruntime
from onnx import numpy_helper

folder = sys.argv[1]
model = onnx.load(folder + "/model.onnx")
onnx.checker.check_model(model, full_check=True)
inputs = {value.name: numpy_helper.to_array(onnx.load_tensor(f"{folder}/{index}.input"))
          for index, value in enumerate(model.graph.input)}
session = onnxruntime.InferenceSession(folder + "/model.onnx")
for index, value in enumerate(session.run([value.name for value in model.graph.output], inputs)):
    onnx.save_tensor(numpy_helper.from_array(value), f"{folder}/{index}.output")
