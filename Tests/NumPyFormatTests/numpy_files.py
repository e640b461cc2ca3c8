"""Writes arrays by NumPy for the tests of NumPyFormat, and says what NumPy finds in ours.

Usage: numpy_files.py arrays FOLDER    arrays of every type, order and header version: Fixtures/ are its files
       numpy_files.py archives FOLDER  archives of numbers that are easily lost, and the same as show prints it
       numpy_files.py show FILE        a line for each array: name, type, shape (2x3, scalar), elements in hexadecimal

Element i of each array of `arrays` is i modulo 2, or i, or a text of it.
"""

import pathlib
import sys

import numpy as np

NUMBERS = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()


def write_arrays(folder):
    values = np.arange(6).reshape(2, 3)
    for name in NUMBERS + ["S3", "U3"]:
        array = values.astype(name)
        np.save(folder / f"{name}.npy", array)
        np.save(folder / f"{name}-big.npy", array.astype(array.dtype.newbyteorder(">")))
        if name[0] not in "SU":
            np.save(folder / f"{name}-fortran.npy", np.asfortranarray(array))
    np.save(folder / "scalar.npy", np.float32(7))
    np.save(folder / "vector.npy", np.arange(5, dtype=np.int64))
    np.save(folder / "empty.npy", np.zeros((0, 4), np.float32))
    for version in (2, 0), (3, 0):
        with open(folder / f"version-{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, values.astype("<f4"), version=version)


def write_archives(folder):
    """Bits of all kinds: NaNs with payloads, infinities, both zeros, denormals."""
    generator = np.random.default_rng(5)
    arrays = {}
    for name in NUMBERS:
        dtype = np.dtype(name)
        raw = generator.integers(0, 256, (3, 4, 5, dtype.itemsize), np.uint8)
        if name == "b1":
            raw &= 1
        elif name == "f4":
            raw.reshape(-1, 4)[:5] = np.array(
                [0x7FA00001, 0xFFC12345, 0xFF800000, 0x80000000, 0x00000001], "<u4").view(np.uint8).reshape(5, 4)
        array = raw.view(dtype).reshape(3, 4, 5)
        swapped = raw.reshape(-1, dtype.itemsize // (2 if name[0] == "c" else 1))[:, ::-1] if name[0] != "c" else None
        arrays[f"layer/{name}"] = array
        arrays[f"fortran.{name}"] = np.asfortranarray(array)
        if swapped is not None and dtype.itemsize > 1:
            arrays[f"big.{name}"] = np.ascontiguousarray(swapped).view(dtype.newbyteorder(">")).reshape(3, 4, 5)
        arrays[f"scalar {name}"] = array[1, 2, 3]
        arrays[f"emptié {name}"] = array[:, :0]
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "deflated.npz", **arrays)
    np.savez(folder / "none.npz")
    for name in "stored", "deflated", "none":
        with open(folder / f"{name}.txt", "w", encoding="utf-8") as file:
            show(folder / f"{name}.npz", file)


def show(path, file):
    content = np.load(path)
    for name, array in content.items() if path.suffix == ".npz" else [("array", content)]:
        shape = "x".join(map(str, array.shape)) or "scalar"
        # tobytes writes row by row; swapping bytes touches no bits.
        data = array.byteswap().tobytes() if array.dtype.byteorder == ">" else array.tobytes()
        print(name, array.dtype.newbyteorder("<").str[1:], shape, data.hex() or "-", sep="|", file=file)


if sys.argv[1] == "show":
    sys.stdout.reconfigure(encoding="utf-8")
    show(pathlib.Path(sys.argv[2]), sys.stdout)
else:
    {"arrays": write_arrays, "archives": write_archives}[sys.argv[1]](pathlib.Path(sys.argv[2]))
