"""Writes HDF5 files of many kinds with h5py, and checks copies of them that others made.

Usage: h5py_files.py write FOLDER; then, with a copy NAME.copy of each NAME beside it, h5py_files.py check FOLDER
       h5py_files.py large FOLDER   checks large.h5
"""

import sys
from pathlib import Path

import h5py
import numpy as np

random = np.random.default_rng(0)
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "c8", "c16", "?", ">f4", ">i2", ">f8", ">c8"]


def write(folder):
    for version in ("earliest", "v108", "v110"):
        with h5py.File(folder / f"{version}.h5", "w", libver="earliest" if version == "earliest" else ("earliest", version)) as file:
            file.attrs["text"] = "hello ü"
            file.attrs["empty"] = ""
            file.attrs["fixed"] = np.bytes_("fixed")
            file.attrs["large"] = "x" * 100_000
            file.attrs["number"] = 3
            for index, kind in enumerate(TYPES):
                file[f"types/{index}"] = (random.normal(size=(3, 5)) * 20).astype(kind)
            file["scalar"] = np.float32(3.5)
            file["nothing"] = np.zeros((0, 4), np.float32)
            chunks = file.create_group("chunks")
            chunks.create_dataset("deflated", data=random.normal(size=(100, 37)).astype("f4"), chunks=(16, 10), compression="gzip", shuffle=True)
            chunks.create_dataset("plain", data=random.normal(size=(100, 37)), chunks=(7, 37))
            chunks.create_dataset("cubes", data=random.integers(0, 9, size=(9, 8, 7)), chunks=(4, 4, 4), compression="gzip")
            part = chunks.create_dataset("partial", shape=(50, 50), dtype="f4", chunks=(10, 10), fillvalue=2.5)
            part[3:5, 40:] = 7
            chunks.create_dataset("filled", shape=(5,), dtype="i4", fillvalue=9)
            chunks.create_dataset("single", data=random.normal(size=(10, 3)), chunks=(10, 3), compression="gzip")
            # Enough members for trees and heaps.
            many = file.create_group("many")
            for index in range(400):
                many[f"member{index * 7919 % 400:04}"] = np.float32(index)
            ordered = file.create_group("ordered", track_order=True)
            for index in reversed(range(30)):
                ordered[f"member{index}"] = np.int16([index])
            for index in range(40):
                many.attrs[f"attribute{index}"] = [f"x{index}", "y"]
    with h5py.File(folder / "userblock.h5", "w", userblock_size=1024) as file:
        file["x"] = np.arange(5)
    with h5py.File(folder / "beside.h5", "w") as file:
        beside(file)
    with h5py.File(folder / "refused-soft.h5", "w") as file:
        file["x"] = np.arange(5)
        file["soft"] = h5py.SoftLink("/x")
    with h5py.File(folder / "refused-external.h5", "w") as file:
        file["x"] = h5py.ExternalLink("userblock.h5", "/x")
    with h5py.File(folder / "refused-storage.h5", "w") as file:
        file.create_dataset("x", (10,), external=[("/etc/hostname", 0, 80)], dtype="i8")
    with h5py.File(folder / "refused-virtual.h5", "w", libver=("earliest", "v110")) as file:
        layout = h5py.VirtualLayout((5,), "i8")
        layout[:] = h5py.VirtualSource("userblock.h5", "x", (5,))
        file.create_virtual_dataset("x", layout)
    with h5py.File(folder / "refused-size.h5", "w") as file:
        file.create_dataset("x", (1 << 20, 1 << 18), chunks=(1024, 1024), dtype="f4", compression="gzip")
    with h5py.File(folder / "refused-filter.h5", "w") as file:
        file.create_dataset("x", data=np.arange(1000), chunks=(100,), compression="lzf")


def beside(file):
    """Weights, and datasets of what no tensor holds."""
    file["w"] = np.arange(6, dtype=np.float32).reshape(2, 3)
    # Two names of one look.
    file["\u00e9"], file["e\u0301"] = np.float32(1), np.float32(2)
    file["beside/texts"] = ["a", "bc"]
    file["beside/text"] = "one"
    file["beside/fixed"] = np.array([b"a", b"bc"])
    file.create_dataset("beside/packed", data=np.array([b"abc"] * 100), chunks=(10,), compression="lzf")
    file["beside/opaque"] = np.array([b"ab", b"cd"], dtype="V2")
    file["beside/compound"] = np.zeros(3, dtype=[("a", "i4"), ("b", "f8"), ("c", "S3")])
    file.create_dataset("enumeration", data=[0, 1, 2], dtype=h5py.enum_dtype({"A": 0, "B": 1, "C": 2}))
    file.create_dataset("beside/references", data=[file["w"].ref], dtype=h5py.ref_dtype)
    file.create_dataset("beside/regions", data=[file["w"].regionref[0]], dtype=h5py.regionref_dtype)
    lists = file.create_dataset("beside/lists", (2,), dtype=h5py.vlen_dtype(np.float32))
    lists[0], lists[1] = [1, 2], [3]
    file.create_dataset("beside/arrays", (2,), dtype=np.dtype("(3,)f4"))


def large(folder):
    """Checks a file of 10,000 datasets in one group."""
    with h5py.File(folder / "large.h5", "r") as file:
        assert sorted(file) == sorted(f"member.{index}" for index in range(10_000)), len(file)
        assert all(file[f"member.{index}"][()] == index for index in range(0, 10_000, 7))
        assert list(file.attrs["names"]) == [b"a", b"bc", b""], file.attrs["names"]


def datasets(file):
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("beside/"):
            found[name] = item

    file.visititems(visit)
    return found


def check(folder):
    copies = list(folder.glob("*.copy"))
    assert len(copies) == 5, copies
    for copy in copies:
        with h5py.File(copy.with_suffix(""), "r") as original, h5py.File(copy, "r") as written:
            expected, found = datasets(original), datasets(written)
            assert set(expected) == set(found), set(expected) ^ set(found)
            for name in expected:
                a, b = np.asarray(expected[name][()]), np.asarray(found[name][()])
                a = a.astype(a.dtype.newbyteorder("<"))
                assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), name
            for name, value in original.attrs.items():
                if isinstance(value, str):
                    assert written.attrs[name] == value, name


{"write": write, "check": check, "large": large}[sys.argv[1]](Path(sys.argv[2]))
