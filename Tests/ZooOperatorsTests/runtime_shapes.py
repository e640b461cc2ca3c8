"""Prints what shapes ONNX Runtime gives the outputs of random nodes, one JSON object a line.

Each has the operator, its version, attributes, inputs (shapes, and the numbers of those which say shapes) and outputs; and
whether a window is larger than its axis.
"""

import json
import random

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(4)
OPSET = 22
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL


def check(operator, inputs, attributes, outputs=1, exceeds=False, opset=OPSET):
    """Runs one node. An input is a shape, or an array that the shapes of outputs depend on."""
    arrays = [
        None if value is None else value if isinstance(value, np.ndarray) else np.zeros(value, np.float32)
        for value in inputs
    ]
    names = ["" if array is None else f"x{index}" for index, array in enumerate(arrays)]
    results = [f"y{index}" for index in range(outputs)]
    # Those that say shapes are constants.
    constants = {name for name, value in zip(names, inputs) if isinstance(value, np.ndarray)}
    graph = helper.make_graph(
        [helper.make_node(operator, names, results, **attributes)],
        "node",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in zip(names, arrays)
            if name and name not in constants
        ],
        [helper.make_empty_tensor_value_info(name) for name in results],
        [numpy_helper.from_array(array, name) for name, array in zip(names, arrays) if name in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        feeds = {name: array for name, array in zip(names, arrays) if name and name not in constants}
        shapes = [list(value.shape) for value in session.run(None, feeds)]
    except Exception:
        return
    print(
        json.dumps(
            {
                "operator": operator,
                "opset": opset,
                "attributes": attributes,
                "inputs": [
                    None
                    if array is None
                    else {
                        "type": helper.np_dtype_to_tensor_dtype(array.dtype),
                        "shape": list(array.shape),
                        "numbers": array.flatten().tolist() if name in constants else None,
                    }
                    for name, array in zip(names, arrays)
                ],
                "outputs": shapes,
                "exceeds": exceeds,
            }
        )
    )


def pick(*values):
    return random.choice(values)


def window(axes, pooled=False):
    """Attributes of a window, and its extents."""
    kernel = [random.randint(1, 4) for _ in range(axes)]
    attributes = {"kernel_shape": kernel}
    if pick(0, 1):
        attributes["strides"] = [random.randint(1, 4) for _ in range(axes)]
    if pick(0, 0, 1):
        attributes["dilations"] = [random.randint(1, 3) for _ in range(axes)]
    match pick("", "pads", "pads", "VALID", "SAME_UPPER", "SAME_LOWER"):
        case "pads":
            attributes["pads"] = [random.randint(0, extent - 1 if pooled else 3) for extent in kernel * 2]
        case "":
            pass
        case name:
            attributes["auto_pad"] = name
    return attributes, kernel


def exceeds(attributes, extents):
    """Whether the window is larger than the padded input."""
    axes = len(extents)
    pads = attributes.get("pads", [0] * 2 * axes)
    return any(
        extents[axis] + pads[axis] + pads[axes + axis]
        < (attributes["kernel_shape"][axis] - 1) * attributes.get("dilations", [1] * axes)[axis] + 1
        for axis in range(axes)
    )


def convolutions():
    axes = pick(1, 2, 2, 3)
    extents = [random.randint(1, 9) for _ in range(axes)]
    attributes, kernel = window(axes)
    groups, inner, outer = pick(1, 1, 2, 3), random.randint(1, 3), random.randint(1, 3)
    if groups > 1:
        attributes["group"] = groups
    x = [pick(1, 2), groups * inner, *extents]
    bias = [[groups * outer]] if pick(0, 1) else []
    check("Conv", [x, [groups * outer, inner, *kernel], *bias], attributes)
    if "SAME" in attributes.get("auto_pad", "") and any(
        stride > extent for stride, extent in zip(attributes.get("strides", []), kernel)
    ):
        # The specification's output has a stride for each position, ONNX Runtime's ends with the last kernel.
        return
    if pick(0, 1):
        attributes["output_padding"] = [random.randint(0, 1) for _ in range(axes)]
    if pick(0, 0, 0, 1):
        attributes["output_shape"] = [random.randint(2, 12) for _ in range(axes)]
    check("ConvTranspose", [x, [groups * inner, outer, *kernel], *bias], attributes)


def pools():
    axes = pick(1, 2, 2, 3)
    extents = [random.randint(1, 9) for _ in range(axes)]
    attributes, _ = window(axes, pooled=True)
    if pick(0, 1):
        attributes["ceil_mode"] = 1
    if "SAME" in attributes.get("auto_pad", ""):
        # ONNX Runtime's padding leaves dilations out.
        attributes.pop("dilations", None)
    x = [pick(1, 2), pick(1, 3), *extents]
    for operator, outputs in [("MaxPool", 2), ("AveragePool", 1), ("LpPool", 1)]:
        check(operator, [x], attributes, outputs, exceeds(attributes, extents))


def some_shape(least=0, most=4):
    return [random.randint(1, 4) for _ in range(random.randint(least, most))]


def products():
    depth, stack = random.randint(1, 4), some_shape(0, 2)
    left = pick([], [random.randint(1, 4)], [*stack, random.randint(1, 4)], [1] * len(stack) + [2])
    right = pick([], [random.randint(1, 4)], [*stack, random.randint(1, 4)], [*stack[1:], 3])
    b = [*right[:-1], depth, *right[-1:]]
    check("MatMul", [[*left, depth], b], {})
    rows, columns = random.randint(1, 4), random.randint(1, 4)
    attributes = {"transA": pick(0, 1), "transB": pick(0, 1)}
    a = [depth, rows] if attributes["transA"] else [rows, depth]
    b = [columns, depth] if attributes["transB"] else [depth, columns]
    c = pick([], [1], [columns], [rows, 1], [1, columns], [rows, columns], None)
    check("Gemm", [a, b] if c is None else [a, b, c], attributes)
    equation = pick("bij,jk->bik", "...j,jk", "b...j, jk -> k...b", "aij,jk")
    check("Einsum", [[2, 3, depth], [depth, 4]], {"equation": equation})
    check("Einsum", [[*stack, 3, 3]], {"equation": pick("...ii->...i", "...ii", "...ij->...ji", "...ij->")})
    check("Einsum", [[*stack, 3], [1] * len(stack) + [3]], {"equation": pick("...i,...i->...", "...i,...j->ij...")})
    check("Det", [[*stack, 3, 3]], {})


def reductions():
    shape = some_shape()
    count = random.randint(0, len(shape))
    axes = [axis - pick(0, len(shape)) for axis in random.sample(range(len(shape)), count)]
    keep = {"keepdims": pick(0, 1)}
    for operator in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSumExp", "SumSquare"):
        attributes = keep | pick({}, {"noop_with_empty_axes": 1})
        check("Reduce" + operator, pick([shape], [shape, np.array(axes, np.int64)]), attributes, opset=18)
        check("Reduce" + operator, [shape], keep | ({"axes": axes} if axes else {}), opset=11)
    if shape:
        axis = random.randint(-len(shape), len(shape) - 1)
        for operator in ("ArgMax", "ArgMin"):
            check(operator, [shape], keep | {"axis": axis})
        check("CumSum", [shape, np.array(axis)], {})
        for operator in ("Softmax", "LogSoftmax", "Hardmax"):
            check(operator, [shape], {"axis": axis}, opset=pick(11, 13))
    samples, classes = random.randint(1, 3), random.randint(1, 3)
    targets = [samples, *some_shape(0, 2)]
    scores = [samples, classes, *targets[1:]]
    reduction = {"reduction": pick("none", "sum", "mean")}
    labels = np.zeros(targets, np.int64)
    weights = pick([], [[classes]])
    check("NegativeLogLikelihoodLoss", [scores, labels, *weights], reduction, opset=13)
    check("SoftmaxCrossEntropyLoss", [scores, labels, *weights], reduction, pick(1, 2), opset=13)


def recurrences():
    direction = pick("forward", "reverse", "bidirectional")
    directions = 2 if direction == "bidirectional" else 1
    steps, batch, inputs, hidden = [random.randint(1, 4) for _ in range(4)]
    for operator, gates, outputs in [("LSTM", 4, 3), ("GRU", 3, 2), ("RNN", 1, 2)]:
        operands = [[steps, batch, inputs], [directions, gates * hidden, inputs], [directions, gates * hidden, hidden]]
        rest = [[directions, 2 * gates * hidden], np.full(batch, steps, np.int32), [directions, batch, hidden]]
        attributes = {"hidden_size": hidden, "direction": direction}
        check(operator, operands + rest[: random.randint(0, 3)], attributes, outputs, opset=pick(7, 14))


def attentions():
    batch, queries, keys, heads, groups = [random.randint(1, 3) for _ in range(5)]
    size, values, past = [random.randint(1, 3) for _ in range(3)]
    shared = {"is_causal": pick(0, 1)}
    flat = [[batch, queries, heads * groups * size], [batch, keys, heads * size], [batch, keys, heads * values]]
    deep = [[batch, heads * groups, queries, size], [batch, heads, keys, size], [batch, heads, keys, values]]
    counts = {"q_num_heads": heads * groups, "kv_num_heads": heads}
    for operands, attributes in ((flat, counts), (deep, {})):
        total = keys
        mask = None
        if pick(0, 1):
            operands = operands + [mask, [batch, heads, past, size], [batch, heads, past, values]]
            total += past
            if pick(0, 1):
                operands[3] = [queries, total]
        elif pick(0, 1):
            operands = operands + [pick([queries, total], [batch, 1, queries, total])]
        check("Attention", operands, shared | attributes, pick(1, 3) if len(operands) < 6 else 3, opset=23)
    tables = [[batch, queries, size]] * 2
    check("RotaryEmbedding", [[batch, heads, queries, 2 * size], *tables], {}, opset=23)
    check("RotaryEmbedding", [[batch, queries, heads * 2 * size], *tables], {"num_heads": heads}, opset=23)


def quantizations():
    shape = some_shape(1, 4)
    axis = random.randint(-len(shape), len(shape) - 1)
    scale = pick([np.array(1, np.float32)], [np.ones(shape[axis], np.float32)])
    zero = pick([], [np.zeros(scale[0].shape, np.uint8)])
    check("QuantizeLinear", [shape, *scale, *zero], {"axis": axis})
    check("DequantizeLinear", [np.zeros(shape, np.uint8), *scale, *zero], {"axis": axis})
    check("DynamicQuantizeLinear", [shape], {}, 3)


def unpooling():
    attributes = {"kernel_shape": [2, pick(1, 3)], "strides": [pick(1, 2), 2]}
    if pick(0, 1):
        attributes["pads"] = [pick(0, 1), 0, pick(0, 1), pick(0, 1)]
    shape = [1, 2, random.randint(1, 4), random.randint(1, 4)]
    places = np.zeros(shape, np.int64)
    check("MaxUnpool", [shape, places], attributes)
    check("MaxUnpool", [shape, places, np.array([1, 2, 20, 20])], attributes)


def columns():
    image, block = [random.randint(5, 9) for _ in range(2)], [random.randint(1, 3) for _ in range(2)]
    strides, dilations = [pick(1, 2) for _ in range(2)], [1, pick(1, 2)]
    pads = [pick(0, 1) for _ in range(4)]
    places = [
        (image[axis] + pads[axis] + pads[2 + axis] - (block[axis] - 1) * dilations[axis] - 1) // strides[axis] + 1
        for axis in range(2)
    ]
    check(
        "Col2Im",
        [[2, 3 * block[0] * block[1], places[0] * places[1]], np.array(image), np.array(block)],
        {"strides": strides, "dilations": dilations, "pads": pads},
    )


def resizes():
    rank = random.randint(1, 4)
    shape = [random.randint(1, 7) for _ in range(rank)]
    axes = sorted(random.sample(range(rank), random.randint(1, rank))) if pick(0, 1) else list(range(rank))
    attributes = {} if len(axes) == rank else {"axes": axes}
    nothing = np.zeros([0], np.float32)
    scales = np.array([pick(0.3, 0.5, 0.6, 1, 1.5, 2, 2.7, 3) for _ in axes], np.float32)
    check("Resize", [shape, pick(None, nothing), scales], attributes)
    attributes["keep_aspect_ratio_policy"] = pick("stretch", "stretch", "not_larger", "not_smaller")
    sizes = np.array([random.randint(1, 9) for _ in axes])
    check("Resize", [shape, None, pick(None, nothing), sizes], attributes)
    # With scales, ONNX Runtime does not multiply by the region's size, as the specification has it.
    region = np.array([0.2] * rank + [0.7] * rank, np.float32)
    all_sizes = np.array([random.randint(1, 9) for _ in shape])
    crop = {"coordinate_transformation_mode": "tf_crop_and_resize", "mode": "linear"}
    check("Resize", [shape, region, None, all_sizes], crop)
    all_scales = np.array([pick(0.5, 1.5, 3) for _ in shape], np.float32)
    check("Resize", [shape, all_scales], {}, opset=10)
    check("Upsample", [shape, np.ceil(all_scales)], {}, opset=9)
    check("Upsample", [shape], {"scales": np.ceil(all_scales).tolist()}, opset=7)


def spectra():
    shape = [2, random.randint(2, 9), random.randint(2, 9), pick(1, 2)]
    length = np.array(random.randint(1, 9))
    real = [*shape[:3], 1]
    for axis in (1, 2, -2):
        check("DFT", [shape, pick(None, length), np.array(axis)], {"inverse": pick(0, 1)})
        check("DFT", [real, pick(None, length), np.array(axis)], {"onesided": 1})
        check("DFT", [shape, pick(None, length)], {"axis": axis}, opset=17)
    step, size = np.array(random.randint(1, 3)), random.randint(1, 8)
    for operator in ("HannWindow", "HammingWindow", "BlackmanWindow"):
        check(operator, [np.array(size)], {})
    check("STFT", [[1, 16, 1], step, [size]], {"onesided": pick(0, 1)})
    check("STFT", [[1, 16, 1], step, None, np.array(size)], {"onesided": pick(0, 1)})
    limits = [np.array(0, np.float32), np.array(4000, np.float32)]
    check("MelWeightMatrix", [np.array(size), np.array(random.randint(16, 40)), np.array(8192), *limits], {})


def samples():
    x = [random.randint(1, 3) for _ in range(2)] + [random.randint(2, 6) for _ in range(pick(2, 3))]
    axes = len(x) - 2
    places = [random.randint(1, 6) for _ in range(axes)]
    check("GridSample", [x, [x[0], *places, axes]], {})
    check("AffineGrid", [[x[0], axes, axes + 1], np.array(x)], {})
    regions, size = random.randint(0, 3), {"output_height": random.randint(1, 4), "output_width": pick(1, 3)}
    picture = [2, 3, 6, 6]
    check("RoiAlign", [picture, [regions, 4], np.zeros(regions, np.int64)], size, opset=16)
    check("MaxRoiPool", [picture, [regions, 5]], {"pooled_shape": [2, random.randint(1, 3)]}, opset=16)


def normalizations():
    shape = [random.randint(1, 3), 4] + [random.randint(1, 5) for _ in range(random.randint(1, 3))]
    axis = random.randint(-len(shape), len(shape) - 1)
    inner = shape[axis:]
    check("LayerNormalization", [shape, inner, inner], {"axis": axis}, 3)
    check("RMSNormalization", [shape, inner], {"axis": axis}, opset=23)
    check("BatchNormalization", [shape, [4], [4], [4], [4]], {})
    check("BatchNormalization", [shape, [4], [4], [4], [4]], {"training_mode": 1}, 3)
    check("InstanceNormalization", [shape, [4], [4]], {})
    check("GroupNormalization", [shape, [4], [4]], {"num_groups": 2})
    check("GroupNormalization", [shape, [2], [2]], {"num_groups": 2}, opset=20)
    check("LpNormalization", [shape], {"axis": axis})
    check("LRN", [shape], {"size": 3})
    for operator in ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"):
        check(operator, [shape], {})


def views():
    shape = [pick(0, 1, 1, 2, 3, 4, 6) for _ in range(random.randint(0, 4))]
    count, rank = int(np.prod(shape)), len(shape)
    target = [pick(0, 1, 2, 3, -1) for _ in range(random.randint(0, 4))]
    check("Reshape", [shape, np.array(target, np.int64)], {"allowzero": pick(0, 0, 1)})
    check("Reshape", [shape, np.array([*shape[:1], -1], np.int64)], {})
    check("Reshape", [shape, np.array([2, count // 2], np.int64)], {}, opset=5)
    check("Flatten", [shape], {"axis": random.randint(-rank, rank)})
    check("Squeeze", [shape], {})
    ones = np.array([axis - pick(0, rank) for axis in range(rank) if shape[axis] == 1 and pick(0, 1, 1)], np.int64)
    if len(ones):
        check("Squeeze", [shape, ones], {})
        check("Squeeze", [shape], {"axes": ones.tolist()}, opset=11)
    axes = np.array(random.sample(range(-rank - 2, rank + 2), pick(1, 2)))
    check("Unsqueeze", [shape, axes], {})
    check("Unsqueeze", [shape], {"axes": axes.tolist()}, opset=11)
    check("Transpose", [shape], {})
    check("Transpose", [shape], {"perm": random.sample(range(rank), rank)} if rank else {})
    check("Shape", [shape], {})
    check("Shape", [shape], {"start": random.randint(-6, 6), "end": random.randint(-6, 6)})
    check("Size", [shape], {})


def stretch(extent):
    """A start, an end and a step."""
    start, end = (pick(*range(-9, 10), 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)) for _ in range(2))
    step = pick(1, 1, 1, 2, 3, -1, -2, -5, 2**40, -(2**40))
    # Backwards, ONNX Runtime begins with the first element where NumPy has none, and takes great ends for the beginning.
    if step < 0 and (start < -extent or end > 9 or extent == 0):
        step = -step
    return start, end, step


def slices():
    shape = [random.randint(0, 7) for _ in range(random.randint(1, 4))]
    rank = len(shape)
    axes = random.sample(range(rank), random.randint(1, rank))
    starts, ends, steps = map(list, zip(*(stretch(shape[axis]) for axis in axes)))
    named = np.array([axis - pick(0, rank) for axis in axes])
    check("Slice", [shape, np.array(starts), np.array(ends), named, np.array(steps)], {})
    check("Slice", [shape, np.array(starts), np.array(ends), np.array(axes)], {}, opset=10)
    check("Slice", [shape], {"starts": starts, "ends": ends, "axes": axes}, opset=9)
    check("Slice", [shape, np.array(starts), np.array(ends)], {})
    # Cropping ends with the last element.
    pads = np.array([random.randint(-min(extent, 2), 3) for extent in shape * 2])
    check("Pad", [shape, pads], {})
    check("Pad", [shape, pads], {"mode": pick("reflect", "edge", "wrap")})
    check("Pad", [shape, np.array([random.randint(0, 2) for _ in axes * 2]), None, named], {})
    check("Pad", [shape], {"pads": pads.tolist()}, opset=10)
    axis = random.randint(-rank, rank - 1)
    cut = random.randint(0, shape[axis])
    check("Split", [shape, np.array([cut, shape[axis] - cut])], {"axis": axis}, 2)
    check("Split", [shape], {"axis": axis, "split": [cut, shape[axis] - cut]}, 2, opset=11)
    check("Split", [shape], {"axis": axis, "num_outputs": 3}, 3)
    check("Split", [shape], {"axis": axis}, 2, opset=13)
    other = [*shape]
    other[axis] = random.randint(0, 4)
    check("Concat", [shape, other, shape], {"axis": axis})
    check("CenterCropPad", [shape, np.array([random.randint(0, 9) for _ in axes])], {"axes": axes})


def fillings():
    shape = [pick(0, 1, 1, 2, 3) for _ in range(random.randint(0, 3))]
    check("Expand", [shape, np.array([pick(0, 1, 1, 2, 3) for _ in range(random.randint(0, 4))], np.int64)], {})
    check("Tile", [shape, np.array([random.randint(0, 3) for _ in shape], np.int64)], {})
    check("ConstantOfShape", [np.array(shape, np.int64)], {})
    start, limit, step = (np.array(random.randint(-9, 9)) for _ in range(3))
    check("Range", [start, limit, step], {})
    check("Range", [np.array(number / 4, np.float32) for number in (start, limit, step)], {})
    check("EyeLike", [[random.randint(0, 3), 2]], {"k": 1})
    check("Trilu", [[*shape, 2, 3]], {})
    block = random.randint(1, 3)
    check("DepthToSpace", [[1, 2 * block * block, 2, pick(1, 3)]], {"blocksize": block, "mode": pick("DCR", "CRD")})
    check("SpaceToDepth", [[1, 2, 2 * block, 3 * block]], {"blocksize": block})


def choices():
    shape = [random.randint(1, 4) for _ in range(random.randint(1, 4))]
    rank = len(shape)
    axis = random.randint(-rank, rank - 1)
    indices = np.zeros([random.randint(0, 3) for _ in range(random.randint(0, 3))], np.int64)
    check("Gather", [shape, indices], {"axis": axis})
    part = [random.randint(0, extent) for extent in shape]
    check("GatherElements", [shape, np.zeros(part, np.int64)], {"axis": axis})
    check("ScatterElements", [shape, np.zeros(part, np.int64), part], {"axis": axis})
    batch = random.randint(0, rank - 1)
    depth = random.randint(1, rank - batch)
    check("GatherND", [shape, np.zeros([*shape[:batch], 2, depth], np.int64)], {"batch_dims": batch})
    check("GatherND", [shape, np.zeros([*shape[:batch], depth], np.int64)], {"batch_dims": batch})
    check("ScatterND", [shape, np.zeros([3, depth], np.int64), [3, *shape[depth:]]], {})
    values = np.array([0, 1], np.float32)
    check("OneHot", [shape, np.array(random.randint(1, 5)), values], {"axis": random.randint(-rank - 1, rank)})
    check("OneHot", [shape, np.array([3], np.float32), values], {})
    check("TopK", [shape, np.array([random.randint(0, 4)])], {"axis": axis}, 2)
    check("TopK", [shape], {"axis": axis, "k": random.randint(1, 4)}, 2, opset=9)
    check("ReverseSequence", [[3, 2, *shape], np.array([1, 2])], {"batch_axis": 1, "time_axis": 0})


random.seed(1)
for _ in range(120):
    convolutions()
    pools()
for _ in range(30):
    resizes()
for _ in range(30):
    products()
    reductions()
    recurrences()
    attentions()
    quantizations()
for _ in range(6):
    unpooling()
    columns()
    spectra()
    samples()
    normalizations()
for _ in range(60):
    views()
    slices()
    fillings()
    choices()
