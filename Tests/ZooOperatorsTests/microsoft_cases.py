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


def cases():
    """(name, operator, inputs, number of outputs, attributes)"""
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
    yield "RotaryEmbedding", "RotaryEmbedding", [
        numbers(2, 3, 16), np.zeros(1, np.int64), numbers(10, 4), numbers(10, 4)], 1, {}
    yield "RotaryEmbedding_heads", "RotaryEmbedding", [
        numbers(2, 4, 3, 8), np.zeros(1, np.int64), numbers(10, 4), numbers(10, 4)], 1, {}
    yield "MatMulNBits", "MatMulNBits", [numbers(2, 3, 32), bytes_(5, 2, 8), numbers(10)], 1, dict(
        K=32, N=5, bits=4, block_size=16)
    yield "MatMulIntegerToFloat", "MatMulIntegerToFloat", [bytes_(2, 3, 4), bytes_(4, 5), scale, scale], 1, {}
    yield "DynamicQuantizeMatMul", "DynamicQuantizeMatMul", [numbers(2, 3, 4), bytes_(4, 5), scale], 1, {}
    a, b = [bytes_(2, 3, 4), *small], [bytes_(3, 1), *small]
    for name in ["QLinearAdd", "QLinearMul"]:
        yield name, name, a + b + [*small], 1, {}
    for name in ["QLinearSigmoid", "QLinearLeakyRelu"]:
        yield name, name, a + [*small], 1, {}
    yield "QLinearConcat", "QLinearConcat", [*small] + a + [bytes_(2, 5, 4), *small], 1, dict(axis=1)
    yield "QLinearSoftmax", "QLinearSoftmax", a + [*small], 1, dict(axis=-1, opset=13)
    image = [bytes_(1, 4, 9, 8), *small]
    window = dict(kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    yield "QLinearAveragePool", "QLinearAveragePool", image + [*small], 1, window
    yield "QLinearAveragePool_ceil", "QLinearAveragePool", image + [*small], 1, dict(window, ceil_mode=1)
    yield "QLinearAveragePool_last", "QLinearAveragePool", image + [*small], 1, dict(window, channels_last=1)
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
    yield "GridSample", "GridSample", [numbers(2, 3, 4, 5), numbers(2, 6, 7, 2)], 1, {}
    yield "Inverse", "Inverse", [numbers(2, 3, 3)], 1, {}
    yield "QuantizeLinear", "QuantizeLinear", [numbers(2, 3), scale, np.int16(3)], 1, {}
    yield "DequantizeLinear", "DequantizeLinear", [
        numbers(2, 3, type=np.int16), numbers(3), numbers(3, type=np.int16)], 1, dict(axis=1)
    yield "MoE", "MoE", [numbers(6, 8), numbers(6, 2), numbers(2, 4, 8), None, numbers(2, 8, 4)], 1, dict(k=1)
    yield "GatherBlockQuantized", "GatherBlockQuantized", [
        bytes_(6, 16), np.array([[1, 2, 0]]), numbers(6, 2)], 1, dict(
            bits=4, block_size=16, gather_axis=0, quantize_axis=1)
    yield "CDist", "CDist", [numbers(3, 4), numbers(5, 4)], 1, dict(metric="euclidean")
    yield "MatMulInteger16", "MatMulInteger16", [numbers(2, 3, 4, type=np.int16), numbers(4, 5, type=np.int16)], 1, {}
    yield "Trilu", "Trilu", [numbers(2, 3, 4)], 1, {}
    yield "QMoE", "QMoE", [
        numbers(6, 32), numbers(6, 2), bytes_(2, 16, 16), numbers(2, 16), None, bytes_(2, 32, 8), numbers(2, 32)
    ], 1, dict(k=1)
    yield "QLinearWhere", "QLinearWhere", [
        np.array([[True], [False]]), bytes_(2, 3), *small, bytes_(1, 3), *small, *small], 1, {}


def write(folder, name, operator, inputs, outputs, attributes):
    inputs = [None if value is None else np.asarray(value) for value in inputs]
    used = range(outputs) if isinstance(outputs, int) else outputs
    results = [f"y{index}" if index in used else "" for index in range(max(used) + 1)]
    node = helper.make_node(
        operator, ["" if value is None else f"x{index}" for index, value in enumerate(inputs)], results, domain=domain,
        **attributes)
    given = [
        helper.make_tensor_value_info(f"x{index}", helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for index, value in enumerate(inputs) if value is not None]
    graph = helper.make_graph([node], name, given, [helper.make_empty_tensor_value_info(y) for y in results if y])
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(domain, 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    values = session.run(None, {f"x{index}": value for index, value in enumerate(inputs) if value is not None})
    del model.graph.output[:]
    model.graph.output.extend(
        helper.make_tensor_value_info(y, helper.np_dtype_to_tensor_dtype(value.dtype), None)
        for y, value in zip((y for y in results if y), values))
    data = folder / name / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / name / "model.onnx").write_bytes(model.SerializeToString())
    for kind, tensors in (("input", [x for x in inputs if x is not None]), ("output", values)):
        for index, tensor in enumerate(tensors):
            (data / f"{kind}_{index}.pb").write_bytes(numpy_helper.from_array(tensor).SerializeToString())


for case in cases():
    try:
        write(Path(sys.argv[1]), *case)
    except Exception as error:
        raise SystemExit(f"{case[0]}: {error}") from error
