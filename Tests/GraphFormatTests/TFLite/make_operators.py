"""Writes Fixtures: models of operators that networks seldom have, and what TensorFlow Lite's interpreter answers with its
built-in kernels. Run it with tensorflow (2.21) and safetensors: python3 make_operators.py"""

import os
import struct

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

from lite_files import Model

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Fixtures")
F, I, L, B = "float32", "int32", "int64", "bool"
RANDOM = np.random.default_rng(11)


def interpreter(data):
    return tf.lite.Interpreter(
        model_content=data, experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)


def write(name, model, *inputs, answers=None):
    """The model with the shapes that the interpreter finds, and its inputs and outputs by their tensors' names."""
    graph = model.graphs[0].table
    if answers is None:
        run = interpreter(model.bytes())
        run.allocate_tensors()
        for index, data in zip(graph.inputs, inputs):
            run.set_tensor(index, data)
        run.invoke()
        details = {detail["index"]: detail for detail in run.get_tensor_details()}
        for index, tensor in enumerate(graph.tensors):
            if len(tensor.shape) == 0 and index in details:
                tensor.shape = [int(extent) for extent in details[index]["shape"]]
        answers = [run.get_tensor(index) for index in graph.outputs]
    with open(f"{FOLDER}/{name}.tflite", "wb") as file:
        file.write(model.bytes())
    tensors = {graph.tensors[index].name: np.array(data, order="C") for index, data in zip(graph.inputs, inputs)}
    for index, data in zip(graph.outputs, answers):
        tensors[graph.tensors[index].name] = np.array(data, order="C")
    save_file(tensors, f"{FOLDER}/{name}.safetensors")
    print(name, len(model.bytes()), [str(answer.dtype) + str(answer.shape) for answer in answers])


def floats(*shape):
    return RANDOM.uniform(-2, 2, shape).astype(np.float32)


class Operators:
    """A model of operators that are each an output."""

    def __init__(self, name, *inputs, quantization=None):
        self.name, self.inputs, self.model = name, inputs, Model()
        self.graph = self.model.graph()
        self.values = [
            self.graph.input(data.dtype, data.shape, quantization if data.dtype in (np.int8, np.uint8, np.int16) else None)
            for data in inputs]

    def add(self, operator, inputs, *kinds, options=None, shown=None, **fields):
        inputs = [
            -1 if value is None else value if isinstance(value, int) and not isinstance(value, bool) else
            self.graph.constant(value) for value in inputs]
        outputs = self.graph.operator(
            operator, inputs, [kind if isinstance(kind, tuple) else (kind, []) for kind in kinds], options, **fields)
        listed = outputs if isinstance(outputs, list) else [outputs]
        for index in shown if shown is not None else range(len(listed)):
            self.graph.output(listed[index])
        return outputs

    def write(self):
        write(self.name, self.model, *self.inputs)


def c(value, kind=np.int32):
    return np.array(value, kind)


def arithmetic():
    special = np.array([0, 0.0, -0.0, -0.0, 1, -1, 1, -1, 0, 0, 3, -2, np.inf, -np.inf], np.float32)
    other = np.array([0, -0.0, 0.0, -0.0, 0, 0, -0.0, -1, 2, -2, 4, 5, np.inf, -np.inf], np.float32)
    x, y = np.concatenate([special, floats(10)]), np.concatenate([other, floats(10)])
    i = c([7, -7, 2147483647, -2147483648, 5, 0, -1, 12])
    j = c([2, 2, 3, 31, 0, 1, 7, 3])
    o = Operators("arithmetic", x, y, i, j)
    a, b, p, q = o.values
    o.add("ATAN2", [a, b], F)
    bits = o.add("BITCAST", [a], I, options="BitcastOptions")
    o.add("BITCAST", [bits], F, options="BitcastOptions")
    parts = o.add("BITCAST", [a], "uint8", options="BitcastOptions")
    o.add("BITCAST", [parts], I, options="BitcastOptions")
    o.add("BITCAST", [i.reshape(4, 2)], L, options="BitcastOptions")
    o.add("BITWISE_XOR", [p, q], I, options="BitwiseXorOptions")
    o.add("RIGHT_SHIFT", [p, q], I, options="RightShiftOptions")
    sign = o.add("SIGN", [a], F, options="SignOptions")
    o.add("RELU_0_TO_1", [a], F)
    o.add("GELU", [a], F, options="GeluOptions")
    o.add("GELU", [a], F, options="GeluOptions", approximate=True)
    o.add("FAKE_QUANT", [a], F, options="FakeQuantOptions", min=-1.0, max=1.5, numBits=4)
    o.add("FAKE_QUANT", [a], F, options="FakeQuantOptions", min=0.0, max=3.0, numBits=8)
    o.add("ZEROS_LIKE", [a], F, options="ZerosLikeOptions")
    o.add("ZEROS_LIKE", [p], I, options="ZerosLikeOptions")
    o.add("RANK", [a], I, options="RankOptions")
    o.add("SQUARED_DIFFERENCE", [p, q], I, options="SquaredDifferenceOptions")
    o.add("ADD_N", [sign, sign, sign], F, options="AddNOptions")
    o.add("FLOOR_MOD", [p, c([3, -3, 2, 7, 5, -5, 4, 12])], I, options="FloorModOptions")
    o.add("FLOOR_DIV", [p, c([3, -3, 2, 7, 5, -5, 4, 12])], I, options="FloorDivOptions")
    o.add("BUCKETIZE", [a], I, options="BucketizeOptions", boundaries=[-1.0, 0.0, 0.5, 2.0])
    o.add("BUCKETIZE", [p], I, options="BucketizeOptions", boundaries=[-7.0, 0.0, 7.0])
    o.write()


