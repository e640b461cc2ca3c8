"""Writes test folders (ONNX's backend layout) for trees, encoders and operators on strings; ONNX Runtime computes the
outputs.

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
FEATURES = 6
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO")
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


def kind(value):
    return TensorProto.STRING if value.dtype == object else helper.np_dtype_to_tensor_dtype(value.dtype)


def write(name, operator, outputs, inputs, domain="ai.onnx.ml", versions=(21, 3), **attributes):
    """`inputs`: arrays by name."""
    node = helper.make_node(operator, list(inputs), outputs, domain=domain, **attributes)
    graph = helper.make_graph(
        [node], name, [helper.make_tensor_value_info(key, kind(value), value.shape) for key, value in inputs.items()],
        [onnx.ValueInfoProto(name=output) for output in outputs])
    model = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", versions[0]), helper.make_opsetid("ai.onnx.ml", versions[1]),
        helper.make_opsetid("com.microsoft", 1)])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    results = session.run(None, inputs)
    for output, result in zip(model.graph.output, results):
        result = result.astype(object) if result.dtype.kind in "UO" else result
        output.CopyFrom(helper.make_tensor_value_info(output.name, kind(result), None))
    data = Path(sys.argv[1]) / name / "test_data_set_0"
    data.mkdir(parents=True)
    (data.parent / "model.onnx").write_bytes(model.SerializeToString())
    for index, (key, value) in enumerate(inputs.items()):
        (data / f"input_{index}.pb").write_bytes(numpy_helper.from_array(value, key).SerializeToString())
    for index, (output, value) in enumerate(zip(outputs, results)):
        value = value.astype(object) if value.dtype.kind in "UO" else value
        (data / f"output_{index}.pb").write_bytes(numpy_helper.from_array(value, output).SerializeToString())


def forest(trees, depth, votes, targets, modes, missing, positive=False, sparse=False, double=False):
    """The attributes of random trees, of which some branches end early."""
    nodes = {key: [] for key in (
        "treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
        "missing_value_tracks_true")}
    leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}

    def add(tree, level):
        index, own = len(nodes["treeids"]), nodes["treeids"].count(tree)
        is_leaf = level == depth or level > 1 and random.random() < 0.2
        nodes["treeids"].append(tree)
        nodes["nodeids"].append(own)
        nodes["featureids"].append(0 if is_leaf else int(random.integers(FEATURES)))
        nodes["modes"].append("LEAF" if is_leaf else str(random.choice(modes)))
        nodes["values"].append(0.0 if is_leaf else float(np.float32(random.integers(-8, 9) / 4)))
        nodes["missing_value_tracks_true"].append(int(missing and random.random() < 0.5))
        nodes["truenodeids"].append(0)
        nodes["falsenodeids"].append(0)
        if is_leaf:
            chosen = [int(random.integers(targets))] if sparse else range(targets)
            for target in chosen:
                weight = random.random() if positive else random.standard_normal()
                for key, value in (("treeids", tree), ("nodeids", own), ("ids", target), ("weights", float(weight))):
                    leaves[key].append(value)
        else:
            nodes["truenodeids"][index] = add(tree, level + 1)
            nodes["falsenodeids"][index] = add(tree, level + 1)
        return own

    for tree in range(trees):
        add(tree, 0)
    attributes = {f"nodes_{key}": value for key, value in nodes.items()}
    attributes |= {f"{votes}_{key}": value for key, value in leaves.items()}
    if double:
        for key in ("nodes_values", f"{votes}_weights"):
            values = np.array(attributes.pop(key), np.float64)
            attributes[f"{key}_as_tensor"] = numpy_helper.from_array(values, key)
    return attributes


def rows(count, dtype=np.float32, missing=False):
    # Quarters, so that comparisons meet their thresholds.
    x = random.integers(-10, 11, (count, FEATURES)) / 4
    if missing:
        x[random.random(x.shape) < 0.2] = np.nan
    return x.astype(dtype)


def trees():
    for mode, missing in itertools.product((*MODES, None), (False, True)):
        for aggregate, targets in (("SUM", 1), ("AVERAGE", 3), ("MIN", 2), ("MAX", 1)):
            write(
                f"regressor_{mode}_{missing}_{aggregate}", "TreeEnsembleRegressor", ["y"],
                {"x": rows(21, missing=missing)}, n_targets=targets, aggregate_function=aggregate,
                base_values=[float(value) for value in random.standard_normal(targets)],
                **forest(7, 5, "target", targets, [mode] if mode else MODES, missing))
    for double in (False, True):
        write(
            f"regressor_double_{double}", "TreeEnsembleRegressor", ["y"], {"x": rows(9, np.float64)}, n_targets=2,
            **forest(5, 4, "target", 2, MODES[:4], False, double=double))
    # (ONNX Runtime has no regressor for integers.)
    for dtype in (np.float64, np.int64, np.int32):
        write(
            f"classifier_{np.dtype(dtype).name}", "TreeEnsembleClassifier", ["y", "z"], {"x": rows(9, dtype)},
            classlabels_int64s=[3, 1, 2], **forest(5, 4, "class", 3, MODES[:4], False))
    # Few rows and many trees, and the other way round.
    for count, number in ((1, 300), (3, 1), (1000, 20)):
        write(
            f"regressor_{count}_{number}", "TreeEnsembleRegressor", ["y"], {"x": rows(count)}, n_targets=1,
            **forest(number, 6, "target", 1, ["BRANCH_LEQ"], False))
    for transform, classes, base in itertools.product(TRANSFORMS, (2, 3, 5), (False, True)):
        labels = {"classlabels_int64s": [0, 1]} if classes == 2 else {
            "classlabels_strings": [f"class {index}" for index in range(classes)]}
        for sparse in (False, True):
            if classes == 2 and sparse:
                continue
            write(
                f"classifier_{transform}_{classes}_{base}_{sparse}", "TreeEnsembleClassifier", ["y", "z"],
                {"x": rows(20)}, post_transform=transform,
                **({"base_values": [0.25] * classes} if base else {}), **labels,
                **forest(6, 4, "class", classes, ["BRANCH_LEQ"], False, sparse=sparse))
    for transform, positive, base in itertools.product(TRANSFORMS, (False, True), ([], [0.3])):
        attributes = forest(1 if positive else 6, 4, "class", 1, ["BRANCH_LT"], True, positive)
        for number in (0, 1):
            if number == 1 and base:
                continue
            attributes["class_ids"] = [number] * len(attributes["class_ids"])
            write(
                f"binary_{transform}_{positive}_{len(base)}_{number}", "TreeEnsembleClassifier", ["y", "z"],
                {"x": rows(20)}, post_transform=transform, classlabels_int64s=[7, 9],
                **({"base_values": base} if base else {}), **attributes)


def encoders():
    words = np.array([["b", "", "Ünï", "zz"], ["a", "b", "x", "a"]], object)
    numbers = np.array([[3, -1, 7], [0, 3, 2**40]], np.int64)
    floats = np.array([0.0, -0.0, 1.5, np.nan, np.inf, 2.25], np.float32)
    for version in (2, 4):
        write(
            f"labels_{version}_texts", "LabelEncoder", ["y"], {"x": words}, versions=(21, version),
            keys_strings=["a", "b", "Ünï"], values_floats=[1.0, 2.5, -3.0], default_float=0.5)
        write(
            f"labels_{version}_numbers", "LabelEncoder", ["y"], {"x": numbers}, versions=(21, version),
            keys_int64s=[3, -1, 2**40], values_strings=["three", "", "many"], default_string="?")
        write(
            f"labels_{version}_floats", "LabelEncoder", ["y"], {"x": floats[floats == floats]}, versions=(21, version),
            keys_floats=[1.5, 0.0, float("inf")], values_int64s=[1, 2, 3])
    write(
        "labels_4_nan", "LabelEncoder", ["y"], {"x": floats.astype(np.float64)}, versions=(21, 4),
        keys_tensor=numpy_helper.from_array(np.array([np.nan, 1.5])),
        values_tensor=numpy_helper.from_array(np.array([4.0, 5.0])), default_tensor=numpy_helper.from_array(
            np.array([-7.0])))
    write("labels_1_texts", "LabelEncoder", ["y"], {"x": words}, versions=(21, 1), classes_strings=["b", "a", "Ünï"])
    write("labels_1_numbers", "LabelEncoder", ["y"], {"x": numbers}, versions=(21, 1), classes_strings=list("pqrs"))
    write("categories_texts", "CategoryMapper", ["y"], {"x": words}, cats_strings=["a", "Ünï"], cats_int64s=[4, -2])
    write("categories_numbers", "CategoryMapper", ["y"], {"x": numbers}, cats_strings=["a", "z"], cats_int64s=[3, 7])
    write("one_hot_texts", "OneHotEncoder", ["y"], {"x": words}, cats_strings=["a", "b", "x"])
    for dtype in (np.float32, np.float64, np.int64):
        write(
            f"one_hot_{np.dtype(dtype).name}", "OneHotEncoder", ["y"],
            {"x": np.array([[1.7, -2.9], [2, 9]]).astype(dtype)}, cats_int64s=[2, 1, -2])
        write(
            f"binarizer_{np.dtype(dtype).name}", "Binarizer", ["y"], {"x": rows(4, np.float32)}, threshold=0.25)
    write(
        "imputer_nan", "Imputer", ["y"], {"x": rows(8, missing=True)}, replaced_value_float=float("nan"),
        imputed_value_floats=[float(index) for index in range(FEATURES)])
    write(
        "imputer_number", "Imputer", ["y"], {"x": rows(8, np.int64)}, replaced_value_int64=1,
        imputed_value_int64s=[100])
    write(
        "features", "FeatureVectorizer", ["y"], {"a": rows(3, np.int64), "b": rows(3, np.int64)},
        inputdimensions=[FEATURES - 2, FEATURES + 1])


def texts():
    random_words = random.choice(list("abcdefg"), (4, 30)).astype(object)
    pool = list("abc") + ["a", "b", "b", "c", "c", "d", "a", "a"] + ["a", "b", "c", "d", "e", "f"]
    for mode, skips, least in itertools.product(("TF", "IDF", "TFIDF"), (0, 2), (1, 2)):
        settings = dict(
            mode=mode, max_skip_count=skips, min_gram_length=least, max_gram_length=3, ngram_counts=[0, 3, 11],
            ngram_indexes=[4, 0, 2, 8, 1, 6, 3, 9, 5], weights=[float(value) for value in random.random(9)])
        write(f"grams_{mode}_{skips}_{least}", "TfIdfVectorizer", ["y"], {"x": random_words}, "", pool_strings=pool,
              **settings)
        write(f"grams_{mode}_{skips}_{least}_ints", "TfIdfVectorizer", ["y"],
              {"x": random.integers(0, 7, (40,)).astype(np.int32 if skips else np.int64)}, "",
              pool_int64s=["abcdefg".index(word) for word in pool], **settings)
    sentences = np.array(["a b  c ", "", " ", "x", "a,b,,c", ",", "日本 語,é"], object)
    for name, settings in {
        "words": {}, "commas": {"delimiter": ","}, "once": {"maxsplit": 1}, "never": {"maxsplit": 0},
        "comma_once": {"delimiter": ",", "maxsplit": 1}, "two": {"delimiter": "b,"},
    }.items():
        write(f"split_{name}", "StringSplit", ["y", "z"], {"x": sentences}, "", **settings)
    write(
        "concat", "StringConcat", ["y"], {"a": sentences.reshape(7, 1), "b": sentences[:3]}, "")
    for index, pattern in enumerate((
        r"[a-z ]*", r".*\bb\b.*", r"(a|b|[,c ])+", r"^$", r"\pL+ .{3}", r"(?i)A B.*", r"\s*", r"[^a]{1,2}",
        r"(?:a,)b(,,c)?", r"[[:alpha:]]", r"\x{65e5}.*", r"(?s)a.*c $", r"\Qa,b\E,+c",
    )):
        write(f"regex_{index}", "RegexFullMatch", ["y"], {"x": sentences}, "", pattern=pattern)
    tokens = dict(domain="com.microsoft", mark=0, mincharnum=1, pad_value="#")
    for name, settings in {
        "words": {"tokenexp": r"[a-z]+"}, "longest": {"tokenexp": r"a|a b|b*"}, "lazy": {"tokenexp": r"[^ ]+?"},
        "separators": {"separators": [" ", ","]}, "characters": {"separators": [""]},
        "marked": {"separators": [",", "[ b]"], "mark": 1}, "long": {"tokenexp": r"\pL+", "mincharnum": 2},
    }.items():
        write(f"tokens_{name}", "Tokenizer", ["y"], {"x": sentences}, **(tokens | settings))


trees()
encoders()
texts()
