#!/usr/bin/env python3
"""Trains a CIFAR ResNet (He et al. 2015, section 4.2) and writes the checkpoint that `zoo pack` takes.

    python3 train.py --train train.tar.gz --test test.tar.gz --depth 20 --out resnet20-cifar10.pth
    zoo pack resnet20 --weights resnet20-cifar10.pth -o resnet20-cifar10.zoo

Needs PyTorch, NumPy and Pillow. The archives hold `SPLIT/CLASS/IMAGE` files of 32x32 pixels. The run is seeded; after
every epoch it saves its whole state beside --out (`.state`) and goes on from there when started again.
"""
import argparse
import os
import sys
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cifar import MEAN, STD, augment, load  # noqa: E402


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut; key names are those of the checkpoints people publish."""

    def __init__(self, inputs, width, stride, option):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.stride, self.growth = stride, width - inputs
        if self.growth and option == "B":
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        else:
            self.shortcut = self.subsample if self.growth else nn.Identity()

    def subsample(self, x):
        """Option A: every second pixel, the new channels zero."""
        low = self.growth // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, low, self.growth - low))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x), inplace=True)


class CifarResNet(nn.Module):
    def __init__(self, depth, classes, option="A"):
        super().__init__()
        if depth % 6 != 2:
            raise SystemExit(f"depth {depth}: CIFAR ResNets have 6n + 2 layers")
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        inputs = 16
        for stage, width in enumerate((16, 32, 64), 1):
            blocks = []
            for index in range((depth - 2) // 6):
                blocks.append(Block(inputs, width, 2 if stage > 1 and index == 0 else 1, option))
                inputs = width
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--option", choices="AB", default="A", help="shortcut of the two narrowing blocks")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.2, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compile", action="store_true", help="let torch.compile fuse the network; same result, less time")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    normalise = lambda images: (images.float() / 255 - mean) / std
    images, labels, names = load(options.train)
    test_images, test_labels, test_names = load(options.test)
    if names != test_names:
        raise SystemExit(f"the archives hold different classes: {names} and {test_names}")

    network = CifarResNet(options.depth, len(names), options.option).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), lr=options.rate, momentum=0.9, nesterov=True,
                                weight_decay=options.decay)
    steps = len(images) // options.batch
    warm = 0.15 * options.epochs * steps
    total = options.epochs * steps
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(total - step, 0) / (total - warm)))
    forward = torch.compile(network) if options.compile else network

    state = Path(options.out + ".state")
    first = 0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        generator.set_state(saved["generator"])
        first = saved["epoch"]
        print(f"resuming after epoch {first}")

    for epoch in range(first, options.epochs):
        start, loss_sum = time.time(), 0.0
        network.train()
        order = torch.randperm(len(images), generator=generator)
        for step in range(steps):
            chosen = order[step * options.batch : (step + 1) * options.batch]
            inputs = normalise(augment(images[chosen], generator)).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(forward(inputs), labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.item()
        network.eval()
        with torch.no_grad():
            guesses = torch.cat([network(normalise(part)).argmax(1) for part in test_images.split(500)])
        accuracy = (guesses == test_labels).float().mean().item()
        print(f"epoch {epoch + 1:3d}/{options.epochs} loss {loss_sum / steps:.4f} test {accuracy:.4f} "
              f"{time.time() - start:.0f} s", flush=True)
        write(state, {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1,
                      "schedule": schedule.state_dict(), "generator": generator.get_state()})
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    write(Path(options.out), {"state_dict": weights, "labels": names, "test_accuracy": accuracy})


def write(path, value):
    beside = path.with_name(path.name + ".part")
    torch.save(value, beside)
    os.replace(beside, path)


if __name__ == "__main__":
    main()
