"""Writes softsign.onnx: one node, Softsign of the domain example.com. Needs the package onnx."""

from onnx import TensorProto, checker, helper, save

node = helper.make_node("Softsign", ["x"], ["y"], name="softsign", domain="example.com")
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3])
graph = helper.make_graph([node], "softsign", [value("x")], [value("y")])
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("example.com", 1)], ir_version=8
)
checker.check_model(model)
save(model, "softsign.onnx")
