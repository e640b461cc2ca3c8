"""Writes larger random cases of operators with ONNX Runtime's answers, in the ONNX backend's folder layout.

Usage: runtime_cases.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

folder = Path(sys.argv[1])
random = np.random.default_rng(0)
onnxruntime.set_default_logger_severity(4)
count = 0


def floats(*shape):
    return random.normal(size=shape).astype(np.float32)


def positive(*shape):
    """Of which weighted sums are not near zero, where a relative tolerance means nothing."""
    return random.uniform(1, 2, size=shape).astype(np.float32)


def integers(low, high, *shape, type=np.int64):
    return random.integers(low, high, size=shape).astype(type)


def case(kind, inputs, outputs=1, opset=20, constant=(), domain="", reference=False, **attributes):
    """`inputs` are arrays, None for absent ones; those whose places are in `constant` are initializers.

    `reference` asks ONNX's own evaluator, for what ONNX Runtime does not have."""
    global count
    inputs = [None if x is None else np.asarray(x) for x in inputs]
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(inputs)]
    fed = [i for i, x in enumerate(inputs) if x is not None and i not in constant]
    node = helper.make_node(kind, names, [f"y{i}" for i in range(outputs)], domain=domain, **attributes)
    graph = helper.make_graph(
        [node], kind,
        [helper.make_tensor_value_info(names[i], helper.np_dtype_to_tensor_dtype(inputs[i].dtype), inputs[i].shape)
         for i in fed],
        [helper.make_empty_tensor_value_info(f"y{i}") for i in range(outputs)],
        [numpy_helper.from_array(inputs[i], names[i]) for i in constant])
    sets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(graph, opset_imports=sets, ir_version=9)
    model = onnx.shape_inference.infer_shapes(model)
    session = (ReferenceEvaluator(model) if reference else
               onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]))
    answers = session.run(None, {names[i]: inputs[i] for i in fed})
    for info, answer in zip(model.graph.output, answers):
        info.CopyFrom(helper.make_tensor_value_info(
            info.name, helper.np_dtype_to_tensor_dtype(answer.dtype), answer.shape))
    place = folder / f"{kind.lower()}_{count:03}"
    count += 1
    data = place / "test_data_set_0"
    data.mkdir(parents=True)
    (place / "model.onnx").write_bytes(model.SerializeToString())
    for number, i in enumerate(fed):
        (data / f"input_{number}.pb").write_bytes(numpy_helper.from_array(inputs[i], names[i]).SerializeToString())
    for number, answer in enumerate(answers):
        (data / f"output_{number}.pb").write_bytes(numpy_helper.from_array(answer, f"y{number}").SerializeToString())


# Resize: scales that are no whole numbers, sizes, all modes; blocks of channels and few of them.
empty = np.array([], np.float32)
for mode in ("nearest", "linear", "cubic"):
    for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
        for sizes in ([2, 20, 40, 31], [2, 20, 11, 13]):
            case("Resize", [positive(2, 20, 23, 17), None, None, np.array(sizes, np.int64)], opset=19, constant=(3,),
                 mode=mode, coordinate_transformation_mode=coordinates, nearest_mode="floor")
    case("Resize", [positive(1, 3, 20, 30), None, np.array([1, 1, 2, 3], np.float32)], opset=13, constant=(2,), mode=mode)
    case("Resize", [positive(1, 3, 21, 30), np.array([0, 0, 0.1, 0.2, 1, 1, 0.8, 1.3], np.float32), empty,
                    np.array([1, 3, 17, 19], np.int64)], opset=13, constant=(1, 2, 3), mode=mode,
         coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=7.0)
case("Resize", [positive(1, 2, 20, 30, 10), None, np.array([1, 1, 1.5, 0.5, 2], np.float32)], opset=13, constant=(2,),
     mode="linear")
case("Resize", [integers(0, 256, 1, 3, 20, 30, type=np.uint8), None, None, np.array([1, 3, 50, 45], np.int64)],
     opset=13, constant=(3,), mode="nearest", nearest_mode="round_prefer_ceil")
case("Resize", [positive(1, 2, 40, 30), None, None, np.array([17, 11], np.int64)], opset=19, constant=(3,),
     mode="cubic", axes=[2, 3], exclude_outside=1, cubic_coeff_a=-0.5)
for mode in ("nearest", "linear"):
    case("Upsample", [positive(1, 24, 13, 11), np.array([1, 1, 2, 3], np.float32)], opset=9, constant=(1,), mode=mode)

