#!/usr/bin/env python3
"""Writes Fixtures/logits.txt: what PyTorch computes with weights and images that a formula gives.

    python3 make_references.py

Needs PyTorch and torchvision. `ReferenceTests.swift` has the same formula. A line: the network, then the logits of two images.
"""
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Zoo/ResNet"))
from train import CifarResNet  # noqa: E402


def uniform(name, count):
    """Multiplicative hashing of the index, begun at a sum over the name: in [-0.5, 0.5)."""
    start = sum((place + 1) * byte for place, byte in enumerate(name.encode())) * 40503
    numbers = (np.arange(count, dtype=np.uint64) * 2654435761 + start) % 2**32 // 256
    return numbers.astype(np.float64) / 2**24 - 0.5


def fill(name, tensor):
    values = uniform(name, tensor.numel())
    if name.endswith("running_var"):
        values = 1 + values / 2
    elif tensor.dim() > 1:
        values = values * np.sqrt(24 / tensor[0].numel())
    elif name.endswith("weight"):
        # Small, so that values don't grow from block to block.
        values = 0.5 + values / 5
    else:
        values = values / 5
    tensor.copy_(torch.from_numpy(values.astype(np.float32)).reshape(tensor.shape))


def logits(network, side):
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            fill(name, tensor)
    images = torch.from_numpy(uniform("input", 6 * side * side).astype(np.float32) * 4).reshape(2, 3, side, side)
    with torch.no_grad():
        return network.eval().double()(images.double()).flatten().tolist()


def first_version(network):
    """torchvision's bottlenecks with the stride where the paper has it."""
    for module in network.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, module.conv1.stride
    return network


def main():
    models = torchvision.models
    networks = {
        "resnet20-a": (CifarResNet(20, 10, "A"), 32), "resnet20-b": (CifarResNet(20, 10, "B"), 32),
        "resnet56-a": (CifarResNet(56, 10, "A"), 32), "resnet18": (models.resnet18(num_classes=10), 224),
        "resnet50-v1.5": (models.resnet50(num_classes=10), 224),
        "resnet50-v1": (first_version(models.resnet50(num_classes=10)), 224),
    }
    lines = [f"{name} " + " ".join(f"{value:.9g}" for value in logits(*network)) for name, network in networks.items()]
    (HERE / "Fixtures/logits.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
