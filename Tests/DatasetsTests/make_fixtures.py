"""Writes arrays by NumPy for NumPyFileTests, and reads ours back.

Usage: make_fixtures.py FOLDER             arrays of every type, order and header version, and the .npz datasets
       make_fixtures.py --check FOLDER     compares FOLDER/copy-NAME.npy with FOLDER/NAME.npy

The small arrays are committed as Fixtures. Needs NumPy. Element i of each array is i modulo 2, or i, or a text of it.
"""

import pathlib
import sys

import numpy as np


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    values = np.arange(6).reshape(2, 3)
    for name in "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 S3 U3".split():
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

    planes = np.arange(4 * 3 * 2 * 5, dtype=np.uint8).reshape(4, 3, 2, 5)
    labels = np.array([1, 0, 2, 1])
    np.savez(folder / "planes.npz", images=planes, labels=labels.astype(np.uint8))
    np.savez_compressed(folder / "interleaved.npz", images=planes.transpose(0, 2, 3, 1), labels=labels[:, None])
    np.savez(folder / "tensors.npz", images=planes.astype(np.float32), labels=labels.astype(np.int32))
    np.savez(folder / "lengths.npz", images=planes, labels=labels[:3])
    np.savez(folder / "other.npz", pictures=planes)


def check(folder):
    names = sorted(folder.glob("copy-*.npy"))
    for name in names:
        copy, original = np.load(name), np.load(folder / name.name.removeprefix("copy-"))
        if original.dtype.kind in "SU":
            same = copy.dtype.kind == "U"
            original = original.astype("U")
        else:
            same = copy.dtype == original.dtype.newbyteorder("=")
        if not same or not np.array_equal(copy, original):
            sys.exit(f"{name.name} differs: {copy!r}, {original!r}")
    if len(names) < 40:
        sys.exit(f"only {len(names)} copies")


if sys.argv[1] == "--check":
    check(pathlib.Path(sys.argv[2]))
else:
    write(pathlib.Path(sys.argv[1]))
