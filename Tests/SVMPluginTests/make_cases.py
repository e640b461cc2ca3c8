"""Writes test folders (ONNX's backend layout) for ai.onnx.ml's linear models and support vector machines; ONNX Runtime
computes the outputs.

Usage: make_cases.py FOLDER
"""

import itertools
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)
FEATURES = 5
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO")


def normal(*shape):
    return random.standard_normal(shape).astype(np.float32)


def write(name, operator, outputs, x, **attributes):
    node = helper.make_node(operator, ["x"], [output for output, _ in outputs], domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph(
        [node], name, [helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)],
        [helper.make_tensor_value_info(output, kind, None) for output, kind in outputs])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8)
    bytes = model.SerializeToString()
    session = onnxruntime.InferenceSession(bytes, providers=["CPUExecutionProvider"])
    data = Path(sys.argv[1]) / name / "test_data_set_0"
    data.mkdir(parents=True)
    (data.parent / "model.onnx").write_bytes(bytes)
    (data / "input_0.pb").write_bytes(numpy_helper.from_array(x, "x").SerializeToString())
    for index, (value, (output, kind)) in enumerate(zip(session.run(None, {"x": x}), outputs)):
        value = value.astype(object) if kind == TensorProto.STRING else value
        (data / f"output_{index}.pb").write_bytes(numpy_helper.from_array(value, output).SerializeToString())


def names(count, strings):
    if strings:
        return {"classlabels_strings": [f"class {index}" for index in range(count)]}, TensorProto.STRING
    return {"classlabels_ints": [3 * index - 1 for index in range(count)]}, TensorProto.INT64


x = normal(7, FEATURES)
for targets, transform in itertools.product((1, 3), TRANSFORMS):
    write(
        f"linear_regressor_{targets}_{transform}", "LinearRegressor", [("y", TensorProto.FLOAT)], x, targets=targets,
        coefficients=normal(targets * FEATURES), intercepts=normal(targets), post_transform=transform)
for (rows, classes), strings, transform in itertools.product(((1, 2), (2, 2), (3, 3)), (False, True), TRANSFORMS):
    labels, kind = names(classes, strings)
    write(
        f"linear_classifier_{rows}_{classes}_{strings}_{transform}", "LinearClassifier",
        [("labels", kind), ("scores", TensorProto.FLOAT)], x, coefficients=normal(rows * FEATURES),
        intercepts=normal(rows), post_transform=transform, **labels)
for dtype in (np.float64, np.int64, np.int32):
    write(
        f"linear_classifier_{np.dtype(dtype).name}", "LinearClassifier",
        [("labels", TensorProto.INT64), ("scores", TensorProto.FLOAT)], (x * 3).astype(dtype),
        coefficients=normal(3 * FEATURES), intercepts=normal(3), **names(3, False)[0])

KERNELS = {"LINEAR": [0.0, 0.0, 0.0], "POLY": [0.3, 0.7, 3.0], "RBF": [0.2, 0.0, 0.0], "SIGMOID": [0.1, 0.2, 0.0]}
for kernel, parameters in KERNELS.items():
    for one_class in (0, 1):
        write(
            f"svm_regressor_{kernel}_{one_class}", "SVMRegressor", [("y", TensorProto.FLOAT)], x, kernel_type=kernel,
            kernel_params=parameters, n_supports=6, support_vectors=normal(6 * FEATURES), coefficients=normal(6),
            rho=normal(1), one_class=one_class)
    for transform in TRANSFORMS[1:]:
        write(
            f"svm_regressor_{kernel}_{transform}", "SVMRegressor", [("y", TensorProto.FLOAT)], x, kernel_type=kernel,
            kernel_params=parameters, n_supports=6, support_vectors=normal(6 * FEATURES), coefficients=normal(6),
            rho=normal(1), post_transform=transform)
    for classes, strings, probabilities, transform in itertools.product(
            (2, 3, 4), (False, True), (False, True), TRANSFORMS):
        if (strings or kernel != "RBF") and transform != "NONE":
            continue
        pairs = classes * (classes - 1) // 2
        counts = [2, 3, 1, 4][:classes]
        labels, kind = names(classes, strings)
        extra = {"prob_a": -abs(normal(pairs)), "prob_b": normal(pairs)} if probabilities else {}
        write(
            f"svm_classifier_{kernel}_{classes}_{strings}_{probabilities}_{transform}", "SVMClassifier",
            [("labels", kind), ("scores", TensorProto.FLOAT)], x, kernel_type=kernel, kernel_params=parameters,
            vectors_per_class=counts, support_vectors=normal(sum(counts) * FEATURES),
            coefficients=normal(sum(counts) * (classes - 1)), rho=normal(pairs), post_transform=transform, **labels, **extra)
# Not of two classes: ONNX Runtime names the second one whenever any score is above zero, whichever is greater.
for classes, transform in itertools.product((3, 4), TRANSFORMS):
    write(
        f"svm_classifier_without_vectors_{classes}_{transform}", "SVMClassifier",
        [("labels", TensorProto.INT64), ("scores", TensorProto.FLOAT)], x, kernel_type="LINEAR",
        kernel_params=[0.0, 0.0, 0.0], coefficients=normal(classes * FEATURES), rho=normal(1), post_transform=transform, **names(classes, False)[0])
write(
    "svm_regressor_without_vectors", "SVMRegressor", [("y", TensorProto.FLOAT)], x, kernel_type="LINEAR", n_supports=0,
    kernel_params=[0.0, 0.0, 0.0], coefficients=normal(FEATURES), rho=normal(1))
for norm in ("MAX", "L1", "L2"):
    write(f"normalizer_{norm}", "Normalizer", [("y", TensorProto.FLOAT)], abs(x) if norm == "MAX" else x, norm=norm)
write("scaler", "Scaler", [("y", TensorProto.FLOAT)], x, offset=normal(FEATURES), scale=normal(FEATURES))
write("scaler_of_one", "Scaler", [("y", TensorProto.FLOAT)], x, offset=normal(1), scale=normal(1))
# Coefficients that no feature goes with are left over.
write(
    "linear_classifier_left_over", "LinearClassifier", [("labels", TensorProto.INT64), ("scores", TensorProto.FLOAT)], x,
    coefficients=normal(3 * (FEATURES + 2)), intercepts=normal(3), post_transform="LOGISTIC", **names(3, False)[0])
write(
    "linear_regressor_left_over", "LinearRegressor", [("y", TensorProto.FLOAT)], x, targets=2,
    coefficients=normal(2 * (FEATURES + 2)), intercepts=normal(2))
