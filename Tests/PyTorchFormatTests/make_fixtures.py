#!/usr/bin/env python3
"""Writes the checkpoints in Fixtures/ and, beside each, what PyTorch says is in it (`.txt`).

    python3 make_fixtures.py Fixtures      # once with PyTorch 1.13 and once with 2.15; names carry the version

A line of a text: name, element type, shape (`2x3`, `scalar`), the elements' bytes in hexadecimal, row by row.
"""
import argparse
import collections
import datetime
import enum
import functools
import pathlib
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch

VERSION = "".join(torch.__version__.split(".")[:2])
NAMES = {torch.float8_e4m3fn: "float8e4m3fn", torch.float8_e5m2: "float8e5m2"} if VERSION != "113" else {}


def ramp(count, dtype=torch.float32):
    return (torch.arange(count) * 37 % 101 - 50).to(torch.float32).div(8).to(dtype)


def tensors():
    result = collections.OrderedDict()
    for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.complex128,
                  torch.int8, torch.int16, torch.int32, torch.int64):
        result["type." + str(dtype).split(".")[1]] = ramp(6, dtype).reshape(2, 3)
    result["type.uint8"] = torch.arange(7, dtype=torch.uint8)
    result["type.bool"] = torch.tensor([[True, False], [False, True]])
    for dtype in NAMES:
        result["type." + NAMES[dtype]] = ramp(5).to(dtype)
    if VERSION != "113":
        for dtype in (torch.uint16, torch.uint32, torch.uint64):
            result["type." + str(dtype).split(".")[1]] = torch.arange(4).to(dtype)
    base = ramp(60).reshape(3, 4, 5)
    result["view.base"] = base
    result["view.transposed"] = base.permute(2, 0, 1)
    result["view.sliced"] = base[1:, ::2, 1:4]
    result["view.row"] = base[2, 1]
    result["view.half"] = ramp(12, torch.float16).reshape(3, 4).t()
    result["view.complex"] = ramp(12, torch.complex128).reshape(3, 4).t()
    result["view.bytes"] = torch.arange(12, dtype=torch.uint8).reshape(3, 4)[:, 1:3]
    result["view.expanded"] = torch.tensor([[1.5], [2.5]]).expand(2, 3)
    result["view.channels_last"] = ramp(48).reshape(2, 3, 2, 4).contiguous(memory_format=torch.channels_last)
    result["empty"] = torch.zeros(0, 3)
    result["scalar"] = torch.tensor(7)
    result["parameter"] = torch.nn.Parameter(ramp(4))
    return result


def unresolved():
    """Views whose signs are only noted."""
    numbers = torch.complex(ramp(12), ramp(12).flip(0)).reshape(3, 4)
    return {
        "conjugated": numbers.conj(), "imaginary": numbers.clone().conj().imag, "turned": numbers.t().conj()[1:],
        "negated": torch.complex(ramp(4, torch.float64), ramp(4, torch.float64)).conj().imag,
        "zero": torch.zeros(2, dtype=torch.complex64).conj(), "plain": ramp(2),
    }


def checkpoint():
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 2), torch.nn.BatchNorm2d(2))
    for index, value in enumerate(module.state_dict().values()):
        value.copy_(ramp(value.numel()).reshape(value.shape).to(value.dtype) + index)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.zeros(1, 1, 4, 4)).sum().backward()
    optimizer.step()
    return module.state_dict(), {
        "epoch": 12, "state_dict": module.state_dict(), "optimizer": optimizer.state_dict(),
        "labels": ["cat", "dög"], "accuracy": 0.875, "best": np.float64(91.5), "steps": np.int64(-3), "none": None,
        "flag": np.bool_(True), "args": argparse.Namespace(rate=0.1, layers=[2, 2]), "kinds": {3}, "type": torch.float16,
        "device": torch.device("cpu"), "size": torch.Size([1, 2]), "many": collections.defaultdict(list, {"a": [1]}),
        "large": 1 << 70,
    }


class Phase(enum.Enum):
    TRAINING = "training"


class Settings(dict):
    """What is a dictionary and has attributes, as Lightning's hyper-parameters are."""


class Slots:
    __slots__ = ("first", "second")


class Callback:
    def __init__(self):
        self.best, self.monitor, self.history = torch.tensor(0.5), "loss", [1, 2]


class Named:
    """Made with named arguments (NEWOBJ_EX)."""

    def __new__(cls, *, size):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (), {"size": 3}


Point = collections.namedtuple("Point", "x y")


def objects():
    """A checkpoint with objects of all kinds beside the weights, and in them."""
    slots, circle = Slots(), []
    slots.first, slots.second = 1, [2]
    circle.append(circle)
    weights = Settings(w=ramp(6).reshape(2, 3))
    weights["layer.bias"] = ramp(3)
    return weights, {
        "state_dict": weights, "epoch": 3, "callbacks": {"best": Callback()}, "hyper_parameters": Settings(rate=0.5),
        "path": pathlib.PurePosixPath("/a/b"), "date": datetime.datetime(2024, 1, 2), "phase": Phase.TRAINING,
        "slots": slots, "named": Named(size=3), "point": Point(1, 2), "counter": collections.Counter("aab"),
        "queue": collections.deque([1, 2], 3), "slice": slice(1, 2), "complex": 1 + 2j, "bytes": bytearray(b"ab"),
        "sets": frozenset([frozenset([1])]), "partial": functools.partial(int, base=2), "version": torch.__version__,
        "generator": np.random.default_rng(1), "names": np.array(["a", "b"]), "things": np.array([1, "a"], dtype=object),
        "record": np.zeros(1, dtype=[("a", "i4")]), "day": np.datetime64("2024-01-02"), "circle": circle,
        "device": torch.device("cuda:0"), "error": ValueError("x"), "schedule": torch.optim.lr_scheduler.StepLR,
    }