# ConvTranspose: one to three axes, groups, with constant weights and without.
for weights, size, group, attributes in (
    ((24, 40, 4, 4), (2, 24, 17, 23), 1, dict(strides=[2, 2], pads=[1, 1, 1, 1])),
    ((64, 32, 2, 2), (1, 64, 28, 28), 1, dict(strides=[2, 2])),
    ((32, 8, 3, 3), (2, 32, 15, 14), 4, dict(strides=[2, 1], dilations=[2, 3], output_padding=[1, 0])),
    ((16, 1, 5, 3), (2, 16, 30, 33), 16, dict(strides=[3, 2], pads=[2, 1, 1, 0])),
    ((48, 3, 9), (2, 48, 100), 1, dict(strides=[4], auto_pad="SAME_UPPER")),
    ((8, 6, 3, 2, 3), (1, 8, 7, 9, 11), 2, dict(strides=[2, 2, 1], output_shape=[15, 18, 13])),
    ((130, 70, 1, 1), (1, 130, 9, 9), 1, dict()),
    ((21, 1, 16, 16), (1, 21, 12, 10), 21, dict(strides=[8, 8], pads=[4, 4, 4, 4])),
):
    channels = weights[1] * group
    inputs = [floats(*size), floats(*weights) / np.float32(weights[0] ** 0.5), floats(channels)]
    case("ConvTranspose", inputs, opset=11, constant=(1, 2), group=group, **attributes)
    case("ConvTranspose", inputs[:2], opset=11, group=group, **attributes)

# Moving and choosing elements.
case("SpaceToDepth", [floats(2, 5, 36, 24)], opset=13, blocksize=4)
for mode in ("DCR", "CRD"):
    case("DepthToSpace", [floats(2, 45, 11, 13)], opset=13, blocksize=3, mode=mode)
case("GatherElements", [floats(30, 40, 50), integers(-40, 40, 25, 60, 45)], opset=13, axis=1)
case("GatherElements", [floats(30, 40, 50), integers(-50, 50, 30, 40, 20, type=np.int32)], opset=13, axis=-1)
case("GatherND", [floats(4, 30, 20, 10), integers(-20, 20, 4, 30, 7, 1)], opset=13, batch_dims=2)
case("GatherND", [integers(0, 99, 30, 20, 10), integers(-10, 10, 500, 3)], opset=13)
for reduction in ("none", "add", "mul", "max", "min"):
    chosen = (np.stack([random.permutation(20) for _ in range(50)], 1) if reduction == "none"
              else integers(-20, 20, 20, 50))
    case("ScatterElements", [floats(20, 50), chosen.astype(np.int64), floats(20, 50)], opset=18, axis=0,
         reduction=reduction)
    rows = random.permutation(40)[:25].reshape(25, 1) if reduction == "none" else integers(0, 40, 25, 1)
    case("ScatterND", [floats(40, 6, 5), rows.astype(np.int64), floats(25, 6, 5)], opset=18, reduction=reduction)
case("OneHot", [integers(-12, 14, 30, 20), np.array([12], np.int64), np.array([-1, 3], np.float32)], opset=11,
     constant=(1,), axis=1)
case("Compress", [floats(30, 20, 10), random.random(20) < 0.5], opset=11, axis=1)
case("NonZero", [integers(0, 2, 20, 30, 4)], opset=13)
case("Unique", [integers(0, 30, 200)], outputs=4, opset=11)
case("Unique", [integers(0, 30, 200).astype(np.float32)], outputs=4, opset=11, sorted=0)
case("Unique", [integers(0, 2, 40, 3, 2)], outputs=4, opset=11, axis=0)
case("ReverseSequence", [floats(12, 7, 5), integers(1, 12, 7)], opset=10)
for upper in (0, 1):
    case("Trilu", [floats(3, 20, 30), np.array(-3, np.int64)], opset=14, constant=(1,), upper=upper)
case("EyeLike", [floats(20, 30)], opset=9, k=-5)
case("CumSum", [floats(20, 30, 10), np.array(1, np.int64)], opset=14, constant=(1,), exclusive=1, reverse=1)

# Normalization and pooling.
case("InstanceNormalization", [floats(3, 20, 17, 13), floats(20), floats(20)], opset=6, constant=(1, 2))
case("GroupNormalization", [floats(3, 20, 17, 13), floats(20), floats(20)], opset=21, constant=(1, 2), num_groups=5)
for p in (1, 2):
    case("LpNormalization", [floats(4, 30, 20)], opset=1, axis=1, p=p)
    case("GlobalLpPool", [floats(4, 30, 20, 10)], opset=2, p=p + 1)
