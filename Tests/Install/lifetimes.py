#!/usr/bin/env python3
"""lifetimes.py LIBRARY MODEL PICTURE: children after fork, models that come and go, and a library that is closed and opened again
give the answer that the first call gave."""
import _ctypes
import ctypes
import os
import sys
import threading

path, model_path, picture = (argument.encode() for argument in sys.argv[1:])


def opened():
    library = ctypes.CDLL(path.decode())
    library.mz_error.restype = ctypes.c_char_p
    library.mz_open.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
    library.mz_close.argtypes = [ctypes.c_void_p]
    library.mz_predict_image_file.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
    library.mz_free_string.argtypes = [ctypes.c_void_p]
    return library


def model_of(library):
    model = ctypes.c_void_p()
    assert library.mz_open(model_path, None, ctypes.byref(model)) == 0, library.mz_error()
    return model


def answer(library, model):
    text = ctypes.c_void_p()
    assert library.mz_predict_image_file(model, picture, None, ctypes.byref(text)) == 0, library.mz_error()
    result = ctypes.string_at(text.value)
    library.mz_free_string(text)
    return result


library = opened()
model = model_of(library)
expected = answer(library, model)

# A child has none of its parent's threads, and makes its own; the parent goes on with its.
for _ in range(20):
    child = os.fork()
    if child == 0:
        again = model_of(library)
        os._exit(0 if answer(library, model) == answer(library, again) == expected else 1)
    assert os.waitpid(child, 0)[1] == 0, "a child has another answer, or none"
    assert answer(library, model) == expected

# Models that come and go while others compute.
failures = []


def come_and_go():
    for _ in range(10):
        own = model_of(library)
        if answer(library, own) != expected or answer(library, model) != expected:
            failures.append(1)
        library.mz_close(own)


threads = [threading.Thread(target=come_and_go) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failures, "another answer while models come and go"
library.mz_close(model)

# Closed, with its threads, and opened again.
for _ in range(5):
    _ctypes.dlclose(library._handle)
    library = opened()
    model = model_of(library)
    assert answer(library, model) == expected
    library.mz_close(model)
print("PASS: forks, models that come and go, a library closed and opened again")
