"""Models, their predictions, and what ends them."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import queue
import threading
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_float, c_void_p
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Protocol, Sequence, Tuple, TypedDict, Union
from typing import cast, overload

import numpy as np
from numpy.typing import NDArray

from . import _library
from ._library import library
from .errors import BadInputError, NotFoundError, UsageError, check
from .tensors import Lent, Tensor, Value, described

_PRECISIONS = {"float32": 0, "bfloat16": 1, "int8": 2, "exact": 3}
_RGB, _RGBA, _GRAY = 0, 2, 5
_TEXT_TASKS = ("textEmbedding", "textGeneration", "translation")


class _PillowImage(Protocol):
    @property
    def mode(self) -> str: ...

    def convert(self, mode: str) -> Any: ...


Picture = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, NDArray[np.uint8], _PillowImage]


class Class(TypedDict):
    index: int
    label: str
    probability: float


class Box(TypedDict):
    left: float
    top: float
    right: float
    bottom: float


class Detection(TypedDict):
    label: str
    score: float
    box: Box


class Prediction(TypedDict, total=False):
    """One of these keys, which tells what it is; further ones may come."""

    classes: List[Class]
    detections: List[Detection]
    text: str
    embedding: List[float]


class Call:
    """Ends the calls that it is given to, after `timeout` seconds or by `cancel`, between two steps of the network."""

    def __init__(self, timeout: Optional[float] = None) -> None:
        if timeout is not None and not timeout > 0:
            raise UsageError(f"{timeout} seconds are no time")
        self._pointer = library.mz_call_new(timeout or 0)
        if not self._pointer:
            raise MemoryError

    def __del__(self, free: Callable[[Any], None] = library.mz_call_free) -> None:
        free(getattr(self, "_pointer", None))

    def cancel(self) -> None:
        """From any thread. Calls that begin later end as well."""
        library.mz_call_cancel(self._pointer)


class _Handle:
    """The library's model, which is closed when the last call that uses it is done."""

    def __init__(self, pointer: c_void_p) -> None:
        self.pointer, self.process = pointer, os.getpid()

    def __del__(self, close: Callable[[Any], None] = library.mz_close, process: Callable[[], int] = os.getpid) -> None:
        # In a child after a fork it is the parent's.
        if self.process == process():
            close(self.pointer)