case("MeanVarianceNormalization", [floats(4, 6, 20, 30)], opset=13)
case("Hardmax", [floats(4, 30, 20)], opset=13, axis=1)
case("Det", [floats(10, 12, 12)], opset=11)

pooled = floats(2, 6, 20, 24)
case("MaxPool", [pooled], outputs=2, opset=12, kernel_shape=[2, 2], strides=[2, 2])
top = pooled.reshape(2, 6, 10, 2, 12, 2).transpose(0, 1, 2, 4, 3, 5).reshape(2, 6, 10, 12, 4)
inner = top.argmax(-1)
row = np.arange(10)[:, None] * 2 + inner // 2
column = np.arange(12)[None, :] * 2 + inner % 2
plane = np.arange(12).reshape(2, 6, 1, 1) * 480
case("MaxUnpool", [top.max(-1), (plane + row * 24 + column).astype(np.int64)], opset=11, kernel_shape=[2, 2],
     strides=[2, 2])
regions = np.array([[0, 1, 1, 12, 9], [1, 0, 3, 23, 19], [0, 5, 5, 5, 5]], np.float32)
case("MaxRoiPool", [pooled, regions], opset=1, pooled_shape=[4, 3], spatial_scale=0.8)
case("Col2Im", [floats(2, 5 * 6, 19 * 9), np.array([20, 19], np.int64), np.array([2, 3], np.int64)], opset=18,
     constant=(1, 2), strides=[1, 2])
for constant in ((), (1,)):
    case("Col2Im", [positive(2, 3 * 6, 5 * 4).astype(np.float16), np.array([6, 6], np.int64), np.array([2, 3], np.int64)],
         opset=18, constant=constant, reference=True)

# Sampling.
for mode in ("linear", "nearest", "cubic"):
    for padding in ("zeros", "border", "reflection"):
        for corners in (0, 1):
            # Beyond the edge a cubic's sums are near zero.
            if (mode, padding) == ("cubic", "zeros"):
                continue
            case("GridSample", [positive(2, 5, 20, 17), floats(2, 30, 11, 2)], mode=mode, padding_mode=padding,
                 align_corners=corners)
case("GridSample", [positive(2, 3, 8, 9, 10), floats(2, 7, 6, 5, 3)], mode="linear", padding_mode="border")
case("AffineGrid", [floats(3, 2, 3), np.array([3, 4, 20, 30], np.int64)], constant=(1,), align_corners=1)
case("AffineGrid", [floats(2, 3, 4), np.array([2, 4, 5, 6, 7], np.int64)], constant=(1,))

# Products.
for equation, shapes in (
    ("bij,bjk->bik", [(4, 30, 20), (4, 20, 25)]), ("bhid,bhjd->bhij", [(2, 3, 17, 8), (2, 3, 19, 8)]),
    ("ij->ji", [(20, 30)]), ("ii->i", [(20, 20)]), ("...ij,...jk->...ik", [(3, 1, 5, 6), (1, 4, 6, 7)]),
    ("ij,jk,kl->il", [(10, 11), (11, 12), (12, 13)]), ("i,j->ij", [(40,), (30,)]), ("bij->b", [(4, 30, 20)]),
    ("bchw,bkhw->bck", [(2, 5, 9, 8), (2, 6, 9, 8)]),
):
    case("Einsum", [floats(*shape) for shape in shapes], opset=12, equation=equation)
for left, right in ((np.uint8, np.int8), (np.uint8, np.uint8)):
    a, b = integers(0, 100, 3, 30, 700, type=left), integers(0, 100, 700, 40, type=right)
    case("MatMulInteger", [a, b, np.array(3, left), np.array(7, right)], opset=10, constant=(2, 3))
    case("QLinearMatMul", [a, np.float32(0.02), np.array(3, left), b, np.float32(0.03), np.array(7, right),
                           np.float32(9.7), np.array(5, left)], opset=10)
x, w = integers(0, 256, 2, 12, 20, 17, type=np.uint8), integers(-60, 60, 16, 6, 3, 3, type=np.int8)
case("ConvInteger", [x, (w + 60).view(np.uint8), np.array(100, np.uint8), np.array(50, np.uint8)], opset=10, group=2,
     pads=[1, 1, 1, 1], constant=(1, 3))
case("QLinearConv", [x, np.float32(0.02), np.array(100, np.uint8), w, floats(16) ** 2 + np.float32(0.01),
                     np.zeros(16, np.int8), np.float32(3.3), np.array(90, np.uint8), integers(-999, 999, 16, type=np.int32)],
     opset=10, group=2, pads=[1, 0, 1, 0], strides=[2, 1], dilations=[1, 2], constant=(1, 2, 3, 4, 5, 6, 7, 8))

