"""Writes the .npz datasets in Fixtures/ by NumPy, and f4.npy, which is none.

Usage: make_fixtures.py FOLDER
"""

import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
planes = np.arange(4 * 3 * 2 * 5, dtype=np.uint8).reshape(4, 3, 2, 5)
labels = np.array([1, 0, 2, 1])
np.savez(folder / "planes.npz", images=planes, labels=labels.astype(np.uint8))
np.savez_compressed(folder / "interleaved.npz", images=planes.transpose(0, 2, 3, 1), labels=labels[:, None])
np.savez(folder / "tensors.npz", images=planes.astype(np.float32), labels=labels.astype(np.int32))
np.savez(folder / "lengths.npz", images=planes, labels=labels[:3])
np.savez(folder / "other.npz", pictures=planes)
np.save(folder / "f4.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
