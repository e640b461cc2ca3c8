"""write FOLDER: files of the safetensors package. check FILE: prints what it reads of one, as JSON."""

import json
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file


def write(folder):
    types = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64"]
    tensors = {f"of {name}": (numpy.arange(6).reshape(2, 3) % 2).astype(name) for name in types}
    tensors |= {"scalar": numpy.array(1.5, numpy.float32).reshape(()), "empty": numpy.zeros((0, 4), "float32"), "e\u0301 \"\\": numpy.ones(3, "float32")}
    save_file(tensors, f"{folder}/types.safetensors", metadata={"format": "np", "a \"text\"": "é\n"})


def check(path):
    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        print(json.dumps({
            "metadata": file.metadata(),
            "tensors": {n: [str(t.dtype), list(t.shape), [float(x) for x in t.ravel()]] for n, t in tensors.items()},
        }))


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