def indexing():
    x, i = floats(2, 3, 4), c([[1, 0], [2, 1]])
    table, keys = floats(5, 3), c([4, 0, 2])
    o = Operators("indexing", x, i, table, keys)
    a, p, t, k = o.values
    o.add("GATHER", [a, p], F, options="GatherOptions", axis=1, batchDims=1)
    o.add("GATHER", [a, p], F, options="GatherOptions", axis=2, batchDims=1)
    o.add("GATHER", [a, p], F, options="GatherOptions", axis=-1, batchDims=0)
    o.add("EMBEDDING_LOOKUP", [k, t], F)
    o.add("SCATTER_ND", [c([[1], [4], [1]]), table[:3], c([6, 3])], F, options="ScatterNdOptions")
    o.add("SCATTER_ND", [c([[0, 2], [1, 1]]), p, c([2, 3, 2])], I, options="ScatterNdOptions")
    o.add("SPARSE_TO_DENSE", [c([1, 3]), c([5]), c([7, 8]), c(-1)], I, options="SparseToDenseOptions")
    o.add("SPARSE_TO_DENSE", [c([[0, 1], [2, 0]]), c([3, 2]), c([2.5, 1.5], np.float32), c(0, np.float32)], F, options="SparseToDenseOptions")
    for axis in [-1, 0, 1]:
        o.add("ONE_HOT", [p, c(3), c(2.0, np.float32), c(-1.0, np.float32)], F, options="OneHotOptions", axis=axis)
    o.add("ONE_HOT", [c([-1, 0, 5, 2], np.int64), c(4), c(1), c(0)], I, options="OneHotOptions", axis=-1)
    o.add("REVERSE_SEQUENCE", [a, c([2, 3])], F, options="ReverseSequenceOptions", seqDim=1, batchDim=0)
    o.add("REVERSE_SEQUENCE", [a, c([2, 3, 1])], F, options="ReverseSequenceOptions", seqDim=2, batchDim=1)
    o.add("SEGMENT_SUM", [t, c([0, 0, 1, 2, 2])], F, options="SegmentSumOptions")
    numbers = c([2, -1, 0, 2, 0])
    for operator, options in [("SUM", "Sum"), ("PROD", "Prod"), ("MAX", "Max"), ("MIN", "Min")]:
        o.add(f"UNSORTED_SEGMENT_{operator}", [t, numbers, c(4)], F, options=f"UnsortedSegment{options}Options")
    o.add("UNSORTED_SEGMENT_MAX", [k, c([1, 1, 0]), c(3)], I, options="UnsortedSegmentMaxOptions")
    o.add("MATRIX_DIAG", [a], F, options="MatrixDiagOptions")
    o.add("MATRIX_SET_DIAG", [a, floats(2, 3)], F, options="MatrixSetDiagOptions")
    o.add("MATRIX_SET_DIAG", [t, floats(3)], F, options="MatrixSetDiagOptions")
    o.add("DYNAMIC_UPDATE_SLICE", [t, floats(2, 2), c([1, 1])], F)
    o.add("DYNAMIC_UPDATE_SLICE", [t, floats(2, 3), c([4, 0])], F)
    o.add("DYNAMIC_UPDATE_SLICE", [a, floats(2, 1, 4), k], F)
    o.add("SELECT", [c([True, False], bool), a, floats(2, 3, 4)], F, options="SelectOptions")
    o.add("BROADCAST_ARGS", [c([2, 1, 4]), c([3, 1])], I)
    o.add("TOPK_V2", [a, c(2)], F, I, options="TopKV2Options")
    o.write()


