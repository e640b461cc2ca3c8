#!/usr/bin/env bash
# wheel.sh: makes Python's package, installs it into an empty environment, and has it give the answers of `zoo predict` and
# ONNX Runtime there, without Swift.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:-$root/.build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "FAIL: $*" >&2; exit 1; }

make --no-print-directory -s -C "$root" wheel BIN="$bin" DIST="$work" >/dev/null
wheel=$(echo "$work"/modelzoo-*-py3-none-manylinux_*.whl)
[ -s "$wheel" ] || fail "no wheel"
[ "$(stat -c %s "$wheel")" -lt 36000000 ] || fail "the wheel has $(stat -c %s "$wheel") bytes"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$wheel"
# NumPy, Pillow and ONNX Runtime are those of the other tests.
(cd "$root" && .venv/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
  >"$("$work/venv/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tests.pth"

"$bin/zoo" predict "$root/Zoo/ResNet/resnet20-cifar10.zoo" "$root/Examples/Images/cat.jpg" --json --top 1000 >"$work/classes.json"
"$bin/zoo" predict "$root/Zoo/RCNN/rcnn-bccd.zoo" "$root/Examples/Images/smear.jpg" --json >"$work/detections.json"
"$bin/zoo" predict "$root/Zoo/Transformer/transformer-en-de.zoo" "A dog is running." --json >"$work/text.json"
"$bin/zoo" convert "$root/Zoo/ResNet/resnet20-cifar10.zoo" "$work/resnet20.onnx" >/dev/null
"$root/.venv/bin/python3" - "$work/same.onnx" <<'PYTHON'
import sys
from onnx import TensorProto, helper
graph = helper.make_graph(
    [helper.make_node("Add", ["x", "x"], ["y"])], "same", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N"])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
open(sys.argv[1], "wb").write(model.SerializeToString())
PYTHON
cd "$work"
env -i HOME="$work" PATH=/usr/bin:/bin ROOT="$root" ANSWERS="$work" \
  timeout 120 "$work/venv/bin/python3" "$root/Tests/Install/wheel.py" >log 2>&1 \
  || { tail -n 100 log >&2; fail "the package in an empty environment"; }
# What a newer mypy of a user's says of his calls.
cat >typed.py <<'PYTHON'
import numpy as np
import modelzoo

model = modelzoo.Model("resnet20-cifar10", threads=1)
label: str = model.predict("cat.jpg")["classes"][0]["label"]
logits: float = model.run({"input": np.zeros((1, 3, 32, 32), np.float32)})["logits"][0, 0]
for piece in model.stream("A dog."):
    print(piece + "")
PYTHON
"$root/.build/wheel-tools/bin/mypy" --strict --cache-dir "$work/mypy" --python-executable "$work/venv/bin/python3" typed.py >log \
  || { cat log >&2; fail "types"; }
if sed 's/: str = model/: int = model/' typed.py >wrong.py && "$root/.build/wheel-tools/bin/mypy" --strict \
  --cache-dir "$work/mypy" --python-executable "$work/venv/bin/python3" wrong.py >log; then fail "types are not looked at"; fi
echo "PASS: the package of Python, $(basename "$wheel")"
