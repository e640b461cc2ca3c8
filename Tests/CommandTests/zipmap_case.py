"""Writes a classifier whose probabilities ZipMap names, as test folders of ONNX.

Usage: zipmap_case.py FOLDER   right/ holds what ONNX Runtime gives, wrong/ the same with two classes exchanged
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

NAMES = ["cat", "dog", "bird"]
folder = Path(sys.argv[1])
random = np.random.default_rng(2)
nodes = [
    helper.make_node(
        "LinearClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml", classlabels_strings=NAMES, multi_class=1,
        coefficients=random.normal(size=12).tolist(), intercepts=[0.1, 0.2, 0.3], post_transform="SOFTMAX"),
    helper.make_node("ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", classlabels_strings=NAMES),
]
maps = helper.make_sequence_type_proto(
    helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, [])))
graph = helper.make_graph(
    nodes, "named", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
    [helper.make_tensor_value_info("label", TensorProto.STRING, ["N"]), helper.make_value_info("probabilities", maps)])
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=10)
x = random.normal(size=(5, 4)).astype(np.float32)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
label, rows = session.run(None, {"x": x})
wrong = [{"cat": row["dog"], "dog": row["cat"], "bird": row["bird"]} for row in rows]
for name, maps in ("right", rows), ("wrong", wrong):
    data = folder / name / "test_data_set_0"
    data.mkdir(parents=True)
    onnx.save(model, folder / name / "model.onnx")
    # Keys may come in any order. The package's own from_list takes no texts as keys.
    named = onnx.SequenceProto(elem_type=onnx.SequenceProto.MAP, map_values=[
        onnx.MapProto(
            key_type=TensorProto.STRING, string_keys=[key.encode() for key in sorted(row)],
            values=numpy_helper.from_list([np.float32(row[key]) for key in sorted(row)]))
        for row in maps])
    for file, value in [
        ("input_0", numpy_helper.from_array(x)),
        ("output_0", numpy_helper.from_array(np.array(label, dtype=object))),
        ("output_1", named),
    ]:
        (data / f"{file}.pb").write_bytes(value.SerializeToString())