class Model:
    """A neural network.

    `source` is a file's path (.zoo, .onnx, .tflite, ...), the name of a model that comes with this package, lies in a folder of
    ZOO_PATH or is one's own (`zoo add`), or the bytes of a file.

    `precision` is how exactly products are computed: "float32", "bfloat16", "int8", or "exact", as float32 also where weights
    are in blocks. `threads` are those that one call may use, 0 for all processors; `memory_limit` the bytes that a run may
    take for what the network computes, 0 for what the machine has; `score_threshold` the least score of objects that are found.

    Any number of threads may use a model at once; other threads of Python run meanwhile. `close` waits for nobody: calls that
    run end as they would. A child after a fork opens the model anew by itself. A pickled model is its path, made absolute, or its
    name, or its bytes; it is opened where it is unpickled.
    """

    def __init__(
        self, source: Union[str, "os.PathLike[str]", bytes], *, precision: str = "float32", threads: int = 0,
        memory_limit: int = 0, score_threshold: Optional[float] = None,
    ) -> None:
        self._source: Union[str, bytes] = bytes(source) if isinstance(source, (bytes, bytearray)) else os.fspath(source)
        self._options: Dict[str, Any] = {
            "precision": precision, "threads": threads, "memory_limit": memory_limit, "score_threshold": score_threshold}
        self._lock = threading.Lock()
        self._handle: Optional[_Handle] = self._opened()
        pointer = self._handle.pointer
        #: What it answers: "imageClassification", "objectDetection", "textEmbedding", "translation", "textGeneration" or "none".
        self.task: str = library.mz_task(pointer).decode()
        self.name: str = library.mz_name(pointer).decode()
        self.labels: Tuple[str, ...] = tuple(
            library.mz_label(pointer, index).decode() for index in range(library.mz_label_count(pointer)))
        self.inputs: Tuple[Value, ...] = _values(pointer, library.mz_input_count, library.mz_input)
        self.outputs: Tuple[Value, ...] = _values(pointer, library.mz_output_count, library.mz_output)
        self._types = {value.name: value.dtype for value in self.inputs}

    def _opened(self) -> _Handle:
        options, source, pointer = _options(**self._options), self._source, c_void_p()
        if isinstance(source, bytes):
            check(library.mz_open_memory(source, len(source), None, byref(options), byref(pointer)))
            return _Handle(pointer)
        try:
            check(library.mz_open(_text(source), byref(options), byref(pointer)))
        except NotFoundError:
            own = os.path.join(_library.FOLDER, "models", source + ".zoo")
            if "/" in source or not os.path.exists(own):
                raise
            check(library.mz_open(_text(own), byref(options), byref(pointer)))
        return _Handle(pointer)

    def _open(self) -> _Handle:
        handle = self._handle
        if handle is None:
            raise UsageError("the model is closed")
        if handle.process == os.getpid():
            return handle
        with self._lock:
            if self._handle is handle:
                self._handle = self._opened()
        return self._open()

    def close(self) -> None:
        """Its memory goes when the last call that runs is done. Calls that begin later are errors."""
        self._handle = None

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<modelzoo.Model {self.name}: {self.task}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        source = self._source
        if isinstance(source, str) and os.path.exists(source):
            source = os.path.abspath(source)
        return _reopened, (source, self._options)

    def warm_up(self) -> None:
        """Does ahead what the first prediction would do besides."""
        check(library.mz_warm_up(self._open().pointer))

    # ---- Predictions ----

    @overload
    def predict(
        self, given: Picture, *, timeout: Optional[float] = None, call: Optional[Call] = None, **generation: Any,
    ) -> Prediction: ...

    @overload
    def predict(
        self, given: Mapping[str, Any], *, timeout: Optional[float] = None, call: Optional[Call] = None,
    ) -> Dict[str, NDArray[Any]]: ...

    @overload
    def predict(
        self, given: List[Any], *, timeout: Optional[float] = None, call: Optional[Call] = None, **generation: Any,
    ) -> List[Any]: ...

    def predict(
        self, given: Any, *, timeout: Optional[float] = None, call: Optional[Call] = None, **generation: Any,
    ) -> Any:
        """The answer, a Prediction. `given` is a text for a model of texts, with what `stream` takes besides; for others a
        picture: the path of a file, its bytes, Pillow's picture, or NumPy's of uint8, H×W, H×W×3 (RGB) or H×W×4 (RGBA). A
        dictionary of arrays is given to `run`, and a list of any of these answered by a list."""
        if isinstance(given, list):
            return [self.predict(one, timeout=timeout, call=call, **generation) for one in given]
        if isinstance(given, Mapping):
            return self.run(given, timeout=timeout, call=call)
        if self.task in _TEXT_TASKS:
            if not isinstance(given, str):
                raise BadInputError(f"a model for {self.task} takes a text, not {type(given).__name__}")
            options = _generation(**generation) if generation else None
            return self._answer(
                library.mz_predict_text, _text(given), byref(options) if options else None, timeout=timeout, call=call)
        if generation:
            raise UsageError(f"a model for {self.task} does not take {', '.join(generation)}")
        if isinstance(given, (str, os.PathLike)):
            return self._answer(library.mz_predict_image_file, _text(os.fspath(given)), timeout=timeout, call=call)
        if isinstance(given, (bytes, bytearray, memoryview)):
            encoded = bytes(given)
            return self._answer(library.mz_predict_image, encoded, len(encoded), timeout=timeout, call=call)
        pixels, kept = _pixels(given)
        answer = self._answer(library.mz_predict_pixels, byref(pixels), timeout=timeout, call=call)
        del kept
        return answer

    def _answer(
        self, function: Any, *arguments: Any, timeout: Optional[float], call: Optional[Call],
    ) -> Prediction:
        handle, text = self._open(), c_void_p()
        with _limited(timeout, call) as pointer:
            check(function(handle.pointer, *arguments, pointer, byref(text)))
        try:
            return cast(Prediction, json.loads(ctypes.string_at(text.value or 0)))
        finally:
            library.mz_free_string(text)

    def stream(
        self, text: str, *, beams: int = 0, maximum_tokens: int = 0, temperature: float = 0, top_k: int = 0, top_p: float = 0,
        seed: int = 0, timeout: Optional[float] = None, call: Optional[Call] = None,
    ) -> Iterator[str]:
        """Generates text, piece by piece; zeros stand for the model's own settings. It is computed by another thread, which ends
        when the iterator is closed or dropped. A translator gives pieces early with `beams=1`."""
        options = _generation(
            beams=beams, maximum_tokens=maximum_tokens, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
        pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        own = call or Call(timeout)
        stopped = threading.Event()
        handle = self._open()

        def put(_: Any, piece: Any, count: int) -> bool:
            pieces.put(ctypes.string_at(piece, count).decode())
            return not stopped.is_set()

        callback = _library.Piece(put)

        def generate() -> None:
            try:
                with _limited(None if own is not call else timeout, own) as pointer:
                    check(library.mz_stream(handle.pointer, _text(text), byref(options), pointer, callback, None))
                pieces.put(None)
            except BaseException as error:
                pieces.put(error)

        thread = threading.Thread(target=generate, daemon=True)
        thread.start()
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            stopped.set()
            if own is not call:
                own.cancel()
            thread.join()

    # ---- Tensors ----

    def run(
        self, inputs: Mapping[str, Any], outputs: Optional[Sequence[str]] = None, *, timeout: Optional[float] = None,
        call: Optional[Call] = None,
    ) -> Dict[str, NDArray[Any]]:
        """Outputs by name: those asked for, or all. They are views of the library's memory. Inputs are arrays, what has
        `__dlpack__`, or lists of numbers; arrays are not copied where their elements lie one after the other and `modelzoo.empty`
        or `run` made them, or NumPy put them at a multiple of 64 bytes."""
        return {name: tensor.numpy() for name, tensor in self.run_tensors(inputs, outputs, timeout=timeout, call=call).items()}

    def run_tensors(
        self, inputs: Mapping[str, Any], outputs: Optional[Sequence[str]] = None, *, timeout: Optional[float] = None,
        call: Optional[Call] = None,
    ) -> Dict[str, Tensor]:
        """As `run`; the outputs can be given to others by DLPack, also those of types that NumPy does not have."""
        handle = self._open()
        lent = [Lent(given, name, self._types.get(name)) for name, given in inputs.items()]
        wanted = [value.name for value in self.outputs] if outputs is None else list(outputs)
        names = (c_char_p * len(lent))(*[_text(name) for name in inputs])
        tensors = (ctypes.POINTER(_library.Tensor) * len(lent))(*[one.pointer for one in lent])
        places = (c_char_p * len(wanted))(*[_text(name) for name in wanted])
        made = (ctypes.POINTER(_library.ManagedTensor) * len(wanted))()
        with _limited(timeout, call) as pointer:
            check(library.mz_run(handle.pointer, names, tensors, len(lent), places, made, len(wanted), pointer))
        return {name: Tensor(made[index]) for index, name in enumerate(wanted)}


@functools.lru_cache(maxsize=None)
def shared(source: str, **options: Any) -> Model:
    """The model, opened at most once a process, for workers that are given tasks one after the other (Spark, Ray)."""
    return Model(source, **options)


def _reopened(source: Union[str, bytes], options: Dict[str, Any]) -> Model:
    return Model(source, **options)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogateescape")
    if b"\0" in encoded:
        raise UsageError("a text has a zero in it")
    return encoded


def _values(pointer: c_void_p, count: Any, describe: Any) -> Tuple[Value, ...]:
    result = []
    for index in range(count(pointer)):
        value = _library.Value(size=ctypes.sizeof(_library.Value))
        check(describe(pointer, index, byref(value)))
        result.append(described(value))
    return tuple(result)


def _options(precision: str, threads: int, memory_limit: int, score_threshold: Optional[float]) -> _library.Options:
    if precision not in _PRECISIONS:
        raise UsageError(f'there is no precision "{precision}": {", ".join(_PRECISIONS)}')
    if not (0 <= threads < 2**32 and 0 <= memory_limit < 2**64):
        raise UsageError("threads and memory_limit are zero or more")
    threshold = None if score_threshold is None else ctypes.pointer(c_float(score_threshold))
    return _library.Options(ctypes.sizeof(_library.Options), memory_limit, threads, _PRECISIONS[precision], threshold)


def _generation(
    *, beams: int = 0, maximum_tokens: int = 0, temperature: float = 0, top_k: int = 0, top_p: float = 0, seed: int = 0,
) -> _library.Generation:
    if min(beams, maximum_tokens, top_k, seed) < 0 or max(beams, maximum_tokens, top_k) >= 2**32:
        raise UsageError("beams, maximum_tokens, top_k and seed are zero or more")
    return _library.Generation(
        ctypes.sizeof(_library.Generation), beams, maximum_tokens, temperature, top_k, top_p, seed)


@contextmanager
def _limited(timeout: Optional[float], call: Optional[Call]) -> Iterator[Any]:
    if timeout is not None and call is not None:
        raise UsageError("either a timeout or a call, which has its own")
    own = call if timeout is None else Call(timeout)
    yield own._pointer if own else None


def _pixels(given: Any) -> Tuple[_library.Pixels, Any]:
    """A picture of Pillow's or NumPy's, and what has to stay meanwhile."""
    if hasattr(given, "convert") and hasattr(given, "mode"):
        given = np.asarray(given if given.mode in ("L", "RGB", "RGBA") else given.convert("RGB"))
    formats = {1: _GRAY, 3: _RGB, 4: _RGBA}
    if not isinstance(given, np.ndarray):
        raise BadInputError(f"{type(given).__name__} is no picture")
    channels = 1 if given.ndim == 2 else given.shape[2] if given.ndim == 3 else 0
    if given.dtype != np.uint8 or channels not in formats or given.size == 0:
        raise BadInputError(f"a picture is uint8 of H×W, H×W×3 or H×W×4, not {given.dtype} of {given.shape}")
    height, width = given.shape[:2]
    row = width * channels
    # Rows may be apart, as those of a part of a picture are.
    if given.strides[1:] != (channels, 1)[:given.ndim - 1] or given.strides[0] < row:
        given = np.ascontiguousarray(given)
    stride = given.strides[0]
    return _library.Pixels(
        ctypes.sizeof(_library.Pixels), given.ctypes.data, stride * (height - 1) + row, width, height, stride,
        formats[channels]), given
