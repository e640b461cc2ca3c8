#!/usr/bin/env python3
"""Has PyTorch read what WritingTests wrote.

    ZOO_KEEP_CHECKPOINT=/tmp/a.pt swift test --filter WritingTests
    python3 check_written.py /tmp/a.pt      # with PyTorch 2.15, which has all of the types
"""
import sys

import torch

NAMES = {"float8e4m3fn": "float8_e4m3fn", "float8e4m3fnuz": "float8_e4m3fnuz", "float8e5m2": "float8_e5m2",
         "float8e5m2fnuz": "float8_e5m2fnuz", "float8e8m0": "float8_e8m0fnu"}


def raw(tensor):
    return bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist()) if tensor.numel() else b""


for options in {}, {"mmap": True}:
    state = torch.load(sys.argv[1], weights_only=True, **options)
    count = 0
    for name, tensor in state.items():
        if "." not in name:
            bits = [0x7FA00001, 0xFFC12345, 0xFF800000, 0x7F800000, 0x80000000, 1]
            assert raw(tensor) == b"".join(bit.to_bytes(4, "little") for bit in bits), name
            continue
        kind, shape = name.split(".")
        assert tensor.dtype == getattr(torch, NAMES.get(kind, kind)), name
        assert list(tensor.shape) == eval(shape), name
        expected = bytes(i % 2 if kind == "bool" else i * 73 % 256 for i in range(tensor.numel() * tensor.element_size()))
        assert raw(tensor) == expected, name
        count += 1
    print(torch.__version__, options, count, "tensors are as they should be")
