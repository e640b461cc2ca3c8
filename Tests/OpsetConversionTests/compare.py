"""Compares converted models with what they were converted from: compare.py FOLDER [TOLERANCE]

FOLDER/converted.txt has a line for each: converted model, operator set, model that it comes from, separated by tabs.
Inputs and expected outputs are in FOLDER/cases.pkl. Each converted model must pass onnx.checker with full_check and
give in ONNX Runtime what the original gives there; where the original does not run there, what the onnx package
expects. What ONNX Runtime does not have runs in the package's reference evaluator. Prints counts as JSON.
"""

import collections
import json
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

warnings.simplefilter("ignore")
np.seterr(all="ignore")
onnxruntime.set_default_logger_severity(4)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
# What is compared are the models, not what optimizers make of them.
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
options.log_severity_level = 4

RANDOM = {"Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}


def run(model, inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def reference(model, inputs):
    return ReferenceEvaluator(model).run(None, inputs)


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception:
        return None


def equal(a, b, tolerance):
    if isinstance(a, list) or isinstance(b, list):
        return isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(
            equal(x, y, tolerance) for x, y in zip(a, b))
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind in "OSUb":
        return bool((a == b).all())
    # The mean of a pooling differs in its last bit among versions of ONNX Runtime's operator, and may be next to a half.
    if a.dtype.itemsize == 1 and tolerance > 1e-5:
        return int(np.abs(a.astype(int) - b.astype(int)).max(initial=0)) <= 1
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    return np.allclose(a.astype(wide), b.astype(wide), rtol=tolerance, atol=tolerance, equal_nan=True)


def is_half(values):
    return any("float16" in str(getattr(value, "dtype", "")) for value in values)


folder = Path(sys.argv[1])
tolerance = float(sys.argv[2]) if len(sys.argv) > 2 else 2e-6
cases = pickle.loads((folder / "cases.pkl").read_bytes())
originals = {}


def judge(path, opset, source):
    inputs, expected = cases[source]
    original, model = onnx.load(source), onnx.load(path)
    if not all(x.version == opset for x in model.opset_import if x.domain in ("", "ai.onnx")):
        return "wrong: another operator set"
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:
        # Some of the package's own models don't pass.
        valid = attempt(lambda: onnx.checker.check_model(original, full_check=True) or True)
        return f"wrong: {str(error)[:300]}" if valid else "original not valid"
    if source not in originals:
        originals[source] = attempt(run, original, inputs)
    own = originals[source]
    result = attempt(run, model, inputs)
    if result is None:
        result = attempt(reference, model, inputs)
    if result is None:
        return "original does not run" if own is None else "wrong: does not run"
    # Half precision rounds where decompositions round.
    allowed = 3e-3 if is_half(list(inputs.values()) + list(expected)) else tolerance
    if own is not None and equal(result, own, allowed):
        return "equal"
    if equal(result, [np.asarray(x) if not isinstance(x, (list, type(None))) else x for x in expected],
             max(allowed, 1e-4)):
        return "equal to what is expected"
    if equal(result, attempt(reference, original, inputs), allowed):
        return "equal in the reference evaluator"
    if RANDOM & {node.op_type for node in original.graph.node}:
        return "random"
    return "wrong: other outputs"


counts = collections.Counter()
wrong = []
for line in (folder / "converted.txt").read_text().splitlines():
    path, opset, source = line.split("\t")
    verdict = judge(path, int(opset), source)
    counts[verdict.split(":")[0]] += 1
    if verdict.startswith("wrong"):
        wrong.append(f"{Path(path).name}: {verdict}")
print(json.dumps({"counts": counts, "wrong": wrong}))