def found():
    """Operators whose results' extents depend on the data."""
    x, i = floats(3, 4), c([3, 1, 3, 2, 1])
    o = Operators("found", x, i)
    a, p = o.values
    greater = o.add("GREATER", [a, c(0, np.float32)], B, options="GreaterOptions", shown=[])
    o.add("WHERE", [greater], (L, [1, 2]), options="WhereOptions")
    o.add("UNIQUE", [p], (I, [1]), I, options="UniqueOptions")
    o.add("UNIQUE", [p], (I, [1]), L, options="UniqueOptions", idxOutType=4)
    for tensor in o.graph.table.tensors:
        if tensor.shape in ([1, 2], [1]) and not tensor.buffer:
            tensor.shapeSignature = [-1] + list(tensor.shape[1:])
    o.write()


def boxes():
    corner = RANDOM.uniform(0, 1, (12, 2))
    boxes = np.concatenate([corner, corner + RANDOM.uniform(0.3, 0.8, (12, 2))], 1).astype(np.float32)
    scores = RANDOM.uniform(0, 1, 12).astype(np.float32)
    o = Operators("boxes", boxes, scores)
    limits = [c(5), c(0.3, np.float32), c(0.2, np.float32)]
    o.add("NON_MAX_SUPPRESSION_V4", [*o.values, *limits], I, I, options="NonMaxSuppressionV4Options")
    o.add("NON_MAX_SUPPRESSION_V4", [*o.values, c(12), *limits[1:]], I, I, options="NonMaxSuppressionV4Options")
    o.add("NON_MAX_SUPPRESSION_V5", [*o.values, c(12), *limits[1:], c(0, np.float32)], I, F, I, options="NonMaxSuppressionV5Options")
    o.write()


def layouts(name, data, kind):
    """Operators that move elements, for real and for quantized ones."""
    image, row = data
    quantization = None if kind == F else (0.03, 5 if kind != "int16" else 0)
    o = Operators(name, image, row, quantization=quantization)
    a, r = o.values
    same = (kind, [], quantization) if quantization else kind

    def filling(value):
        return o.graph.constant(np.array(value, kind), None, quantization)

    o.add("SPACE_TO_BATCH_ND", [r, c([2]), c([[1, 2]])], same, options="SpaceToBatchNDOptions")
    o.add("SPACE_TO_BATCH_ND", [a, c([2, 3]), c([[1, 1], [0, 0]])], same, options="SpaceToBatchNDOptions")
    o.add("BATCH_TO_SPACE_ND", [r, c([2]), c([[1, 0]])], same, options="BatchToSpaceNDOptions")
    o.add("BATCH_TO_SPACE_ND", [a, c([1, 2]), c([[0, 1], [2, 0]])], same, options="BatchToSpaceNDOptions")
    o.add("MIRROR_PAD", [r, c([[0, 1], [3, 2], [2, 0]])], same, options="MirrorPadOptions", mode=1)
    o.add("MIRROR_PAD", [r, c([[1, 0], [2, 2], [0, 1]])], same, options="MirrorPadOptions", mode=0)
    o.add("STRIDED_SLICE", [a, c([1, 0, 1]), c([2, 0, 3]), c([1, 1, 1])], same, options="StridedSliceOptions",
          ellipsisMask=2, shrinkAxisMask=1)
    o.add("STRIDED_SLICE", [r, c([0, 0, -1]), c([0, 1, -4]), c([1, 1, -2])], same, options="StridedSliceOptions",
          newAxisMask=1, beginMask=2)
    if kind in (F, "int8"):
        o.add("DILATE", [row.ravel()[:6].reshape(2, 3) if kind == F else a, c([2, 3] if kind == F else [1, 2, 1, 3]),
                         filling(0.5 if kind == F else 7)], same, options="DilateOptions")
        o.add("DYNAMIC_UPDATE_SLICE", [r, filling(row[:, :2] * 0 + 1), c([0, 1, 0])], same)
    o.write()