class Network(torch.nn.Module):
    """Saved whole: its state dictionary is not in the file as such."""

    def __init__(self):
        super().__init__()
        self.model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 2), torch.nn.BatchNorm2d(2), torch.nn.ReLU())
        self.scale = torch.nn.Parameter(ramp(2))
        self.register_parameter("absent", None)
        self.register_buffer("kept", ramp(3))
        self.register_buffer("passing", ramp(4), persistent=False)
        self.tied = torch.nn.Linear(2, 2)
        self.twin = torch.nn.Linear(2, 2)
        self.twin.weight = self.tied.weight
        self.plain, self.owner = ramp(5), [self]


class Block(torch.nn.Module):
    """Parameters, buffers, and attributes of the kinds that programs keep."""

    def __init__(self, size):
        super().__init__()
        self.linear = torch.nn.Linear(size, size)
        self.norm = torch.nn.BatchNorm1d(size)
        self.register_buffer("column", self.linear.weight.detach()[:, 0])
        self.names, self.sizes, self.scale, self.table = ["a", "b"], [1, 2], 0.5, {"a": 1}

    def forward(self, x):
        y = self.norm(self.linear(x)) * self.scale + self.sizes[0] + self.table["a"] + self.column
        for name in self.names:
            y = y + len(name)
        return y + torch.tensor([1.0, 2.0, 3.0])


class Program(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(Block(3), torch.nn.Linear(3, 3))
        self.scales = torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16))
        self.shared = self.layers[1]

    def forward(self, x):
        return self.layers(x)


def program(folder, name, script):
    path = folder / f"{name}_{VERSION}.pt"
    for index, value in enumerate(script.state_dict().values()):
        if value.dim() < 2:
            value.copy_(ramp(value.numel()).reshape(value.shape).to(value.dtype) + index)
    script.save(str(path))
    state = torch.jit.load(str(path)).state_dict()
    path.with_suffix(".txt").write_text("".join(f"{key} {text(item)}\n" for key, item in state.items()))


def text(tensor):
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    name = NAMES.get(tensor.dtype, str(tensor.dtype).split(".")[1])
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    kind = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}.get(tensor.element_size())
    flat = tensor.reshape(-1)
    if tensor.is_complex():
        flat, kind = torch.view_as_real(flat).reshape(-1), None
    data = (flat.view(kind) if kind and flat.numel() else flat).numpy().tobytes()
    return f"{name} {shape} {data.hex() or '-'}"


def write(folder, name, value, expected, **options):
    path = folder / f"{name}_{VERSION}.pt"
    torch.save(value, path, **options)
    path.with_suffix(".txt").write_text("".join(f"{key} {text(item)}\n" for key, item in expected.items()))
    return path


def main():
    folder = Path(sys.argv[1])
    torch.manual_seed(0)
    everything = tensors()
    write(folder, "tensors_zip", everything, everything)
    write(folder, "tensors_legacy", everything, everything, _use_new_zipfile_serialization=False)
    write(folder, "tensors_protocol5", everything, everything, pickle_protocol=5)
    write(folder, "unresolved_zip", unresolved(), unresolved())
    weights, whole = checkpoint()
    path = write(folder, "checkpoint_zip", whole, weights)
    write(folder, "checkpoint_legacy", whole, weights, _use_new_zipfile_serialization=False, pickle_protocol=4)
    write(folder, "arrays_zip", {"model": {"a": np.arange(6, dtype=np.float32).reshape(2, 3),
                                           "f": np.asfortranarray(np.arange(6).reshape(2, 3))}},
          {"a": torch.arange(6.0).reshape(2, 3), "f": torch.arange(6).reshape(2, 3)})
    write(folder, "tensor_zip", ramp(3), {"tensor": ramp(3)})
    write(folder, "pair_zip", {"encoder": {"weight": ramp(2)}, "decoder": [ramp(3), {"bias": ramp(1)}]},
          {"encoder.weight": ramp(2), "decoder.0": ramp(3), "decoder.1.bias": ramp(1)})
    write(folder, "small_zip", {"w": ramp(3)}, {"w": ramp(3)})
    write(folder, "small_legacy", {"w": ramp(3)}, {"w": ramp(3)}, _use_new_zipfile_serialization=False)
    weights, whole = objects()
    write(folder, "objects_zip", whole, weights)
    write(folder, "objects_legacy", whole, weights, _use_new_zipfile_serialization=False, pickle_protocol=4)
    network = Network()
    write(folder, "module_zip", {"epoch": 1, "model": network}, network.state_dict())
    program(folder, "scripted", torch.jit.script(Program()))
    program(folder, "traced", torch.jit.trace(Program().eval(), torch.zeros(1, 3)))
    if VERSION != "113":
        return
    # The same archive with every entry deflated, which PyTorch reads too.
    deflated = folder / "checkpoint_deflated.pt"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            target.writestr(entry, source.read(entry))
    deflated.with_suffix(".txt").write_text(path.with_suffix(".txt").read_text())
    assert torch.load(deflated)["epoch"] == 12


if __name__ == "__main__":
    main()