# Recurrent ones.
for direction, ways in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
    for kind, gates, outputs in (("LSTM", 4, 3), ("GRU", 3, 2), ("RNN", 1, 2)):
        steps, batch, width, hidden = 13, 5, 20, 35
        inputs = [floats(steps, batch, width), floats(ways, gates * hidden, width) / 4,
                  floats(ways, gates * hidden, hidden) / 6, floats(ways, 2 * gates * hidden),
                  integers(1, steps + 1, batch, type=np.int32), floats(ways, batch, hidden)]
        extra = {}
        if kind == "LSTM":
            inputs += [floats(ways, batch, hidden), floats(ways, 3 * hidden)]
        if kind == "GRU":
            extra["linear_before_reset"] = int(direction != "reverse")
        constant = (1, 2, 3) if direction != "reverse" else ()
        case(kind, inputs, outputs=outputs, opset=14, constant=constant, hidden_size=hidden, direction=direction, **extra)
        case(kind, [x for x in inputs[:4]], outputs=outputs, opset=14, hidden_size=hidden, direction=direction, clip=0.5)

# Spectra, of which no number is near zero: an impulse and a little noise.
def impulses(size, length):
    signal = floats(*size) / np.float32(50)
    signal[:, ::length] += 3
    return signal


for length in (64, 60, 17):
    for inverse in (0, 1):
        case("DFT", [impulses((3, length, 2), length)], opset=17, axis=1, inverse=inverse)
case("STFT", [impulses((2, 400, 2), 100), np.array(100, np.int64), positive(100)], opset=17, constant=(1,), onesided=0)
for kind in ("HannWindow", "HammingWindow", "BlackmanWindow"):
    for periodic in (0, 1):
        case(kind, [np.array(33, np.int64)], opset=17, periodic=periodic)

# Losses: classes that are ignored, weights, logarithms of probabilities beside the loss.
for reduction in ("none", "sum", "mean"):
    for size, target in (((30, 7), (30,)), ((4, 9, 6, 5), (4, 6, 5))):
        scores, classes = floats(*size), integers(0, size[1], *target)
        classes.flat[3] = -7
        case("NegativeLogLikelihoodLoss", [-positive(*size), classes, positive(size[1])], opset=13, reduction=reduction,
             ignore_index=-7)
        case("SoftmaxCrossEntropyLoss", [scores, classes, positive(size[1])], outputs=2, opset=13, reduction=reduction,
             ignore_index=-7)
        case("SoftmaxCrossEntropyLoss", [scores.astype(np.float64), np.abs(classes) % size[1]], outputs=2, opset=13,
             reduction=reduction)

# Convolutions whose taps move, some of them out of the picture.
for size, weights, groups, offsets, attributes in (
    ((2, 8, 17, 19), (12, 8, 3, 3), 1, 1, dict(pads=[1, 1, 1, 1])),
    ((1, 12, 20, 11), (8, 6, 3, 2), 2, 4, dict(strides=[2, 1], dilations=[1, 2], pads=[2, 0, 1, 1])),
    ((3, 40, 14, 14), (70, 40, 1, 1), 1, 2, dict()),
):
    height, width = (
        (n + sum(attributes.get("pads", [0] * 4)[axis::2]) - (k - 1) * attributes.get("dilations", [1, 1])[axis] - 1)
        // attributes.get("strides", [1, 1])[axis] + 1
        for axis, (n, k) in enumerate(zip(size[2:], weights[2:])))
    taps = offsets * weights[2] * weights[3]
    case("DeformConv",
         [positive(*size), positive(*weights), floats(size[0], 2 * taps, height, width) * 3, floats(weights[0]),
          positive(size[0], taps, height, width)],
         opset=19, constant=(1, 3), group=groups, offset_group=offsets, **attributes)
    case("DeformConv", [positive(*size), positive(*weights), floats(size[0], 2 * taps, height, width)], opset=22,
         group=groups, offset_group=offsets, **attributes)

# Positions, states that go on.
def positive_angles(*shape):
    angles = random.uniform(0, 0.7, size=shape).astype(np.float32)
    return [np.cos(angles), np.sin(angles)]


