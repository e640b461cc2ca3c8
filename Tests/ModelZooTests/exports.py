"""Runs exported models in ONNX Runtime with its default options: exports.py FOLDER

FOLDER/models.txt lists them, FOLDER/cases.pkl has their inputs. MODEL.inputs.npz and MODEL.outputs.npz get the tensors by
name; MODEL.error gets what ONNX Runtime says of a model that it does not run.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)
folder = Path(sys.argv[1])
for path, (inputs, _) in pickle.loads((folder / "cases.pkl").read_bytes()).items():
    np.savez(f"{path}.inputs.npz", **inputs)
    try:
        onnx.checker.check_model(path, full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        outputs = session.run(None, inputs)
    except Exception as error:
        Path(f"{path}.error").write_text(str(error))
        continue
    np.savez(f"{path}.outputs.npz", **dict(zip((value.name for value in session.get_outputs()), outputs)))
