"""Tensors between NumPy, DLPack and the library, without copies."""

from __future__ import annotations

import ctypes
import importlib
import math
from ctypes import POINTER, c_char_p, c_int, c_int64, c_void_p, py_object
from typing import Any, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _library
from .errors import BadInputError, UnsupportedError

_ALIGNMENT, _PAGE = 64, 4096

# DLPack's code and bits of each type that NumPy has, or gets from ml_dtypes.
_TYPES = {
    "int8": (0, 8), "int16": (0, 16), "int32": (0, 32), "int64": (0, 64), "uint8": (1, 8), "uint16": (1, 16),
    "uint32": (1, 32), "uint64": (1, 64), "float16": (2, 16), "float32": (2, 32), "float64": (2, 64),
    "bfloat16": (4, 16), "complex64": (5, 64), "complex128": (5, 128), "bool": (6, 8), "float8_e4m3fn": (10, 8),
    "float8_e4m3fnuz": (11, 8), "float8_e5m2": (12, 8), "float8_e5m2fnuz": (13, 8),
}
_NAMES = {type: name for name, type in _TYPES.items()}


class Value(NamedTuple):
    """What a model takes or gives."""

    name: str
    #: As NumPy and ml_dtypes call it; None for strings, for types that neither has, and for what is no tensor.
    dtype: Optional[str]
    #: Extents: numbers, names of open ones, or None; None altogether where the rank is open.
    shape: Optional[Tuple[Union[int, str, None], ...]]


def described(value: _library.Value) -> Value:
    shape = None
    if value.rank >= 0:
        shape = tuple(
            value.shape[axis] if value.shape[axis] >= 0 else (value.symbols[axis] or b"").decode() or None
            for axis in range(value.rank))
    dtype = _NAMES.get((value.type.code, value.type.bits)) if value.type.lanes == 1 else None
    return Value(value.name.decode(), dtype, shape)


def empty(shape: Union[int, Sequence[int]], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """An array, as numpy.empty makes it, whose memory a model reads where it lies: it begins at a multiple of 64 bytes, and
    does not end with a page. NumPy's own often begin elsewhere; then the library copies them."""
    kind = np.dtype(dtype)
    extents = (shape,) if isinstance(shape, int) else tuple(shape)
    count = math.prod(extents) * kind.itemsize
    memory = np.empty(count + 3 * _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    if (memory.ctypes.data + start + count - 1) % _PAGE + _ALIGNMENT >= _PAGE:
        start += _ALIGNMENT
    return memory[start:start + count].view(kind).reshape(extents)


def _numpy_type(name: Optional[str]) -> np.dtype[Any]:
    if name is None:
        raise UnsupportedError("NumPy has no such type of elements: take the output by run_tensors")
    if name[:2] != "bf" and name[:6] != "float8":
        return np.dtype(name)
    try:
        kind: np.dtype[Any] = np.dtype(getattr(importlib.import_module("ml_dtypes"), name))
        return kind
    except ImportError:
        raise UnsupportedError(f"NumPy has {name} only with the package ml_dtypes, which is not installed") from None


class Tensor:
    """An output in the library's memory, as NumPy's array or by DLPack (torch.from_dlpack and others)."""

    def __init__(self, managed: Any) -> None:
        self._managed = managed
        self._is_shared = False
        tensor = managed.contents.tensor
        self.shape: Tuple[int, ...] = tuple(tensor.shape[:tensor.rank])
        #: The name of the elements' type; None for one that NumPy does not have, with ml_dtypes or without.
        self.dtype: Optional[str] = _NAMES.get((tensor.type.code, tensor.type.bits))

    def __del__(self) -> None:
        if self._managed:
            self._managed.contents.deleter(self._managed)

    def numpy(self) -> NDArray[Any]:
        """A view of the memory, which stays as long as there are views."""
        kind = _numpy_type(self.dtype)
        if 0 in self.shape:
            return np.empty(self.shape, kind)
        self._check()
        self._is_shared = True
        return np.asarray(_Bytes(self, math.prod(self.shape) * kind.itemsize)).view(kind).reshape(self.shape)

    def __dlpack_device__(self) -> Tuple[int, int]:
        return (_CPU, 0)

    def __dlpack__(self, **_: Any) -> object:
        """Gives the memory away, once."""
        self._check()
        if self._is_shared:
            raise BufferError("the memory belongs to the arrays that numpy() gave: give one of them")
        capsule: object = _new_capsule(ctypes.cast(self._managed, c_void_p), _CAPSULE, _drop)
        self._managed = None
        return capsule

    def _check(self) -> None:
        if not self._managed:
            raise BufferError("the tensor was given away")


class _Bytes:
    """A tensor's memory for NumPy, whose arrays keep it."""

    def __init__(self, tensor: Tensor, count: int) -> None:
        self.tensor = tensor
        address = tensor._managed.contents.tensor.data
        self.__array_interface__ = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (address, False)}


class Lent:
    """An input as the library takes it: where it lies, as long as this is there."""

    def __init__(self, given: Any, name: str, dtype: Optional[str]) -> None:
        if isinstance(given, Tensor):
            given = given.numpy()
        if not isinstance(given, np.ndarray) and hasattr(given, "__dlpack__"):
            # The capsule is not used up, so what it holds goes with it.
            self._kept: Any = given.__dlpack__()
            address = _capsule_pointer(self._kept, _CAPSULE)
            self.pointer = ctypes.cast(address, POINTER(_library.Tensor))
            return
        # Lists of numbers have no type of their own.
        known = hasattr(given, "dtype") or dtype is None
        array = np.asarray(given, None if known else _numpy_type(dtype), order="C")
        # NumPy's other order of bytes is nobody else's.
        if not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
        if array.dtype.name not in _TYPES:
            raise BadInputError(f'input "{name}": elements of the type {array.dtype} can\'t be given')
        shape = (c_int64 * array.ndim)(*array.shape)
        code, bits = _TYPES[array.dtype.name]
        self._kept = array
        self.pointer = ctypes.pointer(_library.Tensor(
            array.ctypes.data, _library.Device(_CPU, 0), array.ndim, _library.Type(code, bits, 1), shape, None, 0))


_CPU = 1
_CAPSULE = b"dltensor"
_Destructor = ctypes.PYFUNCTYPE(None, c_void_p)
_new_capsule = ctypes.PYFUNCTYPE(py_object, c_void_p, c_char_p, _Destructor)(("PyCapsule_New", ctypes.pythonapi))
_capsule_pointer = ctypes.PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))
# Of what is being freed, no reference may be made: addresses.
_is_capsule = ctypes.PYFUNCTYPE(c_int, c_void_p, c_char_p)(("PyCapsule_IsValid", ctypes.pythonapi))
_freed_pointer = ctypes.PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


def _drop_unused(capsule: int) -> None:
    """Frees what nobody took: whoever takes it gives the capsule another name."""
    if _is_capsule(capsule, _CAPSULE):
        managed = ctypes.cast(_freed_pointer(capsule, _CAPSULE), POINTER(_library.ManagedTensor))
        managed.contents.deleter(managed)


_drop = _Destructor(_drop_unused)
