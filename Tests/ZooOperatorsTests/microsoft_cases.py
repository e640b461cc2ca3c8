"""Writes cases of ONNX Runtime's own operators, with what it gives for them, in the ONNX backend's folder layout.

Usage: microsoft_cases.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

random = np.random.default_rng(0)
domain = "com.microsoft"


def numbers(*shape, type=np.float32):
    if np.dtype(type).kind == "f":
        return random.standard_normal(shape).astype(type)
    return random.integers(0, 7, shape).astype(type)


def bytes_(*shape):
    return numbers(*shape, type=np.uint8)


def integers(*shape):
    return numbers(*shape, type=np.int32)


scale, zero = np.float32(0.1), np.uint8(3)
small = np.array(0.1, np.float32), np.array(3, np.uint8)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def swiglu(gate, up, alpha=1.0, beta=0.0, limit=0.0):
    if limit > 0:
        gate, up = np.minimum(gate, limit), np.clip(up, -limit, limit)
    return gate * sigmoid(alpha * gate) * (up + beta)


def bias_softmax(x, bias, axis, inner):
    rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
    bias = bias.reshape(-1, rows.shape[1])
    repeats = len(rows) // len(bias)
    rows = rows + (np.repeat(bias, repeats, 0) if inner else np.tile(bias, (repeats, 1)))
    rows = np.exp(rows - rows.max(1, keepdims=True))
    return (rows / rows.sum(1, keepdims=True)).reshape(x.shape)


def channels_last(x):
    return np.moveaxis(x, 1, -1)


def cases():
    """(name, operator, inputs, number of outputs, attributes, what comes out where ONNX Runtime has no kernel)"""
    x = numbers(2, 3, 8)
    for name in ["Gelu", "QuickGelu", "FastGelu"]:
        yield name, name, [x], 1, {}
    yield "FastGelu_bias", "FastGelu", [x, numbers(8)], 1, {}
    yield "BiasGelu", "BiasGelu", [x, numbers(8)], 1, {}
    yield "FusedGemm", "FusedGemm", [numbers(4, 3), numbers(5, 4), numbers(5)], 1, dict(
        transA=1, transB=1, activation="Relu")
    for a in (0, 1):
        for b in (0, 1):
            left = numbers(2, 5, 7) if a else numbers(2, 7, 5)
            right = numbers(2, 3, 5) if b else numbers(2, 5, 3)
            yield f"FusedMatMul_{a}{b}", "FusedMatMul", [left, right], 1, dict(transA=a, transB=b, alpha=0.5)
    yield "FusedMatMul_vector", "FusedMatMul", [numbers(5), numbers(2, 3, 5)], 1, dict(transA=1, transB=1)
    yield "FusedMatMul_batchA", "FusedMatMul", [numbers(7, 2, 4, 5), numbers(2, 4, 5, 3)], 1, dict(transBatchA=1)
    yield "FusedMatMul_batchA_transA", "FusedMatMul", [numbers(5, 2, 4, 7), numbers(2, 4, 5, 3)], 1, dict(
        transBatchA=1, transA=1)
    yield "FusedMatMul_batchB_transB", "FusedMatMul", [numbers(2, 4, 7, 5), numbers(3, 2, 4, 5)], 1, dict(
        transBatchB=1, transB=1)
    yield "FusedConv", "FusedConv", [numbers(1, 3, 8, 9), numbers(4, 3, 3, 3), numbers(4)], 1, dict(
        activation="Relu", strides=[2, 1], pads=[1, 1, 0, 1])
    for activation, parameters in [
            ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.5]), ("HardSigmoid", [0.3, 0.4]), ("Tanh", []), ("Sigmoid", [])]:
        yield f"FusedConv_{activation}", "FusedConv", [
            numbers(2, 4, 8, 9), numbers(6, 2, 3, 3), numbers(6), numbers(2, 6, 8, 9)], 1, dict(
                activation=activation, activation_params=parameters or None, group=2, auto_pad="SAME_UPPER")
        convolution, attributes = [numbers(2, 4, 8, 9), numbers(6, 2, 3, 3), numbers(6), numbers(2, 6, 8, 9)], dict(
            activation=activation, activation_params=parameters or None, group=2, auto_pad="SAME_UPPER")
        image, weights, bias, addend = convolution
        yield f"NhwcFusedConv_{activation}", "NhwcFusedConv", [
            channels_last(image), weights, bias, channels_last(addend)], 1, attributes, [
                channels_last(run("FusedConv", convolution, 1, attributes)[0])]
    for kernel, shape, is_last in (([3, 2], (8, 9), True), ([3], (8,), True), ([3, 3], (8, 9), False)):
        convolution = [numbers(2, 4, *shape), numbers(6, 2, *kernel), numbers(6)]
        attributes = dict(group=2, strides=[2] * len(kernel))
        yield f"NhwcConv_{len(kernel)}_{is_last}", "NhwcConv", [
            channels_last(convolution[0]), channels_last(convolution[1]) if is_last else convolution[1],
            convolution[2]], 1, attributes, [
                channels_last(run("Conv", convolution, 1, dict(domain="", **attributes))[0])]
    for activation, parameters in [
            ("LeakyRelu", dict(activation_alpha=0.2)), ("Tanh", {}),
            ("HardSigmoid", dict(activation_alpha=0.3, activation_beta=0.4)), ("Elu", dict(activation_alpha=0.5))]:
        yield f"FusedGemm_{activation}", "FusedGemm", [numbers(3, 4), numbers(4, 5)], 1, dict(
            activation=activation, alpha=0.5, **parameters)
    yield "QuickGelu_alpha", "QuickGelu", [x], 1, dict(alpha=0.7)
    yield "ScaledSiLU", "ScaledSiLU", [x], 1, {}
    yield "ScaledSiLU_alpha", "ScaledSiLU", [x], 1, dict(alpha=0.7)
    yield "ScaledSiLU_scale", "ScaledSiLU", [x, np.float16(1.7)], 1, dict(alpha=0.7)
    up = numbers(2, 3, 8)
    yield "SwiGLU", "SwiGLU", [x, up], 1, {}, [swiglu(x, up)]
    yield "SwiGLU_halves", "SwiGLU", [x], 1, {}, [swiglu(x[..., :4], x[..., 4:])]
    yield "SwiGLU_limit", "SwiGLU", [x, up], 1, dict(activation_alpha=1.7, activation_beta=1.0, limit=0.5), [
        swiglu(x, up, 1.7, 1, 0.5)]
    scores = numbers(2, 3, 4, 5)
    for axis, shape, inner in [(3, (2, 1, 1, 5), 1), (3, (1, 1, 4, 5), 0), (3, (4, 5), 0), (2, (2, 1, 4, 5), 1),
                               (1, (1, 3, 4, 5), 0)]:
        bias = numbers(*shape)
        yield f"BiasSoftmax_{axis}_{len(bias)}_{inner}", "BiasSoftmax", [scores, bias], 1, dict(
            axis=axis, is_inner_broadcast=inner), [bias_softmax(scores, bias, axis, inner)]
    yield "LayerNormalization", "LayerNormalization", [x, numbers(8), numbers(8)], 1, dict(axis=-1, domain="")
    yield "SimplifiedLayerNormalization", "SimplifiedLayerNormalization", [x, numbers(8)], 1, dict(domain="")
    yield "SkipLayerNormalization", "SkipLayerNormalization", [
        x, numbers(2, 3, 8), numbers(8), numbers(8), numbers(8)], [0, 3], {}
    yield "SkipLayerNormalization_row", "SkipLayerNormalization", [x, numbers(3, 8), numbers(8)], 1, {}
    yield "SkipSimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization", [
        x, numbers(2, 3, 8), numbers(8)], [0, 3], {}
    yield "EmbedLayerNormalization", "EmbedLayerNormalization", [
        integers(2, 3), integers(2, 3) % 2, numbers(9, 8), numbers(9, 8), numbers(2, 8), numbers(8), numbers(8),
        integers(2, 3)], 3, {}
    yield "Attention", "Attention", [x, numbers(8, 24), numbers(24)], 2, dict(num_heads=2)
    yield "Attention_past", "Attention", [x, numbers(8, 24), numbers(24), None, numbers(2, 2, 2, 5, 4)], 2, dict(
        num_heads=2, unidirectional=1)
    yield "Attention_widths", "Attention", [x, numbers(8, 28), numbers(28)], 1, dict(
        num_heads=2, qkv_hidden_sizes=[8, 8, 12])
    yield "EmbedLayerNormalization_positions", "EmbedLayerNormalization", [
        integers(2, 3), None, numbers(9, 8), numbers(9, 8), None, numbers(8), numbers(8), None, integers(2, 3)], 2, dict(
            epsilon=1e-3)
    kept = np.array([[1, 1, 0], [1, 1, 1]], np.int32)
    for kind, mask in [("lengths", np.array([2, 3], np.int32)), ("ends", np.array([2, 3, 1, 0], np.int32)),
                       ("keys", kept), ("pairs", np.stack([kept, kept[::-1], kept], axis=1))]:
        yield f"Attention_{kind}", "Attention", [x, numbers(8, 24), numbers(24), mask], 1, dict(num_heads=2)
    yield "Attention_bias", "Attention", [x, numbers(8, 24), numbers(24), kept, None, numbers(2, 2, 3, 3)], 1, dict(
        num_heads=2, unidirectional=1, scale=0.3, mask_filter_value=-5.0)
    yield "MultiHeadAttention_bias", "MultiHeadAttention", [
        x, numbers(2, 5, 8), numbers(2, 5, 12), numbers(28), np.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0]], np.int32),
        numbers(1, 2, 3, 5)], 1, dict(num_heads=2)
    yield "MultiHeadAttention_cross_bias", "MultiHeadAttention", [
        x, numbers(2, 2, 5, 4), numbers(2, 2, 5, 4)], 1, dict(num_heads=2, scale=0.2)
    yield "MultiHeadAttention_causal", "MultiHeadAttention", [
        x, numbers(2, 3, 8), numbers(2, 3, 8), numbers(24)], 1, dict(num_heads=4, unidirectional=1)
    yield "MultiHeadAttention", "MultiHeadAttention", [x, numbers(2, 5, 8), numbers(2, 5, 12)], 1, dict(num_heads=2)
    yield "MultiHeadAttention_past", "MultiHeadAttention", [
        x, numbers(2, 3, 8), numbers(2, 3, 8), None, None, None, numbers(2, 2, 6, 4), numbers(2, 2, 6, 4)], 3, dict(
            num_heads=2)
    yield "MultiHeadAttention_cross", "MultiHeadAttention", [x, numbers(2, 2, 5, 4), numbers(2, 2, 5, 4)], 1, dict(
        num_heads=2)
    lengths, total = np.array([7], np.int32), np.array(8, np.int32)
    for name, operands in [("", [numbers(1, 3, 32), numbers(1, 3, 16), numbers(1, 3, 16)]),
                           ("_packed", [numbers(1, 3, 64), None, None])]:
        yield f"GroupQueryAttention{name}", "GroupQueryAttention", operands + [
            numbers(1, 2, 5, 8), numbers(1, 2, 5, 8), lengths, total], 3, dict(num_heads=4, kv_num_heads=2)
    for name, attributes in [("_rotary", dict(do_rotary=1)), ("_interleaved", dict(do_rotary=1, rotary_interleaved=1)),
                             ("_window", dict(local_window_size=4, scale=0.2)), ("_softcap", dict(softcap=2.0))]:
        turned = [numbers(20, 8), numbers(20, 8)] if "do_rotary" in attributes else []
        # Without a cache, with one that is full, and with one that has room for more behind texts of 8 and 7 tokens.
        for kind, batch, new, past, total in [("first", 2, 3, 0, 3), ("next", 1, 3, 5, 8), ("room", 2, 1, 12, 8)]:
            lengths = np.array([total - 1, total - 2 if kind == "room" else total - 1], np.int32)[:batch]
            # Behind a text's end lies nothing.
            kept = (np.arange(past) <= lengths[:, None] - new).astype(np.float32)[:, None, :, None]
            yield f"GroupQueryAttention{name}_{kind}", "GroupQueryAttention", [
                numbers(batch, new, 64), numbers(batch, new, 32), numbers(batch, new, 32),
                numbers(batch, 2, past, 16) * kept, numbers(batch, 2, past, 16) * kept, lengths, np.array(total, np.int32), *turned
            ], 3, dict(num_heads=4, kv_num_heads=2, **attributes)
    yield "RotaryEmbedding", "RotaryEmbedding", [
        numbers(2, 3, 16), np.zeros(1, np.int64), numbers(10, 4), numbers(10, 4)], 1, {}
    yield "RotaryEmbedding_heads", "RotaryEmbedding", [
        numbers(2, 4, 3, 8), np.zeros(1, np.int64), numbers(10, 4), numbers(10, 4)], 1, {}
    yield "RotaryEmbedding_positions", "RotaryEmbedding", [
        numbers(2, 3, 16), np.array([[0, 1, 2], [5, 6, 7]], np.int64), numbers(10, 4), numbers(10, 4)], 1, dict(
            interleaved=1)
    yield "RotaryEmbedding_part", "RotaryEmbedding", [
        numbers(2, 3, 16), np.array([4], np.int64), numbers(10, 2), numbers(10, 2)], 1, dict(
            num_heads=2, rotary_embedding_dim=4)
    yield "MatMulNBits_zeros", "MatMulNBits", [
        numbers(3, 40), bytes_(5, 3, 8), numbers(15), bytes_(10)], 1, dict(K=40, N=5, bits=4, block_size=16)
    yield "MatMulNBits_bytes", "MatMulNBits", [
        numbers(2, 3, 32), bytes_(5, 2, 16), numbers(10), bytes_(10), None, numbers(5)], 1, dict(
            K=32, N=5, bits=8, block_size=16)
    yield "MatMulNBits", "MatMulNBits", [numbers(2, 3, 32), bytes_(5, 2, 8), numbers(10)], 1, dict(
        K=32, N=5, bits=4, block_size=16)
    yield "MatMulIntegerToFloat", "MatMulIntegerToFloat", [bytes_(2, 3, 4), bytes_(4, 5), scale, scale], 1, {}
    yield "DynamicQuantizeMatMul", "DynamicQuantizeMatMul", [numbers(2, 3, 4), bytes_(4, 5), scale], 1, {}
    yield "MatMulIntegerToFloat_zeros", "MatMulIntegerToFloat", [
        bytes_(2, 3, 4), numbers(4, 5, type=np.int8), scale, numbers(5), zero, numbers(5, type=np.int8), numbers(5)
    ], 1, {}
    yield "DynamicQuantizeMatMul_zeros", "DynamicQuantizeMatMul", [
        numbers(2, 3, 4), numbers(4, 5, type=np.int8), numbers(5), numbers(5, type=np.int8), numbers(5)], 1, {}
    a, b = [bytes_(2, 3, 4), *small], [bytes_(3, 1), *small]
    for name in ["QLinearAdd", "QLinearMul"]:
        yield name, name, a + b + [*small], 1, {}
    for name in ["QLinearSigmoid", "QLinearLeakyRelu"]:
        yield name, name, a + [*small], 1, {}
    yield "QLinearConcat", "QLinearConcat", [*small] + a + [bytes_(2, 5, 4), *small], 1, dict(axis=1)
    yield "QLinearSoftmax", "QLinearSoftmax", a + [*small], 1, dict(axis=-1, opset=13)
    image = [bytes_(1, 4, 9, 8), *small]
    window = dict(kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    # No quotient lies half way between two numbers.
    pooled = np.array(0.137, np.float32), small[1]
    yield "QLinearAveragePool", "QLinearAveragePool", image + [*pooled], 1, window
    yield "QLinearAveragePool_ceil", "QLinearAveragePool", image + [*pooled], 1, dict(window, ceil_mode=1)
    yield "QLinearAveragePool_last", "QLinearAveragePool", image + [*pooled], 1, dict(window, channels_last=1)
    yield "QLinearGlobalAveragePool", "QLinearGlobalAveragePool", image + [*small], 1, {}
    yield "QLinearGlobalAveragePool_last", "QLinearGlobalAveragePool", image + [*small], 1, dict(channels_last=1)
    yield "NhwcMaxPool", "NhwcMaxPool", [image[0]], 1, window
    weights = [bytes_(6, 8, 3, 3), *small]
    yield "QLinearConv_last", "QLinearConv", image + weights + [*small], 1, dict(channels_last=1, pads=[1, 1, 0, 0])
    gemm = [bytes_(4, 3), *small, bytes_(5, 4), *small]
    yield "QGemm", "QGemm", gemm + [integers(5), *small], 1, dict(transA=1, transB=1)
    yield "QGemm_float", "QGemm", gemm, 1, dict(transA=1, transB=1)
    yield "QAttention", "QAttention", [
        bytes_(2, 3, 8), bytes_(8, 24), numbers(24), scale, scale, None, zero, zero, numbers(2, 2, 2, 5, 4)], 2, dict(
            num_heads=2, unidirectional=1)
    for number, direction in ((1, "reverse"), (2, "bidirectional")):
        yield f"DynamicQuantizeLSTM_{number}", "DynamicQuantizeLSTM", [
            numbers(5, 2, 3), bytes_(number, 3, 16), bytes_(number, 4, 16), numbers(number, 32), None, None, None, None,
            np.full(number, 0.1, np.float32), bytes_(number), np.full(number, 0.1, np.float32), bytes_(number)
        ], 3, dict(hidden_size=4, direction=direction)
    yield "DynamicQuantizeLSTM_columns", "DynamicQuantizeLSTM", [
        numbers(5, 1, 3), bytes_(2, 3, 16), bytes_(2, 4, 16), numbers(2, 32), None, numbers(2, 1, 4), numbers(2, 1, 4),
        numbers(2, 12), np.abs(numbers(2, 16)) * 0.1, np.full((2, 16), 3, np.uint8), np.abs(numbers(2, 16)) * 0.1,
        np.full((2, 16), 4, np.uint8)
    ], 3, dict(hidden_size=4, direction="bidirectional", input_forget=1)
    yield "GridSample_border", "GridSample", [numbers(2, 3, 4, 5), numbers(2, 6, 7, 2)], 1, dict(
        mode="bicubic", padding_mode="border", align_corners=1)
    yield "GridSample", "GridSample", [numbers(2, 3, 4, 5), numbers(2, 6, 7, 2)], 1, {}
    yield "Inverse", "Inverse", [numbers(2, 3, 3)], 1, {}
    yield "QuantizeLinear", "QuantizeLinear", [numbers(2, 3), scale, np.int16(3)], 1, {}
    yield "DequantizeLinear", "DequantizeLinear", [
        numbers(2, 3, type=np.int16), numbers(3), numbers(3, type=np.int16)], 1, dict(axis=1)
    yield "MoE", "MoE", [numbers(6, 8), numbers(6, 2), numbers(2, 4, 8), None, numbers(2, 8, 4)], 1, dict(k=1)
    yield "GatherBlockQuantized", "GatherBlockQuantized", [
        bytes_(6, 16), np.array([[1, 2, 0]]), numbers(6, 2)], 1, dict(
            bits=4, block_size=16, gather_axis=0, quantize_axis=1)
    yield "CDist_squares", "CDist", [numbers(3, 4), numbers(5, 4)], 1, dict(metric="sqeuclidean")
    yield "CDist", "CDist", [numbers(3, 4), numbers(5, 4)], 1, dict(metric="euclidean")
    yield "MatMulInteger16", "MatMulInteger16", [numbers(2, 3, 4, type=np.int16), numbers(4, 5, type=np.int16)], 1, {}
    yield "Trilu", "Trilu", [numbers(2, 3, 4)], 1, {}
    yield "QMoE", "QMoE", [
        numbers(6, 32), numbers(6, 2), bytes_(2, 16, 16), numbers(2, 16), None, bytes_(2, 32, 8), numbers(2, 32)
    ], 1, dict(k=1)
    yield "QLinearWhere", "QLinearWhere", [
        np.array([[True], [False]]), bytes_(2, 3), *small, bytes_(1, 3), *small, *small], 1, {}


# Weights that files hold.
constants = {
    "MatMulNBits": [1, 2, 3], "GatherBlockQuantized": [0, 2], "DynamicQuantizeLSTM": [1, 2, 8, 9, 10, 11],
    "GroupQueryAttention": [6]}


def make(name, operator, inputs, outputs, attributes):
    """The model of one node, what it is fed, and the names of its results."""
    inputs = [None if value is None else np.asarray(value) for value in inputs]
    used = range(outputs) if isinstance(outputs, int) else outputs
    results = [f"y{index}" if index in used else "" for index in range(max(used) + 1)]
    attributes = {"domain": domain, **attributes}
    node = helper.make_node(
        operator, ["" if value is None else f"x{index}" for index, value in enumerate(inputs)], results,
        **{name: value for name, value in attributes.items() if value is not None})
    fed = {f"x{index}": value for index, value in enumerate(inputs)
           if value is not None and index not in constants.get(operator, [])}
    given = [
        helper.make_tensor_value_info(x, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for x, value in fed.items()]
    results = [y for y in results if y]
    graph = helper.make_graph(
        [node], name, given, [helper.make_empty_tensor_value_info(y) for y in results],
        [numpy_helper.from_array(value, f"x{index}") for index, value in enumerate(inputs)
         if value is not None and f"x{index}" not in fed])
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(domain, 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10), fed, results


def answer(model, fed):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, fed)


def run(operator, inputs, outputs, attributes):
    return answer(*make(operator, operator, inputs, outputs, attributes)[:2])


def write(folder, name, operator, inputs, outputs, attributes, values=None):
    model, fed, results = make(name, operator, inputs, outputs, attributes)
    values = values or answer(model, fed)
    del model.graph.output[:]
    model.graph.output.extend(
        helper.make_tensor_value_info(y, helper.np_dtype_to_tensor_dtype(value.dtype), None)
        for y, value in zip(results, values))
    data = folder / name / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / name / "model.onnx").write_bytes(model.SerializeToString())
    for kind, tensors in (("input", fed.values()), ("output", values)):
        for index, tensor in enumerate(tensors):
            (data / f"{kind}_{index}.pb").write_bytes(numpy_helper.from_array(tensor).SerializeToString())


for case in cases():
    try:
        write(Path(sys.argv[1]), *case)
    except Exception as error:
        raise SystemExit(f"{case[0]}: {error}") from error