def volumes():
    x = floats(1, 4, 5, 4, 2)
    o = Operators("volumes", x)
    a, = o.values
    fields = dict(strideD=1, strideH=1, strideW=1, dilationDFactor=1, dilationHFactor=1, dilationWFactor=1)
    o.add("CONV_3D", [a, floats(2, 3, 2, 2, 3), floats(3)], F, options="Conv3DOptions", padding=0, **fields)
    o.add("CONV_3D", [a, floats(2, 2, 2, 2, 3), None], F, options="Conv3DOptions", padding=1, **{**fields, "strideH": 2, "dilationWFactor": 2})
    o.add("CONV_3D_TRANSPOSE", [c([1, 8, 10, 4, 3]), floats(2, 3, 2, 3, 2), a, floats(3)], F, options="Conv3DOptions",
          padding=0, **{**fields, "strideD": 2, "strideH": 2})
    image = floats(1, 5, 6, 3)
    o.inputs += (image,)
    b = o.graph.input(F, image.shape)
    o.add("L2_POOL_2D", [b], F, options="Pool2DOptions", padding=0, strideW=2, strideH=1, filterWidth=2, filterHeight=3)
    o.write()


def reducers():
    x = floats(2, 3, 4)
    o = Operators("reducers", x)
    a, = o.values
    greater = o.add("GREATER", [a, c(0.3, np.float32)], B, options="GreaterOptions", shown=[])
    for operator in ["REDUCE_ANY", "REDUCE_ALL"]:
        o.add(operator, [greater, c([1])], B, options="ReducerOptions")
        o.add(operator, [greater, c([0, 2])], B, options="ReducerOptions", keepDims=True)
    for operator in ["MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN"]:
        o.add(operator, [a, c([-1, 0])], F, options="ReducerOptions")
    o.add("CUMSUM", [a, c(1)], F, options="CumsumOptions", exclusive=True, reverse=True)
    o.write()


def computed():
    """Places and sizes that come with the data."""
    x, begin, size, paddings = floats(3, 5, 4), c([1, 0, 2]), c([2, -1, 1]), c([[0, 1], [2, 0], [1, 1]])
    start = c(-1)
    o = Operators("computed", x, begin, size, paddings, start)
    a, b, s, p, k = o.values
    for tensor in [o.add("SLICE", [a, b, s], (F, [1, 1, 1]), options="SliceOptions"),
                   o.add("PAD", [a, p], (F, [1, 1, 1]), options="PadOptions"),
                   o.add("STRIDED_SLICE", [a, b, c([3, 0, 3]), c([1, 2, 1])], (F, [1, 1, 1]), options="StridedSliceOptions", endMask=2)]:
        o.graph.table.tensors[tensor].shapeSignature = [-1, -1, -1]
    one = o.add("PACK", [k], I, options="PackOptions", valuesCount=1, shown=[])
    o.add("STRIDED_SLICE", [a, one, c([0]), c([1])], F, options="StridedSliceOptions", shrinkAxisMask=1)
    o.write()


def quantized():
    """Operators that compute, with eight-bit numbers in and out."""
    x = RANDOM.integers(-128, 128, (2, 3, 4)).astype(np.int8)
    image = RANDOM.integers(-128, 128, (1, 4, 6, 4)).astype(np.int8)
    q = (0.05, 3)
    o = Operators("quantized", x, image, quantization=q)
    a, b = o.values
    same = ("int8", [], q)
    o.add("REDUCE_MAX", [a, c([1])], same, options="ReducerOptions", version=2)
    o.add("SUM", [a, c([2])], ("int8", [], (0.1, -4)), options="ReducerOptions", version=2)
    o.add("SQUARED_DIFFERENCE", [a, a], ("int8", [], (0.1, 0)), options="SquaredDifferenceOptions", version=2)
    o.add("GATHER", [a, c([[1, 0], [2, 1]])], same, options="GatherOptions", axis=1, batchDims=1, version=2)
    o.add("GELU", [a], ("int8", [], (0.05, -100)), options="GeluOptions", version=2)
    o.add("ARG_MAX", [a, c(2)], L, options="ArgMaxOptions", outputType=4, version=2)
    o.add("TOPK_V2", [a, c(2)], same, I, options="TopKV2Options", version=2)
    o.add("SPACE_TO_DEPTH", [b], same, options="SpaceToDepthOptions", blockSize=2)
    o.add("REVERSE_V2", [a, c([1])], same, options="ReverseV2Options", version=3)
    o.add("BROADCAST_TO", [a, c([2, 2, 3, 4])], same, options="BroadcastToOptions", version=3)
    o.add("PACK", [a, a], same, options="PackOptions", valuesCount=2, axis=1, version=2)
    o.add("SELECT_V2", [c([True, False, True, False], bool), a, a], same, options="SelectV2Options")
    o.write()


