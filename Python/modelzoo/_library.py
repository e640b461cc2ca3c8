"""modelzoo.h, as ctypes needs it told. Functions that ctypes calls let other threads of Python run meanwhile."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, c_bool, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32
from ctypes import c_uint64, c_void_p

ABI_VERSION = 1
FOLDER = os.path.dirname(os.path.abspath(__file__))


class Options(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("memory_limit", c_uint64), ("threads", c_uint32), ("precision", c_int32),
        ("score_threshold", POINTER(c_float)),
    ]


class Device(ctypes.Structure):
    _fields_ = [("type", c_int32), ("id", c_int32)]


class Type(ctypes.Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class Tensor(ctypes.Structure):
    """DLPack's DLTensor."""

    _fields_ = [
        ("data", c_void_p), ("device", Device), ("rank", c_int32), ("type", Type), ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)), ("byte_offset", c_uint64),
    ]


class ManagedTensor(ctypes.Structure):
    """DLPack's DLManagedTensor."""


Deleter = ctypes.CFUNCTYPE(None, POINTER(ManagedTensor))
ManagedTensor._fields_ = [("tensor", Tensor), ("context", c_void_p), ("deleter", Deleter)]


class Value(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("name", c_char_p), ("type", Type), ("rank", c_int32), ("shape", POINTER(c_int64)),
        ("symbols", POINTER(c_char_p)),
    ]


class Pixels(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("data", c_void_p), ("count", c_size_t), ("width", c_size_t), ("height", c_size_t),
        ("row_stride", c_size_t), ("format", c_int32),
    ]


class Generation(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("beams", c_uint32), ("maximum_tokens", c_uint32), ("temperature", c_float),
        ("top_k", c_uint32), ("top_p", c_float), ("seed", c_uint64),
    ]


Piece = ctypes.CFUNCTYPE(c_bool, c_void_p, POINTER(ctypes.c_char), c_size_t)

_FUNCTIONS = {
    "mz_abi_version": (c_uint32, []),
    "mz_version": (c_char_p, []),
    "mz_error": (c_char_p, []),
    "mz_open": (c_int32, [c_char_p, POINTER(Options), POINTER(c_void_p)]),
    "mz_open_memory": (c_int32, [c_char_p, c_size_t, c_char_p, POINTER(Options), POINTER(c_void_p)]),
    "mz_close": (None, [c_void_p]),
    "mz_warm_up": (c_int32, [c_void_p]),
    "mz_task": (c_char_p, [c_void_p]),
    "mz_name": (c_char_p, [c_void_p]),
    "mz_label_count": (c_size_t, [c_void_p]),
    "mz_label": (c_char_p, [c_void_p, c_size_t]),
    "mz_input_count": (c_size_t, [c_void_p]),
    "mz_output_count": (c_size_t, [c_void_p]),
    "mz_input": (c_int32, [c_void_p, c_size_t, POINTER(Value)]),
    "mz_output": (c_int32, [c_void_p, c_size_t, POINTER(Value)]),
    "mz_call_new": (c_void_p, [c_double]),
    "mz_call_cancel": (None, [c_void_p]),
    "mz_call_free": (None, [c_void_p]),
    "mz_run": (c_int32, [
        c_void_p, POINTER(c_char_p), POINTER(POINTER(Tensor)), c_size_t, POINTER(c_char_p),
        POINTER(POINTER(ManagedTensor)), c_size_t, c_void_p]),
    "mz_predict_image_file": (c_int32, [c_void_p, c_char_p, c_void_p, POINTER(c_void_p)]),
    "mz_predict_image": (c_int32, [c_void_p, c_char_p, c_size_t, c_void_p, POINTER(c_void_p)]),
    "mz_predict_pixels": (c_int32, [c_void_p, POINTER(Pixels), c_void_p, POINTER(c_void_p)]),
    "mz_predict_text": (c_int32, [c_void_p, c_char_p, POINTER(Generation), c_void_p, POINTER(c_void_p)]),
    "mz_stream": (c_int32, [c_void_p, c_char_p, POINTER(Generation), c_void_p, Piece, c_void_p]),
    "mz_free_string": (None, [c_void_p]),
}


def _load() -> ctypes.CDLL:
    own = os.path.join(FOLDER, "lib", "libmodelzoo.so.1")
    # Without one of its own, as in a checkout, the system's.
    loaded = ctypes.CDLL(own if os.path.exists(own) else "libmodelzoo.so.1")
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    if loaded.mz_abi_version() != ABI_VERSION:
        raise ImportError(f"libmodelzoo has the ABI {loaded.mz_abi_version()}, and this package knows {ABI_VERSION}")
    return loaded


library = _load()
