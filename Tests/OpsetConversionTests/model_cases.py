"""Writes models that the node tests don't have, with inputs and what they give, as node_cases.py does:
model_cases.py FOLDER
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
folder = Path(sys.argv[1])
random = np.random.default_rng(1)
cases = {}


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def value(name, kind=FLOAT, shape=None):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs, outputs, **attributes)


def case(name, opset, nodes, inputs, outputs, constants=(), functions=(), expected=None, imports=(), ir_version=10):
    """A model whose inputs are arrays; outputs are infos. Without `expected`, ONNX Runtime says what is right."""
    infos = [helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
             for key, array in inputs.items()]
    graph = helper.make_graph(nodes, "g", infos, outputs, list(constants))
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset), *imports], functions=list(functions),
        ir_version=ir_version)
    if expected is None:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        expected = session.run(None, inputs)
    # A valid model states its outputs' shapes.
    for info, array in zip(model.graph.output, expected):
        info.CopyFrom(value(info.name, info.type.tensor_type.elem_type, array.shape))
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    cases[str(path)] = (inputs, expected)


# Operator sets before 7: what ONNX Runtime does not run any more is said by numpy.
a, b = floats(2, 3, 4, 5), floats(3, 4)
case("old-broadcast", 6, [node("Add", ["a", "b"], ["y"], broadcast=1, axis=1)], {"a": a, "b": b}, [value("y")],
     expected=[a + b[:, :, None]])
c = floats(5)
case("old-broadcast-trailing", 6, [node("Mul", ["a", "c"], ["y"], broadcast=1)], {"a": a, "c": c}, [value("y")],
     expected=[a * c])
case("old-reshape", 4, [node("Reshape", ["a"], ["y"], shape=[6, -1])], {"a": a}, [value("y")],
     expected=[a.reshape(6, -1)])
case("old-relu", 1, [node("Relu", ["a"], ["r"], consumed_inputs=[0]), node("Concat", ["r", "r"], ["y"])], {"a": a},
     [value("y")], expected=[np.concatenate([np.maximum(a, 0)] * 2, 1)])
case("old-cast", 5, [node("Cast", ["a"], ["y"], to="INT64")], {"a": a}, [value("y", INT64)],
     expected=[a.astype(np.int64)])
case("old-pad", 1, [node("Pad", ["a"], ["y"], paddings=[0, 0, 1, 2, 0, 0, 3, 4], value=1.5)], {"a": a}, [value("y")],
     expected=[np.pad(a, [(0, 0), (0, 0), (1, 3), (2, 4)], constant_values=1.5)])
slope = np.array([0.1, 0.2, 0.3], np.float32)
case("old-prelu", 6, [node("PRelu", ["a", "s"], ["y"])], {"a": a, "s": slope}, [value("y")],
     expected=[np.where(a > 0, a, a * slope[:, None, None])])
case("old-selu", 1, [node("Selu", ["a"], ["y"])], {"a": a}, [value("y")],
     expected=[(1.0507 * np.where(a > 0, a, 1.6732 * (np.exp(a) - 1))).astype(np.float32)])
statistics = [np.abs(floats(3)) + 0.5 for _ in range(4)]
case("old-batchnorm", 6,
     [node("BatchNormalization", ["a", "s", "b", "m", "v"], ["y"], is_test=1, epsilon=1e-3)],
     {"a": a, **dict(zip("sbmv", statistics))}, [value("y")],
     expected=[(a - statistics[2][:, None, None]) / np.sqrt(statistics[3][:, None, None] + 1e-3)
               * statistics[0][:, None, None] + statistics[1][:, None, None]])
places = [np.abs(floats(3, 4, 5)) + 0.5 for _ in range(4)]
case("spatial-batchnorm", 8, [node("BatchNormalization", ["a", "s", "b", "m", "v"], ["y"], spatial=0)],
     {"a": a, **dict(zip("sbmv", places))}, [value("y")],
     expected=[(a - places[2]) / np.sqrt(places[3] + 1e-5) * places[0] + places[1]])
case("upsample", 7, [node("Upsample", ["a"], ["y"], scales=[1.0, 1.0, 2.0, 3.0])], {"a": a}, [value("y")])
case("upsample-linear", 9, [node("Upsample", ["a", "s"], ["y"], mode="linear")], {"a": a}, [value("y")],
     [constant("s", np.array([1, 1, 2.5, 1.5], np.float32))])
case("resize-smaller", 10, [node("Resize", ["a", "s"], ["y"])], {"a": a}, [value("y")],
     [constant("s", np.array([1, 1, 0.6, 0.7], np.float32))])
for mode in ["nearest", "linear"]:
    case(f"resize-{mode}", 10, [node("Resize", ["a", "s"], ["y"], mode=mode)], {"a": a}, [value("y")],
         [constant("s", np.array([1, 1, 1.5, 2.5], np.float32))])
case("resize-half-pixel", 18, [node("Resize", ["a", "", "s"], ["y"], axes=[2, 3])], {"a": a}, [value("y")],
     [constant("s", np.array([2, 3], np.float32))])
case("resize-sizes", 18,
     [node("Resize", ["a", "", "", "s"], ["y"], axes=[3], mode="linear", coordinate_transformation_mode="asymmetric")],
     {"a": a}, [value("y")], [constant("s", np.array([10]))])

# Softmax over several dimensions, of known and unknown rank, and along an inner axis.
for operator in ["Softmax", "LogSoftmax", "Hardmax"]:
    for axis in [0, 1, 2, 3]:
        case(f"{operator}-12-{axis}", 12, [node(operator, ["a"], ["y"], axis=axis)], {"a": a}, [value("y")])
        case(f"{operator}-13-{axis}", 13, [node(operator, ["a"], ["y"], axis=axis)], {"a": a}, [value("y")])
    case(f"{operator}-9", 9, [node("Squeeze", ["a"], ["s"]), node(operator, ["s"], ["y"])], {"a": a}, [value("y")])

# Axes and shapes that nodes compute out of constants, and negative ones.
case("computed-axes", 13,
     [node("Constant", [], ["c"], value_ints=[-1]), node("Concat", ["c", "d"], ["axes"], axis=0),
      node("Unsqueeze", ["a", "axes"], ["u"]), node("ReduceSum", ["u", "c"], ["r"]),
      node("Squeeze", ["r", "axes"], ["y"])], {"a": a}, [value("y")], [constant("d", np.array([0]))])
case("noop", 18, [node("ReduceSumSquare", ["a"], ["s"], noop_with_empty_axes=1),
                  node("ReduceL1", ["a"], ["l"], noop_with_empty_axes=1), node("Add", ["s", "l"], ["y"])],
     {"a": a}, [value("y")], expected=[a * a + np.abs(a)])
case("slice-steps", 13, [node("Slice", ["a", "s", "e", "x", "t"], ["y"])], {"a": a}, [value("y")],
     [constant("s", np.array([-1, 1])), constant("e", np.array([-100, 100])), constant("x", np.array([-1, 2])),
      constant("t", np.array([-2, 2]))])
case("split-uneven", 18, [node("Split", ["a"], ["p", "q"], axis=-1, num_outputs=2), node("Relu", ["q"], ["r"])],
     {"a": a}, [value("p"), value("r")])
case("shape-part", 15, [node("Shape", ["a"], ["y"], start=1, end=-1)], {"a": a}, [value("y", INT64)])
case("clip", 6, [node("Clip", ["a"], ["y"], min=-0.5, max=0.25)], {"a": a}, [value("y")])
case("clip-computed", 13, [node("ReduceMean", ["a"], ["m"], keepdims=0), node("Clip", ["a", "m"], ["y"])], {"a": a},
     [value("y")])
case("topk-least", 11, [node("TopK", ["a", "k"], ["v", "i"], largest=0)], {"a": a}, [value("v"), value("i", INT64)],
     [constant("k", np.array([2]))])
case("topk-7", 7, [node("TopK", ["a"], ["v", "i"], k=2)], {"a": a}, [value("v"), value("i", INT64)])
case("pad-axes", 18, [node("Pad", ["a", "p", "v", "x"], ["y"])], {"a": a}, [value("y")],
     [constant("p", np.array([1, 2, 0, 1])), constant("v", np.float32(3)), constant("x", np.array([-1, 1]))])
case("gemm-without-c", 11, [node("Gemm", ["a", "b"], ["y"], transB=1)], {"a": floats(2, 3), "b": floats(4, 3)},
     [value("y")])
case("dropout", 7, [node("Dropout", ["a"], ["y"], ratio=0.25)], {"a": a}, [value("y")])
case("max-broadcast", 12, [node("Max", ["a", "b", "c"], ["y"])], {"a": a, "b": floats(4, 1), "c": floats(5)},
     [value("y")])
case("mean-broadcast", 13, [node("Mean", ["a", "b"], ["m"]), node("Sum", ["m", "b", "b"], ["y"])],
     {"a": a, "b": floats(5)}, [value("y")])
case("constant-integers", 13,
     [node("Constant", [], ["i"], value_ints=[1, 0]), node("Gather", ["a", "i"], ["y"], axis=1)], {"a": a},
     [value("y")])
# ONNX Runtime has the batch first in no version, so it says what is right with the sequence first.
weights = [constant(*pair) for pair in zip("wrb", [floats(2, 20, 3), floats(2, 20, 5), floats(2, 40)])]
batch = {"x": floats(4, 6, 3), "h": floats(4, 2, 5), "c": floats(4, 2, 5)}


def lstm(name, inputs, layout, expected=None):
    case(name, 14,
         [node("LSTM", ["x", "w", "r", "b", "", "h", "c"], ["y", "yh", "yc"], hidden_size=5, direction="bidirectional",
               layout=layout)], inputs, [value("y"), value("yh"), value("yc")], weights, expected=expected)


lstm("lstm", {key: array.swapaxes(0, 1) for key, array in batch.items()}, 0)
y, yh, yc = cases[str(folder / "lstm.onnx")][1]
lstm("lstm-batch-first", batch, 1, [y.transpose(2, 0, 1, 3), yh.swapaxes(0, 1), yc.swapaxes(0, 1)])
case("groups-18", 21, [node("GroupNormalization", ["a", "s", "b"], ["y"], num_groups=2)],
     {"a": floats(2, 4, 3, 5), "s": floats(4), "b": floats(4)}, [value("y")])

for operator in ["BlackmanWindow", "HammingWindow", "HannWindow"]:
    for periodic in [0, 1]:
        case(f"{operator}-{periodic}", 17,
             [node(operator, ["n"], ["w"], periodic=periodic), node("Mul", ["a", "w"], ["y"])],
             {"a": floats(3, 10)}, [value("y")], [constant("n", np.array(10))])
case("eye-trilu-range", 14,
     [node("Trilu", ["a", "k"], ["t"], upper=0), node("EyeLike", ["t"], ["e"], k=1), node("Add", ["t", "e"], ["s"]),
      node("Range", ["z", "f", "o"], ["r"]), node("Gather", ["s", "r"], ["y"])], {"a": floats(4, 6)}, [value("y")],
     [constant("k", np.array(1)), constant("z", np.array(3)), constant("f", np.array(-1)), constant("o", np.array(-2))])

# Bodies: values from outside, constants inside, operators that change.
then = helper.make_graph(
    [node("Squeeze", ["a", "axes"], ["s"]), node("Softmax", ["s"], ["t"], axis=0)], "then", [], [value("t", FLOAT, [3, 4])])
otherwise = helper.make_graph(
    [node("Squeeze", ["a", "axes"], ["s2"]), node("LayerNormalization", ["s2", "g"], ["o"])], "else", [], [value("o", FLOAT, [3, 4])],
    [constant("g", floats(4))])
for flag in [True, False]:
    case(f"if-{flag}", 17, [node("If", ["f"], ["y"], then_branch=then, else_branch=otherwise)],
         {"f": np.array(flag), "a": floats(1, 3, 4)}, [value("y")], [constant("axes", np.array([0]))])
body = helper.make_graph(
    [node("Identity", ["going"], ["goes"]), node("Gelu", ["state"], ["g"]), node("Mul", ["g", "a"], ["next"]),
     node("ReduceMax", ["next", "last"], ["row"], keepdims=0)], "body",
    [value("i", INT64, []), value("going", BOOL, []), value("state", FLOAT, [3, 4])],
    [value("goes", BOOL, []), value("next", FLOAT, [3, 4]), value("row", FLOAT, [3])])
case("loop", 20, [node("Loop", ["n", "", "x"], ["final", "rows"], body=body)],
     {"x": floats(3, 4), "a": floats(3, 4)}, [value("final"), value("rows")],
     [constant("n", np.array(3)), constant("last", np.array([-1]))])
step = helper.make_graph(
    [node("HardSwish", ["e"], ["h"]), node("Add", ["s", "h"], ["n"]), node("Identity", ["n"], ["o"])], "step",
    [value("s", FLOAT, [4]), value("e", FLOAT, [4])], [value("n", FLOAT, [4]), value("o", FLOAT, [4])])
case("scan", 16, [node("Scan", ["z", "x"], ["f", "y"], body=step, num_scan_inputs=1)],
     {"z": floats(4), "x": floats(3, 4)}, [value("f"), value("y")])

# The model's own functions: one that changes, with attributes and a function inside, and one that does not.
opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
reference = helper.make_node("LeakyRelu", ["m"], ["y"])
reference.attribute.append(onnx.AttributeProto(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="slope"))
mean = helper.make_function("own", "Mean1", ["x"], ["m"], [
    node("Constant", [], ["axes"], value_ints=[1]), node("ReduceMean", ["x", "axes"], ["m"])], opsets)
leaky = helper.make_function("own", "Leaky", ["x"], ["y"], [
    helper.make_node("Mean1", ["x"], ["m"], domain="own"), reference], opsets, attributes=["slope"])
plain = helper.make_function("own", "Twice", ["x"], ["y"], [node("Sin", ["x"], ["s"]), node("Cos", ["s"], ["y"])],
                             opsets)
case("functions", 18,
     [helper.make_node("Leaky", ["a"], ["l"], domain="own", slope=0.5),
      helper.make_node("Leaky", ["l"], ["k"], domain="own", slope=0.1),
      helper.make_node("Twice", ["k"], ["y"], domain="own")],
     {"a": a}, [value("y")], functions=[mean, leaky, plain], imports=opsets[1:])

# Names that the conversion would give are taken, at all levels; nodes have names or none.
PARTS = ["node", "node_1", "Add", "Add_1", "Cast", "Div", "Max", "Mul", "Sub", "Where", "axes", "constant", "count", "empty",
         "epsilon", "heads", "mask", "root", "scale", "sequence_first", "starts", "value", "values", "zero", "zeros"]


def with_taken_names(nodes):
    taken = [f"{name}/{part}" for node in nodes for name in {node.name, *node.output} - {""} for part in PARTS]
    return [helper.make_node("Identity", ["a"], [name], name=name) for name in taken] + nodes


named = [("clip", 13, [node("Clip", ["a", "low", "high"], ["y"])], {"low": np.float32(-0.5), "high": np.float32(0.5)}, 1),
         ("clip-low", 12, [node("Clip", ["a", "low"], ["y"])], {"low": np.float32(-0.5)}, 1),
         ("max", 12, [node("Max", ["a", "b"], ["y"])], {"b": floats(4, 1)}, 1),
         ("mean", 12, [node("Mean", ["a", "b", "c"], ["y"])], {"b": floats(4, 1), "c": floats(5)}, 1),
         ("gelu", 20, [node("Gelu", ["a"], ["y"], approximate="tanh")], {}, 1),
         ("layer", 17, [node("LayerNormalization", ["a", "g", "h"], ["y"])], {"g": floats(5), "h": floats(5)}, 1),
         ("attention", 23, [node("Attention", ["a", "a", "a", "m"], ["y"])], {"m": np.tri(4) > 0}, 1),
         ("softmax", 13, [node("Softmax", ["a"], ["y"], axis=1)], {}, 1),
         ("topk", 11, [node("TopK", ["a", "k"], ["y", "i"], largest=0)], {"k": np.array([2])}, 2),
         ("dynamic", 11, [node("DynamicQuantizeLinear", ["a"], ["q", "s", "z"]),
                          node("DequantizeLinear", ["q", "s", "z"], ["y"])], {}, 1)]
for title, opset, nodes, values, count in named:
    for is_named in [False, True]:
        for number, item in enumerate(nodes):
            item.name = f"n{number}" if is_named else ""
        constants = [constant(key, array) for key, array in values.items()]
        outputs = [value("y"), value("i", INT64)][:count]
        suffix = "-named" if is_named else ""
        # With constants that are computed no adapter can do without nodes.
        computed = [helper.make_node("Add" if array.dtype.kind == "f" else "Or", [key, key], [f"{key}2"])
                    for key, array in values.items() if array.dtype.kind in "fb"]
        for item in nodes:
            for place, name in enumerate(item.input):
                if f"{name}2" in {x.output[0] for x in computed}:
                    item.input[place] = f"{name}2"
        case(f"taken-{title}{suffix}", opset, with_taken_names(computed + nodes), {"a": a}, outputs, constants)
        inner = helper.make_graph(
            with_taken_names(computed + nodes), "inner", [], [value(x.name, x.type.tensor_type.elem_type) for x in outputs],
            constants)
        outer = [helper.make_node("Identity", ["a"], [f"o/{part}"], name=f"o/{part}") for part in PARTS]
        case(f"taken-{title}-inner{suffix}", max(opset, 13), outer + [
            helper.make_node("If", ["f"], [f"o{x.name}" for x in outputs], name="o", then_branch=inner, else_branch=inner)],
            {"f": np.array(True), "a": a}, [value(f"o{x.name}", x.type.tensor_type.elem_type) for x in outputs])

# The range of nothing but zeros, of one sign, and of what is no number.
for title, numbers in {"zeros": [0, 0], "negative-zero": [-0.0], "one": [2], "positive": [1, 2, 4], "negative": [-4, -1],
                       "mixed": [-1, 0, 2.5], "tiny": [1e-45, 0], "nan": [np.nan], "infinite": [-np.inf, 1], "none": []}.items():
    case(f"dynamic-quantization-{title}", 11, [node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])],
         {"x": np.array(numbers, np.float32)}, [value("q", TensorProto.UINT8), value("s"), value("z", TensorProto.UINT8)])
    case(f"dynamic-quantization-{title}-constant", 11,
         [node("DynamicQuantizeLinear", ["c"], ["q", "s", "z"]), node("Identity", ["x"], ["y"])], {"x": a},
         [value("q", TensorProto.UINT8), value("s"), value("z", TensorProto.UINT8), value("y")],
         [constant("c", np.array(numbers, np.float32))])

# A zero in a shape is the input's extent, or none; where there are elements, no extent can be 0.
empty = floats(0, 3, 2)
case("reshape-without-zero", 14, [node("Reshape", ["a", "s"], ["y"], allowzero=1)], {"a": a}, [value("y")],
     [constant("s", np.array([6, -1]))])
case("reshape-zero-kept", 14, [node("Reshape", ["e", "s"], ["y"], allowzero=1)], {"e": empty}, [value("y")],
     [constant("s", np.array([0, 6]))])
case("reshape-computed", 14, [node("Reshape", ["a", "s"], ["y"], allowzero=1)], {"a": a, "s": np.array([6, 20])},
     [value("y")])
case("reshape-of-shape", 15,
     [node("Shape", ["a"], ["d"], start=1, end=3), node("Concat", ["n", "d"], ["s"], axis=0),
      node("Reshape", ["a", "s"], ["y"], allowzero=1)], {"a": a}, [value("y")], [constant("n", np.array([-1]))])

(folder / "models.txt").write_text("\n".join(cases))
(folder / "cases.pkl").write_bytes(pickle.dumps(cases))