def recurrences():
    """Recurrences, whose state is kept from run to run; and what the second run gives, after the first one."""
    time, batch, width, hidden = 5, 2, 3, 4
    x = floats(batch, time, width)
    o = Operators("recurrences", x)
    a, = o.values

    def weights(*shape):
        return (RANDOM.normal(size=shape) * 0.7).astype(np.float32)

    def state(*shape):
        return o.graph.tensor(F, shape, None, None, f"state{len(o.graph.table.tensors)}", variable=True)

    def gates(first, shape):
        return [None if first else weights(*shape)] + [weights(*shape) for _ in range(3)]

    for isCoupled in [False, True]:
        peepholes = [None, weights(hidden), weights(hidden)] if isCoupled else [None] * 3
        inputs = [a, *gates(isCoupled, (hidden, width)), *gates(isCoupled, (hidden, hidden)), *peepholes,
                  *gates(isCoupled, (hidden,)), None, None, state(batch, hidden), state(batch, hidden)]
        o.add("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs + [None] * 4, F, options="UnidirectionalSequenceLSTMOptions",
              fusedActivationFunction=4, cellClip=10.0, timeMajor=False)
    o.add("UNIDIRECTIONAL_SEQUENCE_RNN", [a, weights(hidden, width), weights(hidden, hidden), weights(hidden), state(batch, hidden)],
          F, options="SequenceRNNOptions", fusedActivationFunction=4)
    step = o.add("STRIDED_SLICE", [a, c([0, 2, 0]), c([0, 3, 0]), c([1, 1, 1])], F, options="StridedSliceOptions", beginMask=5,
                 endMask=5, shrinkAxisMask=2, shown=[])
    o.add("RNN", [step, weights(hidden, width), weights(hidden, hidden), weights(hidden), state(batch, hidden)], F,
          options="RNNOptions", fusedActivationFunction=1)
    o.add("SVDF", [step, weights(6, width), weights(6, 4), weights(3), state(batch, 24)], F, options="SVDFOptions", rank=2,
          fusedActivationFunction=1)
    o.write()
    keep(o)


def keep(o, runs=3):
    """What the interpreter answers when it is asked again and again."""
    run = interpreter(o.model.bytes())
    run.allocate_tensors()
    tensors = {}
    for number in range(runs):
        for index, data in zip(o.graph.table.inputs, o.inputs):
            run.set_tensor(index, data)
        run.invoke()
        for index in o.graph.table.outputs:
            tensors[f"{o.graph.table.tensors[index].name}/{number}"] = np.array(run.get_tensor(index))
    save_file(tensors, f"{FOLDER}/{o.name}-runs.safetensors")


