"""Writes Fixtures: small models that scikit-learn (by way of skl2onnx), LightGBM and XGBoost (by way of onnxmltools) export,
with inputs and the outputs that ONNX Runtime gives. ZipMap is left out, and float64 made float32: what is told is the numbers.

Needs skl2onnx, onnxmltools, lightgbm, xgboost, onnxruntime, and a locale en_US.UTF-8 for ONNX Runtime's StringNormalizer.

Usage: make_fixtures.py FOLDER
"""

import sys
import warnings
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import xgboost
from onnx import helper, numpy_helper
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloats
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
import pandas

warnings.filterwarnings("ignore")
random = np.random.default_rng(0)
OPSETS = {"": 18, "ai.onnx.ml": 3}


def write(name, model, inputs):
    graph = model.graph
    for node in [node for node in graph.node if node.op_type == "ZipMap"]:
        for output in graph.output:
            if output.name == node.output[0]:
                output.CopyFrom(helper.make_tensor_value_info(node.input[0], onnx.TensorProto.FLOAT, None))
        graph.node.remove(node)
    model.doc_string = graph.doc_string = ""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    if not isinstance(inputs, dict):
        inputs = {session.get_inputs()[0].name: inputs}
    data = Path(sys.argv[1]) / name / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    (data.parent / "model.onnx").write_bytes(model.SerializeToString())
    for index, entry in enumerate(session.get_inputs()):
        tensor = numpy_helper.from_array(inputs[entry.name], entry.name)
        (data / f"input_{index}.pb").write_bytes(tensor.SerializeToString())
    for index, (entry, value) in enumerate(zip(session.get_outputs(), session.run(None, inputs))):
        value = value.astype(object) if value.dtype.kind in "UO" else value
        (data / f"output_{index}.pb").write_bytes(numpy_helper.from_array(value, entry.name).SerializeToString())


x = random.standard_normal((80, 4)).astype(np.float32)
missing = np.where(random.random(x.shape) < 0.1, np.nan, x).astype(np.float32)
score = x[:, 0] + x[:, 1] * x[:, 2]
two = (score > 0).astype(int)
three = np.digitize(score, [-0.7, 0.7])
names = np.array(["cat", "dog", "emu"])[three]

words = "the quick brown fox jumps over lazy dog hello world".split()
texts = np.array([" ".join(random.choice(words, random.integers(3, 9))) + random.choice(["", "!", " ..."])
                  for _ in range(80)], object)
topics = np.array(["dog" if "dog" in text else "fox" if "fox" in text else "none" for text in texts])
pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), max_features=40), LogisticRegression()).fit(texts, topics)
model = to_onnx(pipeline, initial_types=[("text", StringTensorType([None]))], target_opset=OPSETS)
write("text_pipeline", model, texts[:20])

frame = pandas.DataFrame({
    "a": missing[:, 0], "b": missing[:, 1], "c": random.choice(["x", "y", "z"], 80), "d": random.choice(["k", "l"], 80)})
columns = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["a", "b"]),
    ("texts", OneHotEncoder(handle_unknown="ignore"), ["c", "d"])])
pipeline = make_pipeline(columns, LogisticRegression()).fit(frame, names)
model = to_onnx(pipeline, initial_types=[
    (key, (FloatTensorType if key in "ab" else StringTensorType)([None, 1])) for key in "abcd"], target_opset=OPSETS)
write("columns", model, {
    key: frame[[key]].to_numpy(np.float32 if key in "ab" else object)[:20] for key in "abcd"})

table = frame[["c", "d"]].to_numpy(object)
pipeline = make_pipeline(OrdinalEncoder(), DecisionTreeClassifier(max_depth=3, random_state=0)).fit(table, names)
write("ordinal", to_onnx(
    pipeline, initial_types=[("x", StringTensorType([None, 2]))], target_opset=OPSETS), table[:20])

for name, estimator, target in (
    ("forest_two", RandomForestClassifier(5, max_depth=3, random_state=0), two),
    ("forest_names", RandomForestClassifier(5, max_depth=3, random_state=0), names),
    ("forest_numbers", RandomForestRegressor(5, max_depth=3, random_state=0), score),
    ("boosted_two", GradientBoostingClassifier(n_estimators=6, max_depth=2, random_state=0), two),
    ("boosted_names", GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=0), names),
    ("isolation", IsolationForest(n_estimators=4, max_samples=16, random_state=0), None),
):
    estimator.fit(x, target)
    write(name, to_onnx(estimator, x[:1], target_opset=OPSETS), x[:20])

for name, estimator, target in (
    ("lightgbm_two", lightgbm.LGBMClassifier(n_estimators=5, num_leaves=5, min_child_samples=5, verbose=-1), two),
    ("lightgbm_three", lightgbm.LGBMClassifier(n_estimators=3, num_leaves=5, min_child_samples=5, verbose=-1), three),
    ("lightgbm_numbers", lightgbm.LGBMRegressor(n_estimators=5, num_leaves=5, min_child_samples=5, verbose=-1), score),
):
    estimator.fit(missing, target)
    write(name, onnxmltools.convert_lightgbm(
        estimator, initial_types=[("x", ToolsFloats([None, 4]))], target_opset=15), missing[:20])
for name, estimator, target in (
    ("xgboost_two", xgboost.XGBClassifier(n_estimators=5, max_depth=3), two),
    ("xgboost_three", xgboost.XGBClassifier(n_estimators=3, max_depth=3), three),
    ("xgboost_numbers", xgboost.XGBRegressor(n_estimators=5, max_depth=3), score),
):
    estimator.fit(missing, target)
    write(name, onnxmltools.convert_xgboost(
        estimator, initial_types=[("x", ToolsFloats([None, 4]))], target_opset=15), missing[:20])
