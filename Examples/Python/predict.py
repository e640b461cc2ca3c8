"""What a model answers about photographs or texts, as JSON, a line each; Python's standard library is enough:

    LD_LIBRARY_PATH=/usr/local/lib python3 predict.py resnet20-cifar10.zoo cat.jpg

Without photographs or texts, the network itself: what it makes of ones.
"""

import ctypes
import json
import math
import sys
from ctypes import POINTER, byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint64, c_void_p


class Type(ctypes.Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class Value(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("name", c_char_p), ("type", Type), ("rank", c_int32), ("shape", POINTER(c_int64)),
        ("symbols", POINTER(c_char_p)),
    ]


class Tensor(ctypes.Structure):
    """DLPack's DLTensor."""

    _fields_ = [
        ("data", c_void_p), ("device_type", c_int32), ("device_id", c_int32), ("rank", c_int32), ("type", Type),
        ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)), ("byte_offset", c_uint64),
    ]


class ManagedTensor(ctypes.Structure):
    pass


ManagedTensor._fields_ = [
    ("tensor", Tensor), ("context", c_void_p), ("deleter", ctypes.CFUNCTYPE(None, POINTER(ManagedTensor))),
]

CPU, FLOAT = 1, 2

library = ctypes.CDLL("libmodelzoo.so.1")
library.mz_error.restype = c_char_p
library.mz_task.restype = c_char_p
library.mz_call_new.restype = c_void_p
for name, arguments in {
    "mz_open": [c_char_p, c_void_p, POINTER(c_void_p)],
    "mz_close": [c_void_p],
    "mz_task": [c_void_p],
    "mz_input": [c_void_p, c_size_t, POINTER(Value)],
    "mz_predict_text": [c_void_p, c_char_p, c_void_p, c_void_p, POINTER(c_void_p)],
    "mz_predict_image_file": [c_void_p, c_char_p, c_void_p, POINTER(c_void_p)],
    "mz_free_string": [c_void_p],
    "mz_call_new": [c_double],
    "mz_call_free": [c_void_p],
    "mz_run": [
        c_void_p, POINTER(c_char_p), POINTER(POINTER(Tensor)), c_size_t, POINTER(c_char_p),
        POINTER(POINTER(ManagedTensor)), c_size_t, c_void_p,
    ],
}.items():
    getattr(library, name).argtypes = arguments


def check(status):
    if status != 0:
        raise RuntimeError(library.mz_error().decode())


class Model:
    def __init__(self, path):
        self.pointer = c_void_p()
        check(library.mz_open(path.encode(), None, byref(self.pointer)))

    def __del__(self):
        library.mz_close(self.pointer)

    @property
    def takes_text(self):
        return library.mz_task(self.pointer) in [
            b"textEmbedding", b"textGeneration", b"translation", b"textClassification", b"tokenClassification"]

    def predict(self, given, seconds=60):
        """The answer as a dictionary. Other threads of Python run meanwhile."""
        answer = c_void_p()
        call = library.mz_call_new(seconds)
        try:
            if self.takes_text:
                check(library.mz_predict_text(self.pointer, given.encode(), None, call, byref(answer)))
            else:
                check(library.mz_predict_image_file(self.pointer, given.encode(), call, byref(answer)))
            return json.loads(ctypes.string_at(answer))
        finally:
            library.mz_free_string(answer)
            library.mz_call_free(call)

    def run_ones(self):
        """What the network's first output is for ones."""
        info = Value(size=ctypes.sizeof(Value))
        check(library.mz_input(self.pointer, 0, byref(info)))
        extents = [max(info.shape[axis], 1) for axis in range(info.rank)]
        numbers = (ctypes.c_float * math.prod(extents))(*[1.0] * math.prod(extents))
        shape = (c_int64 * info.rank)(*extents)
        tensor = Tensor(ctypes.cast(numbers, c_void_p), CPU, 0, info.rank, Type(FLOAT, 32, 1), shape, None, 0)
        names = (c_char_p * 1)(info.name)
        inputs = (POINTER(Tensor) * 1)(ctypes.pointer(tensor))
        outputs = (POINTER(ManagedTensor) * 1)()
        check(library.mz_run(self.pointer, names, inputs, 1, None, outputs, 1, None))
        output = outputs[0].contents.tensor
        count = math.prod(output.shape[axis] for axis in range(output.rank))
        # A view of the network's own memory, until the deleter is called.
        result = list(ctypes.cast(output.data, POINTER(ctypes.c_float))[:count])
        outputs[0].contents.deleter(outputs[0])
        return result


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: predict.py MODEL [PHOTOGRAPH or TEXT]...")
    model = Model(sys.argv[1])
    for given in sys.argv[2:]:
        print(json.dumps(model.predict(given), ensure_ascii=False, sort_keys=True))
    if len(sys.argv) == 2:
        result = model.run_ones()
        print(f"{len(result)} numbers, sum {sum(result):.3f}")