def variables():
    """Resource variables: one that is updated, quantized and not, and one that is a constant."""
    x = floats(1, 3)
    o = Operators("variables", x)
    a, = o.values
    q = (0.05, 3)
    beginning = o.model.graph("beginning")

    def variable(name, graph):
        return graph.operator("VAR_HANDLE", [], [("RESOURCE", [])], "VarHandleOptions", sharedName=name, container="")

    starts = {"sum": floats(1, 3), "line": RANDOM.integers(-128, 128, (1, 3)).astype(np.int8), "factor": floats(3)}
    for name, start in starts.items():
        data = beginning.constant(start, None, q if start.dtype == np.int8 else None)
        beginning.operator("ASSIGN_VARIABLE", [variable(name, beginning), data], [])
    o.graph.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=beginning.index)
    handles = {name: variable(name, o.graph) for name in starts}
    factor = o.graph.operator("READ_VARIABLE", [handles["factor"]], [(F, [3])])
    kept = o.graph.operator("READ_VARIABLE", [handles["sum"]], [(F, [1, 3])])
    product = o.graph.operator("MUL", [a, factor], [(F, [1, 3])], "MulOptions")
    total = o.add("ADD", [product, kept], (F, [1, 3]), options="AddOptions")
    o.graph.operator("ASSIGN_VARIABLE", [handles["sum"], total], [])
    again = o.graph.operator("READ_VARIABLE", [handles["sum"]], [(F, [1, 3])])
    o.add("NEG", [again], F, options="NegOptions")
    line = o.graph.operator("READ_VARIABLE", [handles["line"]], [("int8", [1, 3], q)])
    newest = o.graph.operator("QUANTIZE", [a], [("int8", [1, 3], q)], "QuantizeOptions")
    joined = o.graph.operator("CONCATENATION", [line, newest], [("int8", [1, 6], q)], "ConcatenationOptions", axis=1, version=2)
    o.graph.output(joined)
    last = o.graph.operator("SLICE", [joined, o.graph.constant(c([0, 2])), o.graph.constant(c([1, 3]))], [("int8", [1, 3], q)], "SliceOptions", version=2)
    o.graph.operator("ASSIGN_VARIABLE", [handles["line"], last], [])
    o.write()
    keep(o)


def choices():
    """One graph or another: by a constant, by the data, and one within the other."""
    x = floats(4)
    o = Operators("choices", x)
    a, = o.values

    def branch(operator, options, value):
        graph = o.model.graph(operator + str(value))
        argument = graph.input(F, [4])
        graph.output(graph.operator(operator, [argument, graph.constant(c(value, np.float32))], [(F, [4])], options))
        return graph.index

    double, less = branch("MUL", "MulOptions", 2.0), branch("SUB", "SubOptions", 1.0)
    for truth in [True, False]:
        o.add("IF", [c(truth, bool), a], (F, [4]), options="IfOptions", thenSubgraphIndex=double, elseSubgraphIndex=less)
    sum = o.graph.operator("SUM", [a, o.graph.constant(c([0]))], [(F, [])], "ReducerOptions")
    for limit in [-100.0, 100.0]:
        greater = o.graph.operator("GREATER", [sum, o.graph.constant(c(limit, np.float32))], [(B, [])], "GreaterOptions")
        o.add("IF", [greater, a], (F, [4]), options="IfOptions", thenSubgraphIndex=double, elseSubgraphIndex=less)
    o.write()


def tables():
    """A table of whole numbers' names and one of names' numbers; the interpreter gives the strings' numbers."""
    queries = np.array([4, 9, 1], np.int64)
    o = Operators("tables", queries)
    a, = o.values
    filling = o.model.graph("filling")
    words, numbers = ["one", "four", "seven"], c([1, 4, 7], np.int64)

    def handle(graph, number):
        key, value = (4, 5) if number == 1 else (5, 4)
        return graph.operator("HASHTABLE", [], [("RESOURCE", [1])], "HashtableOptions", tableId=number, keyDtype=key, valueDtype=value)

    filling.operator("HASHTABLE_IMPORT", [handle(filling, 1), filling.constant(numbers), filling.constant(words)], [], "HashtableImportOptions")
    filling.operator("HASHTABLE_IMPORT", [handle(filling, 2), filling.constant(words), filling.constant(numbers)], [], "HashtableImportOptions")
    o.graph.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=filling.index)
    named = o.graph.operator("HASHTABLE_FIND", [handle(o.graph, 1), a, o.graph.constant(["seven"])], [("object", [3])], "HashtableFindOptions")
    o.add("HASHTABLE_FIND", [handle(o.graph, 2), named, c([-1], np.int64)], (L, [3]), options="HashtableFindOptions")
    o.add("HASHTABLE_SIZE", [handle(o.graph, 1)], (L, [1]), options="HashtableSizeOptions")
    o.write()


