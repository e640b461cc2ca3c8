"""Writes models for the tests of the server: make_models.py FOLDER (the repository's fixtures are beside this file).

types.onnx gives each input back, one of each type; sum.onnx adds two inputs row by row; total.onnx adds rows of one, so that
rows must not be mixed with strangers'; slow.onnx takes a while, a turn for each of its input's number; fixed.onnx has a fixed
batch; chat.gguf is a small language model with a chat template.
"""

import pathlib
import sys

import gguf
import numpy as np
import onnx
from onnx import TensorProto, helper

TYPES = "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FLOAT16 BFLOAT16 FLOAT DOUBLE STRING".split()
FIXTURES = pathlib.Path(__file__).parent.parent / "ModelZooTests" / "Fixtures"
TEMPLATE = "{% for message in messages %}{{ message['content'] }} {% endfor %}"


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, getattr(TensorProto, kind), shape)


def save(folder, name, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, folder / f"{name}.onnx")


def save_chat(folder):
    """The fixture's network with a vocabulary of letters and a chat template."""
    reader = gguf.GGUFReader(FIXTURES / "language" / "gguf" / "llama.gguf")
    writer = gguf.GGUFWriter(folder / "chat.gguf", "llama")
    for name, field in reader.fields.items():
        if name.startswith("llama."):
            writer.add_key_value(name, field.contents(), field.types[0])
    tokens = ["<unk>", "</s>", "<s>", "\N{LOWER ONE EIGHTH BLOCK}", *"abcdefghijklmnopqrst"]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(place) for place in range(len(tokens))])
    writer.add_token_types([2, 3, 3] + [1] * (len(tokens) - 3))
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(folder):
    save(
        folder, "types", [helper.make_node("Identity", [f"in_{kind}"], [f"out_{kind}"]) for kind in TYPES],
        [value(f"in_{kind}", kind, ["n", 3]) for kind in TYPES], [value(f"out_{kind}", kind, ["n", 3]) for kind in TYPES])
    save(
        folder, "sum", [helper.make_node("Add", ["x", "y"], ["z"])],
        [value("x", "FLOAT", ["n", 4]), value("y", "FLOAT", ["n", 4])], [value("z", "FLOAT", ["n", 4])])
    save(
        folder, "total", [helper.make_node("ReduceSum", ["x", "axis"], ["z"], keepdims=0)],
        [value("x", "FLOAT", ["n", 4])], [value("z", "FLOAT", [4])],
        [onnx.numpy_helper.from_array(np.array([0]), "axis")])
    save(
        folder, "fixed", [helper.make_node("Neg", ["x"], ["y"])], [value("x", "FLOAT", [2, 2])],
        [value("y", "FLOAT", [2, 2])])
    body = helper.make_graph(
        [helper.make_node("MatMul", ["state", "w"], ["next"]), helper.make_node("Identity", ["go"], ["go_on"])], "turn",
        [value("turn", "INT64", []), value("go", "BOOL", []), value("state", "FLOAT", None)],
        [value("go_on", "BOOL", []), value("next", "FLOAT", None)])
    matrix = np.eye(512, dtype=np.float32)
    save(
        folder, "slow",
        [helper.make_node("Loop", ["turns", "yes", "w"], ["end"], body=body),
         helper.make_node("ReduceSum", ["end"], ["trace"], keepdims=0)],
        [value("turns", "INT64", [])], [value("trace", "FLOAT", [])],
        [onnx.numpy_helper.from_array(matrix, "w"), onnx.numpy_helper.from_array(np.array(True), "yes")])
    save_chat(folder)


main(pathlib.Path(sys.argv[1]))
