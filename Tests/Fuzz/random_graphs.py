"""Writes random small graphs with ONNX Runtime's answers, in the ONNX backend's folder layout.

Usage: random_graphs.py FOLDER SEED COUNT
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

types = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "bool": TensorProto.BOOL, "int64": TensorProto.INT64}


class Graph:
    """A graph that grows by nodes whose results are of known type and shape."""

    def __init__(self, random, outer=(), prefix=""):
        self.random, self.prefix = random, prefix
        self.nodes, self.constants, self.inputs = [], [], []
        self.values = list(outer)  # (name, type, shape)
        self.own, self.read, self.named = [], set(), 0

    # Names that are easily taken for another's.
    def name(self):
        stem = self.pick(["x", "X", "x@weight", "x@bias", "zoo", "é", "e\u0301", "0", "a b", "x/Add"])
        self.named += 1
        return f"{self.prefix}{stem}{self.named}"

    def pick(self, choices):
        return choices[int(self.random.integers(len(choices)))]

    def number(self, low, high):
        return int(self.random.integers(low, high + 1))

    def chance(self, share):
        return self.random.random() < share

    def constant(self, array):
        name = self.name()
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def floats(self, *shape, type="float"):
        """Weights of which sums of many stay small."""
        array = self.random.uniform(-1, 1, shape) / max(1, np.prod(shape[1:])) ** 0.5
        return self.constant(array.astype(np.float32 if type == "float" else np.float64))

    def integers(self, numbers):
        return self.constant(np.array(numbers, np.int64))

    def input(self, shape):
        name = self.name()
        self.inputs.append((name, shape))
        self.keep(name, "float", shape)

    def keep(self, name, type, shape):
        value = (name, type, tuple(int(extent) for extent in shape))
        self.values.append(value)
        self.own.append(value)
        return value

    def node(self, kind, inputs, type, shape, **attributes):
        name = self.name()
        self.nodes.append(helper.make_node(kind, inputs, [name], name=self.pick(["", name]), **attributes))
        self.read.update(inputs)
        return self.keep(name, type, shape)

    def find(self, accepts=lambda type, shape: True, types=("float",)):
        """A value, the latest ones more often."""
        known = [value for value in self.values if value[1] in types and accepts(value[1], value[2])]
        if not known:
            return None
        return known[-1 - min(int(self.random.exponential(2)), len(known) - 1)]

    def grow(self, depth):
        steps = [elementwise, elementwise, binary, binary, product, summed, picture, picture, shaped, shaped, reduced, normalized,
                 joined, selected, half]
        step = self.pick(steps + ([branch, loop, scan] if depth < 2 else []))
        step(self, depth) if step in (branch, loop, scan) else step(self)


def elementwise(g):
    value = g.find(types=("float", "double"))
    if value is None:
        return
    name, type, shape = value
    kind = g.pick(["Relu", "Sigmoid", "Tanh", "Abs", "Neg", "Softplus", "Erf", "LeakyRelu", "Elu", "Clip", "HardSigmoid",
                   "Gelu", "Identity", "Softsign", "Sin", "Cos", "Atan", "Asinh", "Sinh", "Mish", "HardSwish", "Exp"])
    if type == "double" and kind in ("Softplus", "Elu", "HardSigmoid", "Softsign", "Erf", "LeakyRelu", "Gelu", "Atan",
                                     "Asinh", "Sinh", "Mish", "HardSwish"):
        kind = "Abs"
    if kind in ("Sinh", "Exp"):
        name = g.node("Tanh", [name], type, shape)[0]
    if kind == "Clip":
        low, high = [g.constant(np.array(bound, np.float32 if type == "float" else np.float64)) for bound in (-0.5, 0.7)]
        return g.node("Clip", [name, low, high], type, shape)
    attributes = {"LeakyRelu": dict(alpha=0.2), "Elu": dict(alpha=0.7)}.get(kind, {})
    g.node(kind, [name], type, shape, **attributes)


def binary(g):
    value = g.find(types=("float", "double"))
    if value is None:
        return
    name, type, shape = value
    other = g.find(lambda t, s: t == type and broadcast(s, shape) is not None, types=("float", "double"))
    if other is None or g.chance(0.4):
        partial = [extent if g.chance(0.6) else 1 for extent in shape][g.number(0, len(shape)):]
        other = (g.floats(*partial, type=type), type, tuple(partial))
    kind = g.pick(["Add", "Sub", "Mul", "Max", "Min", "Pow"])
    if kind == "Pow":
        if type == "double":
            return
        base = g.node("Abs", [name], type, shape)
        if g.chance(0.5):
            return g.node("Pow", [base[0], g.constant(np.float32(g.pick([0.5, 1, 2, 2.2, 3])))], type, shape)
        exponent, whole = g.node("Sigmoid", [other[0]], *other[1:]), broadcast(other[2], shape)
        return whole is not None and g.node("Pow", [base[0], exponent[0]], type, whole)
    operands = [name, other[0]] if g.chance(0.5) else [other[0], name]
    whole = broadcast(other[2], shape)
    if whole is not None:
        g.node(kind, operands, type, whole)


def broadcast(left, right):
    try:
        shape = np.broadcast_shapes(left, right)
    except ValueError:
        return None
    return shape if np.prod(shape, dtype=float) <= 4096 else None


def product(g):
    value = g.find(lambda t, s: len(s) >= 2)
    if value is None:
        return
    name, _, shape = value
    kind = g.pick(["MatMul", "Gemm", "self"])
    width = g.pick([1, 3, 8, 17])
    if kind == "Gemm" and len(shape) == 2:
        transposed = g.number(0, 1)
        weights = g.floats(*((width, shape[1]) if transposed else (shape[1], width)))
        inputs = [name, weights] + ([g.floats(width)] if g.chance(0.5) else [])
        return g.node("Gemm", inputs, "float", (shape[0], width), transB=transposed, alpha=g.pick([1.0, 0.5]))
    if kind == "self":
        order = list(range(len(shape)))
        order[-1], order[-2] = order[-2], order[-1]
        other = g.node("Transpose", [name], "float", [shape[place] for place in order], perm=order)
        scaled = g.node("Mul", [other[0], g.constant(np.float32(1 / max(1, shape[-1])))], "float", other[2])
        return g.node("MatMul", [name, scaled[0]], "float", shape[:-1] + (shape[-2],))
    g.node("MatMul", [name, g.floats(shape[-1], width)], "float", shape[:-1] + (width,))


def summed(g):
    """An Einsum of a value and a constant."""
    equation = g.pick(["ab,bc->ac", "ab,bc->ca", "ab,cb->ca", "abc,cd->abd", "abc,acd->abd", "abc,bcd->abd", "abc,dbc->adb",
                       "ab,cbd->cad", "abc,abd->abcd", "ab,ac->bac", "abcd,acde->acbe", "abcd,ed->abce", "abcd,abed->acbe"])
    terms, result = equation.split("->")
    left, right = terms.split(",")
    value = g.find(lambda t, s: len(s) == len(left) and min(s) > 0)
    if value is None:
        return
    name, _, shape = value
    extents = dict(zip(left, shape))
    for label in right:
        extents.setdefault(label, g.pick([1, 3, 8]))
    made = tuple(extents[label] for label in result)
    inner = np.prod([extents[label] for label in extents if label not in result])
    if np.prod(made) > 4096:
        return
    other = g.node("Mul", [g.floats(*(extents[label] for label in right)), g.constant(np.float32(1 / inner))], "float",
                   tuple(extents[label] for label in right))
    g.node("Einsum", [name, other[0]], "float", made, equation=equation)


def picture(g):
    value = g.find(lambda t, s: len(s) == 4 and min(s) > 0 and min(s[2:]) >= 3)
    if value is None:
        value = g.find(lambda t, s: np.prod(s) % 9 == 0 and np.prod(s) > 0)
        if value is None:
            return
        channels = int(np.prod(value[2])) // 9
        return g.node("Reshape", [value[0], g.integers([1, channels, 3, 3])], "float", (1, channels, 3, 3))
    name, _, (batch, channels, height, width) = value
    kind = g.pick(["Conv", "Conv", "depthwise", "MaxPool", "AveragePool", "GlobalAveragePool", "BatchNormalization",
                   "Resize", "GridSample"])
    window, stride, pad = g.pick([1, 2, 3]), g.number(1, 3), g.number(0, 2)
    pad = min(pad, window - 1)
    extents = [(extent + 2 * pad - window) // stride + 1 for extent in (height, width)]
    places = dict(kernel_shape=[window] * 2, strides=[stride] * 2, pads=[pad] * 4)
    if kind == "Conv":
        made = g.pick([1, 4, 16, 20])
        inputs = [name, g.floats(made, channels, window, window)] + ([g.floats(made)] if g.chance(0.5) else [])
        return g.node("Conv", inputs, "float", (batch, made, *extents), **places)
    if kind == "depthwise":
        inputs = [name, g.floats(channels, 1, window, window)]
        return g.node("Conv", inputs, "float", (batch, channels, *extents), group=channels, **places)
    if kind in ("MaxPool", "AveragePool"):
        counts = {"count_include_pad": g.number(0, 1)} if kind == "AveragePool" else {}
        return g.node(kind, [name], "float", (batch, channels, *extents), **places, **counts)
    if kind == "GridSample":
        made = (g.number(1, 5), g.number(1, 5))
        grid = g.constant(g.random.uniform(-1.3, 1.3, (batch, *made, 2)).astype(np.float32))
        return g.node(kind, [name, grid], "float", (batch, channels, *made), mode=g.pick(["linear", "nearest", "cubic"]),
                      padding_mode=g.pick(["zeros", "border", "reflection"]), align_corners=g.number(0, 1))
    if kind == "GlobalAveragePool":
        return g.node(kind, [name], "float", (batch, channels, 1, 1))
    if kind == "BatchNormalization":
        variance = g.constant(g.random.uniform(0.5, 2, channels).astype(np.float32))
        vectors = [g.floats(channels) for _ in range(3)]
        return g.node(kind, [name, *vectors, variance], "float", value[2])
    if height * width > 200:
        return
    if g.chance(0.5):
        scales = g.constant(np.array([1, 1, 2, 2], np.float32))
        return g.node("Resize", [name, "", scales], "float", (batch, channels, 2 * height, 2 * width),
                      mode=g.pick(["nearest", "linear"]), coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    made = (g.number(1, 2 * height), g.number(1, 2 * width))
    g.node("Resize", [name, "", "", g.integers([batch, channels, *made])], "float", (batch, channels, *made), mode="linear",
           coordinate_transformation_mode=g.pick(["half_pixel", "align_corners"]))


def shaped(g):
    value = g.find(lambda t, s: min(s, default=1) > 0, types=("float", "double"))
    if value is None:
        return
    name, type, shape = value
    rank, count = len(shape), int(np.prod(shape))
    kind = g.pick(["Reshape", "Transpose", "Flatten", "Unsqueeze", "Squeeze", "Slice", "Pad", "Gather", "Expand", "Tile"])
    if kind == "Reshape":
        first = g.pick([extent for extent in range(1, count + 1) if count % extent == 0])
        target = g.pick([(first, count // first), (count,), (1, first, count // first)])
        written = list(target)
        if g.chance(0.4):
            written[g.number(0, len(written) - 1)] = -1
        return g.node(kind, [name, g.integers(written)], type, target)
    if kind == "Transpose" and rank:
        order = [int(place) for place in g.random.permutation(rank)]
        return g.node(kind, [name], type, [shape[place] for place in order], perm=order)
    axis = g.number(0, max(rank - 1, 0))
    if kind == "Flatten":
        axis = g.number(0, rank)
        return g.node(kind, [name], type, (int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))), axis=axis)
    if kind == "Unsqueeze" and rank < 5:
        return g.node(kind, [name, g.integers([axis])], type, shape[:axis] + (1,) + shape[axis:])
    if kind == "Squeeze" and 1 in shape:
        axis = shape.index(1)
        return g.node(kind, [name, g.integers([axis - rank])], type, shape[:axis] + shape[axis + 1:])
    if not rank:
        return
    if kind == "Slice":
        start, step = g.number(0, shape[axis] - 1), g.number(1, 2)
        extent = len(range(start, shape[axis], step))
        bounds = [g.integers([number]) for number in (start, 2 ** 40, axis, step)]
        return g.node(kind, [name, *bounds], type, shape[:axis] + (extent,) + shape[axis + 1:])
    if kind == "Pad" and count < 1000:
        pads = [0] * (2 * rank)
        pads[axis], pads[rank + axis] = g.number(0, 2), g.number(0, 2)
        extent = shape[axis] + pads[axis] + pads[rank + axis]
        return g.node(kind, [name, g.integers(pads)], type, shape[:axis] + (extent,) + shape[axis + 1:])
    if kind == "Gather":
        places = [g.number(-shape[axis], shape[axis] - 1) for _ in range(g.number(1, 4))]
        return g.node(kind, [name, g.integers(places)], type, shape[:axis] + (len(places),) + shape[axis + 1:], axis=axis)
    if kind == "Expand" and count < 500:
        return g.node(kind, [name, g.integers([2] + [1] * rank)], type, (2,) + shape)
    if kind == "Tile" and count < 500:
        repeats = [g.number(1, 2) if place == axis else 1 for place in range(rank)]
        return g.node(kind, [name, g.integers(repeats)], type, [a * b for a, b in zip(shape, repeats)])


def reduced(g):
    value = g.find(lambda t, s: len(s) > 0 and min(s) > 0)
    if value is None:
        return
    name, _, shape = value
    axis, keeps = g.number(0, len(shape) - 1), g.number(0, 1)
    kept = shape[:axis] + ((1,) if keeps else ()) + shape[axis + 1:]
    kind = g.pick(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "Softmax", "LogSoftmax", "CumSum"])
    if kind in ("Softmax", "LogSoftmax"):
        return g.node(kind, [name], "float", shape, axis=axis)
    if kind == "CumSum":
        scaled = g.node("Mul", [name, g.constant(np.float32(1 / shape[axis]))], "float", shape)
        return g.node(kind, [scaled[0], g.constant(np.array(axis))], "float", shape, exclusive=g.number(0, 1))
    if kind == "ReduceSum":
        name = g.node("Mul", [name, g.constant(np.float32(1 / shape[axis]))], "float", shape)[0]
    g.node(kind, [name, g.integers([axis - len(shape)])], "float", kept, keepdims=keeps)


def normalized(g):
    value = g.find(lambda t, s: len(s) >= 2 and s[-1] > 1 and min(s) > 0)
    if value is None:
        return
    name, _, shape = value
    if g.chance(0.5):
        # As exporters wrote it before there was a LayerNormalization.
        mean = g.node("ReduceMean", [name, g.integers([-1])], "float", shape[:-1] + (1,))
        centred = g.node("Sub", [name, mean[0]], "float", shape)
        square = g.node("Pow", [centred[0], g.constant(np.float32(2))], "float", shape)
        variance = g.node("ReduceMean", [square[0], g.integers([-1])], "float", mean[2])
        shifted = g.node("Add", [variance[0], g.constant(np.float32(0.01))], "float", mean[2])
        deviation = g.node("Sqrt", [shifted[0]], "float", mean[2])
        whole = g.node("Div", [centred[0], deviation[0]], "float", shape)
        scaled = g.node("Mul", [whole[0], g.floats(shape[-1])], "float", shape)
        return g.node("Add", [scaled[0], g.floats(shape[-1])], "float", shape)
    g.node("LayerNormalization", [name, g.floats(shape[-1]), g.floats(shape[-1])], "float", shape, epsilon=0.01)


def joined(g):
    value = g.find(lambda t, s: len(s) > 0 and min(s) > 0)
    if value is None:
        return
    name, _, shape = value
    axis = g.number(0, len(shape) - 1)
    if g.chance(0.5) and shape[axis] > 1:
        first = g.number(1, shape[axis] - 1)
        sizes = [first, shape[axis] - first]
        names = [g.name() + "a", g.name() + "b"]
        g.nodes.append(helper.make_node("Split", [name, g.integers(sizes)], names, axis=axis))
        g.read.add(name)
        for part, size in zip(names, sizes):
            g.keep(part, "float", shape[:axis] + (size,) + shape[axis + 1:])
        return
    other = g.find(lambda t, s: len(s) == len(shape) and s[:axis] + s[axis + 1:] == shape[:axis] + shape[axis + 1:])
    if np.prod(shape) + np.prod(other[2]) > 4096:
        return
    g.node("Concat", [name, other[0]], "float", shape[:axis] + (shape[axis] + other[2][axis],) + shape[axis + 1:], axis=axis)


def selected(g):
    """What only running tells: which elements are greater than some number."""
    value = g.find(lambda t, s: min(s, default=1) > 0)
    if value is None:
        return
    name, _, shape = value
    is_greater = g.node("Greater", [name, g.constant(np.float32(g.random.uniform(-0.5, 0.5)))], "bool", shape)
    if g.chance(0.5) or not shape:
        if shape and g.chance(0.5):
            # Flags that repeat along an axis.
            axis = g.number(0, len(shape) - 1)
            flags = g.constant(g.random.uniform(size=shape[:axis] + (1,) + shape[axis + 1:]) > 0.5)
            return g.node("Where", [flags, name, g.floats()], "float", shape)
        return g.node("Where", [is_greater[0], name, g.floats()], "float", shape)
    # Their mean, of as many as there are and one.
    flat = g.node("Reshape", [name, g.integers([-1])], "float", (int(np.prod(shape)),))
    flags = g.node("Reshape", [is_greater[0], g.integers([-1])], "bool", flat[2])
    kept = g.name()
    g.nodes.append(helper.make_node("Compress", [flat[0], flags[0]], [kept], axis=0))
    long = g.name()
    g.nodes.append(helper.make_node("Concat", [kept, g.floats(1)], [long], axis=0))
    g.node("ReduceMean", [long, g.integers([0])], "float", (1,))


def half(g):
    value = g.find(types=("float", "double"))
    if value is None:
        return
    name, type, shape = value
    other = "double" if type == "float" else "float"
    g.node("Cast", [name], other, shape, to=types[other])


def condition(g):
    value = g.find(lambda t, s: 0 < np.prod(s) < 1000)
    if value is None:
        return None
    mean = g.node("ReduceMean", [value[0]], "float", (), keepdims=0)
    return g.node("Greater", [mean[0], g.constant(np.float32(g.random.uniform(-0.3, 0.3)))], "bool", ())


def body(g, depth, inputs, shape, count):
    """A graph that reads those around it, and whose results have that shape."""
    inner = Graph(g.random, g.values, f"{g.prefix}b{g.named}.{len(g.nodes)}.")
    for name, type, extents in inputs:
        inner.keep(name, type, extents)
    for _ in range(g.number(1, 3)):
        inner.grow(depth + 1)
    results = []
    for _ in range(count):
        found = inner.find(lambda t, s: s == shape)
        if found is None:
            found = (inner.floats(*shape), "float", shape)
        # A body's result is its own.
        results.append(inner.node("Tanh", [found[0]], "float", shape))
    g.read.update(inner.read)
    return inner, results


def branch(g, depth):
    flag, value = condition(g), g.find()
    if flag is None:
        return
    graphs = []
    for name in ("then", "else"):
        inner, results = body(g, depth, [], value[2], 1)
        graphs.append(helper.make_graph(
            inner.nodes, name, [], [helper.make_tensor_value_info(results[0][0], TensorProto.FLOAT, value[2])],
            inner.constants))
    g.node("If", [flag[0]], "float", value[2], then_branch=graphs[0], else_branch=graphs[1])


def loop(g, depth):
    value = g.find(lambda t, s: np.prod(s) < 500)
    if value is None:
        return
    name, _, shape = value
    turns, stem = g.number(1, 3), f"{g.prefix}l{len(g.nodes)}"
    inner, results = body(g, depth, [(stem + "c", "float", shape)], shape, 2)
    go = inner.constant(np.array(True))
    inner.nodes.append(helper.make_node("Identity", [go], [stem + "g"]))
    graph = helper.make_graph(
        inner.nodes, "loop",
        [helper.make_tensor_value_info(stem + "i", TensorProto.INT64, []),
         helper.make_tensor_value_info(stem + "b", TensorProto.BOOL, []),
         helper.make_tensor_value_info(stem + "c", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(stem + "g", TensorProto.BOOL, [])]
        + [helper.make_tensor_value_info(result[0], TensorProto.FLOAT, shape) for result in results], inner.constants)
    names = [g.name() + "a", g.name() + "b"]
    g.nodes.append(helper.make_node("Loop", [g.constant(np.array(turns)), "", name], names, body=graph))
    g.read.add(name)
    g.keep(names[0], "float", shape)
    g.keep(names[1], "float", (turns,) + shape)


def scan(g, depth):
    value = g.find(lambda t, s: len(s) > 1 and 0 < s[0] <= 6 and np.prod(s) < 500)
    if value is None:
        return
    name, _, shape = value
    stem, row = f"{g.prefix}s{len(g.nodes)}", shape[1:]
    inner, results = body(g, depth, [(stem + "c", "float", row), (stem + "x", "float", row)], row, 2)
    graph = helper.make_graph(
        inner.nodes, "scan",
        [helper.make_tensor_value_info(stem + part, TensorProto.FLOAT, row) for part in "cx"],
        [helper.make_tensor_value_info(result[0], TensorProto.FLOAT, row) for result in results], inner.constants)
    names = [g.name() + "a", g.name() + "b"]
    first = g.floats(*row)
    g.nodes.append(helper.make_node("Scan", [first, name], names, body=graph, num_scan_inputs=1))
    g.read.add(name)
    g.keep(names[0], "float", row)
    g.keep(names[1], "float", shape)


def model(random):
    g = Graph(random)
    for shape in [(2, 4, 6, 7), (3, 8), (1, 16, 5, 5), (2, 3, 10)][: int(random.integers(1, 5))]:
        g.input(shape)
    for _ in range(g.number(2, g.pick([6, 14, 30]))):
        g.grow(0)
    results = [v for v in g.own if (v[0] not in g.read or g.chance(0.1)) and v[0] not in {i[0] for i in g.inputs}]
    if not results:
        elementwise(g)
        results = g.own[-1:]
    symbols = g.chance(0.3)
    graph = helper.make_graph(
        g.nodes, "random",
        [helper.make_tensor_value_info(
            name, TensorProto.FLOAT, [f"{name}.{axis}" for axis in range(len(shape))] if symbols else shape)
         for name, shape in g.inputs],
        [helper.make_tensor_value_info(name, types[type], None) for name, type, _ in results], g.constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    feeds = {name: random.uniform(-1, 1, shape).astype(np.float32) for name, shape in g.inputs}
    return made, feeds


def write(place, made, feeds, answers):
    data = place / "test_data_set_0"
    data.mkdir(parents=True)
    (place / "model.onnx").write_bytes(made.SerializeToString())
    for kind, tensors in (("input", feeds.values()), ("output", answers)):
        for index, tensor in enumerate(tensors):
            (data / f"{kind}_{index}.pb").write_bytes(numpy_helper.from_array(np.asarray(tensor)).SerializeToString())


folder, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1
# What is compared with computes node by node.
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
written = 0
for number in range(count):
    made, feeds = model(np.random.default_rng([seed, number]))
    try:
        session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
        answers = session.run(None, feeds)
    except Exception as error:
        print(f"{number}: {str(error)[:200]}", file=sys.stderr)
        continue
    write(folder / f"graph_{seed}_{number}", made, feeds, answers)
    written += 1
print(written)