for interleaved in (0, 1):
    case("RotaryEmbedding", [floats(2, 5, 13, 16), *positive_angles(20, 8), integers(0, 20, 2, 13)], opset=23,
         interleaved=interleaved)
    case("RotaryEmbedding", [floats(2, 13, 5 * 16), *positive_angles(2, 13, 5)], opset=23, interleaved=interleaved,
         num_heads=5, rotary_embedding_dim=10)
for activation in ("none", "silu"):
    case("CausalConvWithState", [positive(2, 40, 33), positive(40, 1, 4), floats(40), positive(2, 40, 3)], outputs=2,
         opset=27, constant=(1, 2), activation=activation)
    case("CausalConvWithState", [positive(3, 7, 2), positive(7, 1, 6)], outputs=2, opset=27, activation=activation)
for rule in ("linear", "gated", "delta", "gated_delta"):
    for width in ((2,) if rule == "delta" else (2, 16)):
        keys = positive(3, 21, 16) / np.float32(5)
        case("LinearAttention",
             [positive(3, 21, 32), keys, positive(3, 21, 40), positive(3, 2, 8, 20),
              -positive(3, 21, width) if "gated" in rule else None, floats(3, 21, 2) / 9 if "delta" in rule else None],
             outputs=2, opset=27, q_num_heads=4, kv_num_heads=2, update_rule=rule)
case("LinearAttention", [positive(1, 5, 16), positive(1, 5, 16), positive(1, 5, 130)], outputs=2, opset=27,
     q_num_heads=1, kv_num_heads=1, update_rule="linear", scale=0.3)

# Training.
for momentum in (0.9, 0.2):
    case("BatchNormalization", [positive(3, 20, 17, 13), floats(20), positive(20), floats(20), positive(20)], outputs=3,
         opset=15, training_mode=1, momentum=momentum)
    case("BatchNormalization", [positive(5, 3, 40), floats(3), positive(3), floats(3), positive(3)], outputs=3, opset=14,
         training_mode=1, momentum=momentum, epsilon=0.1)
# Versions before 9 may have statistics for each position.
features = [abs(floats(4, 5, 6)) + np.float32(0.5) for _ in range(4)]
for spatial in (0, 1):
    case("BatchNormalization", [positive(3, 4, 5, 6)] + [x if not spatial else x[:, 0, 0] for x in features], opset=7,
         spatial=spatial)
case("SwiGLU", [floats(3, 40, 50), floats(3, 40, 50)], opset=28, reference=True, alpha=1.5)
training = "ai.onnx.preview.training"
for updates in (0, 3):
    step = [np.float32(0.1), np.array(updates, np.int64)]
    for kind, states, attributes in (
        ("Adagrad", 1, dict(decay_factor=0.1, epsilon=1e-3)),
        ("Adam", 2, dict(alpha=0.95, beta=0.9, norm_coefficient_post=0.02)),
        ("Momentum", 1, dict(alpha=0.95, beta=0.8, mode="nesterov")),
        ("Momentum", 1, dict(alpha=0.95, beta=0.8, mode="standard")),
    ):
        tensors = [positive(*size) for _ in range(states + 2) for size in ((40, 300), (7,))]
        case(kind, step + tensors, outputs=2 * (states + 1), opset=15, domain=training, reference=True,
             norm_coefficient=0.01, **attributes)

# FlexAttention: shared keys, bodies that read what is around them, the softmax in another precision.
def scored(kind, name, *inputs):
    """A body of one node on the scores and on numbers that it holds."""
    constants = [numpy_helper.from_array(np.asarray(x, np.float32), f"{name}{i}") for i, x in enumerate(inputs)]
    shape = ["B", "H", "L", "S"]
    return helper.make_graph(
        [helper.make_node(kind, [f"{name}_in"] + [x.name for x in constants], [f"{name}_out"])], name,
        [helper.make_tensor_value_info(f"{name}_in", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, shape)], constants)


preview = "ai.onnx.preview"
for type in (np.float32, np.float16, np.float64):
    inputs = [positive(*size).astype(type) for size in ((2, 6, 9, 16), (2, 3, 21, 16), (2, 3, 21, 8))]
    case("FlexAttention", inputs, opset=26, domain=preview, reference=True, scale=0.1)
    case("FlexAttention", inputs, opset=26, domain=preview, reference=True, softmax_precision=TensorProto.FLOAT)
inputs = [positive(*size) for size in ((1, 4, 9, 16), (1, 4, 21, 16), (1, 4, 21, 8))]
case("FlexAttention", inputs, opset=26, domain=preview, reference=True,
     score_mod=scored("Add", "score_mod", floats(9, 21)), prob_mod=scored("Mul", "prob_mod", positive(4, 1, 1)))