def media_pipe():
    """MediaPipe's operators, which the interpreter does not have: the answers are written out here."""
    model = Model()
    graph = model.graph()
    x = floats(1, 4, 6, 2)
    a = graph.input(F, x.shape)
    weights, bias = floats(3, 3, 2, 2), floats(3)
    shape = (1, 8, 12, 3)
    graph.output(graph.operator(
        "Convolution2DTransposeBias", [a, graph.constant(weights), graph.constant(bias)], [(F, shape)],
        custom=struct.pack("<3i", 1, 2, 2)))
    places = ["MaxPoolingWithArgmax2D", [a], [(F, (1, 2, 3, 2)), (F, (1, 2, 3, 2))]]
    pooling = struct.pack("<6i", 1, 2, 2, 2, 2, 0)
    pooled, indices = graph.operator(*places, custom=pooling)
    graph.output(pooled)
    graph.output(graph.operator("MaxUnpooling2D", [pooled, indices], [(F, x.shape)], custom=pooling))
    spread = np.zeros((1, 10, 14, 3), np.float32) + bias
    for row in range(4):
        for column in range(6):
            for dy in range(3):
                for dx in range(2):
                    spread[0, 2 * row + dy, 2 * column + dx] += weights[:, dy, dx] @ x[0, row, column]
    greatest = x.reshape(1, 2, 2, 3, 2, 2).max((2, 4))
    unpooled = np.where(x == greatest.repeat(2, 1).repeat(2, 2), x, 0)
    write("media-pipe", model, x, answers=[spread[:, :8, :12], greatest, unpooled])


def hlo():
    """StableHLO's operators that the interpreter has."""
    x, y = floats(2, 3), floats(2, 3)
    o = Operators("hlo", x, y)
    a, b = o.values
    for operator in ["ADD", "MULTIPLY", "MAXIMUM", "MINIMUM"]:
        o.add(f"STABLEHLO_{operator}", [a, b], F)
    body = o.model.graph("composite")
    arguments = [body.input(F, [2, 3]), body.input(F, [2, 3])]
    body.output(body.operator("SUB", arguments, [(F, [2, 3])], "SubOptions"))
    o.add("STABLEHLO_COMPOSITE", [a, b], (F, [2, 3]), options="StableHLOCompositeOptions", decompositionSubgraphIndex=body.index)
    o.add("STABLEHLO_PAD", [a, c(0.5, np.float32)], F, options="StablehloPadOptions", edgePaddingLow=[1, 0], edgePaddingHigh=[2, -1],
          interiorPadding=[1, 0])
    o.write()


def endless():
    """Small files that call without end: a graph itself, a loop whose condition stays true, and each graph the next one twice."""
    for name in ["call", "loop", "choice"]:
        model = Model()
        graphs = [model.graph(f"graph{number}") for number in range(30 if name == "choice" else 3)]
        for number, graph in enumerate(graphs):
            a = graph.input(F, [2])
            if name == "call":
                graph.output(graph.operator("CALL", [a], [(F, [2])], "CallOptions", subgraph=number))
            elif name == "loop" and number == 0:
                graph.output(graph.operator("WHILE", [a], [(F, [2])], "WhileOptions", condSubgraphIndex=1, bodySubgraphIndex=2))
            elif name == "loop":
                graph.output(graph.constant(c(True, bool)) if number == 1 else a)
            elif number < 29:
                condition = graph.operator("LESS", [graph.constant(c(0, np.float32)), a], [(B, [2])], "LessOptions")
                graph.output(graph.operator(
                    "IF", [condition, a], [(F, [2])], "IfOptions", thenSubgraphIndex=number + 1, elseSubgraphIndex=number + 1))
            else:
                graph.output(graph.operator("NEG", [a], [(F, [2])], "NegOptions"))
        with open(f"{FOLDER}/endless-{name}.tflite", "wb") as file:
            file.write(model.bytes())


if __name__ == "__main__":
    import sys
    every = dict(arithmetic=arithmetic, indexing=indexing, found=found, boxes=boxes, volumes=volumes, reducers=reducers,
                 computed=computed, quantized=quantized, recurrences=recurrences, variables=variables, choices=choices,
                 tables=tables, media_pipe=media_pipe, hlo=hlo, endless=endless)
    every["layouts"] = lambda: layouts("layouts", (floats(2, 4, 6, 3), floats(2, 5, 3)), F)
    every["layouts-int8"] = lambda: layouts(
        "layouts-int8", tuple(RANDOM.integers(-128, 128, shape).astype(np.int8) for shape in [(2, 4, 6, 3), (2, 5, 3)]), "int8")
    for name in sys.argv[1:] or every:
        RANDOM = np.random.default_rng(sum(name.encode()))
        every[name]()
