#!/usr/bin/env python3
"""Trains a narrow AlexNet (Krizhevsky et al. 2012) for small images and writes the checkpoint that `zoo pack` takes.

    python3 train.py --train train.tar.gz --test test.tar.gz --out alexnet-cifar10.pth
    zoo pack alexnet --weights alexnet-cifar10.pth -o alexnet-cifar10.zoo

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


class Normalize(torch.autograd.Function):
    """x * (2 + 1e-4 * sum of squares over five channels)^-0.75, with its derivative: a product with a band matrix sums
    over channels several times faster than shifted copies do."""

    @staticmethod
    def forward(context, x, band):
        rows = x.permute(0, 2, 3, 1)
        flat = rows.reshape(-1, x.shape[1])
        total = torch.addmm(flat.new_full((1,), 2.0), flat * flat, band, alpha=1e-4)
        root = total.rsqrt()
        factor = root * root.sqrt()  # total^-0.75
        context.save_for_backward(flat, total, factor, band)
        return (flat * factor).view(rows.shape).permute(0, 3, 1, 2)

    @staticmethod
    def backward(context, gradient):
        flat, total, factor, band = context.saved_tensors
        batch, channels, height, width = gradient.shape
        direct = gradient.permute(0, 2, 3, 1).reshape(flat.shape) * factor
        around = (direct * flat).div_(total) @ band
        direct = direct.addcmul_(flat, around, value=-2 * 0.75 * 1e-4)
        return direct.view(batch, height, width, channels).permute(0, 3, 1, 2), None


class NormalizedPool(nn.Module):
    """Local response normalization (section 3.3: n 5, k 2, alpha 1e-4, beta 0.75) and overlapping pooling (3.4).

    The paper multiplies the sum of squares by alpha itself; PyTorch and ONNX divide alpha by n, so theirs is 5e-4.
    """

    def __init__(self, channels):
        super().__init__()
        index = torch.arange(channels)
        self.register_buffer("band", ((index[:, None] - index).abs() <= 2).float(), persistent=False)

    def forward(self, x):
        return F.max_pool2d(Normalize.apply(x, self.band), 3, 2)


class AlexNet(nn.Module):
    """Five convolutions, of which the second, fourth and fifth work in two groups, and three fully connected layers.

    Narrower than the original and for 32x32 pixels: the first window is 5x5 with stride 1 instead of 11x11 with stride 4.
    Key names are torchvision's.
    """

    def __init__(self, classes, widths, hidden, dropout):
        super().__init__()
        a, b, c, d, e = widths
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 5, 1, 2), nn.ReLU(), NormalizedPool(a),
            nn.Conv2d(a, b, 5, 1, 2, groups=2), nn.ReLU(), NormalizedPool(b),
            nn.Conv2d(b, c, 3, 1, 1), nn.ReLU(),
            nn.Conv2d(c, d, 3, 1, 1, groups=2), nn.ReLU(),
            nn.Conv2d(d, e, 3, 1, 1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(e * 9, hidden), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, classes))
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.classifier[6].weight, std=0.01)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--widths", type=int, nargs=5, default=[32, 64, 128, 128, 128], help="of the convolutions")
    parser.add_argument("--hidden", type=int, default=512, help="width of the fully connected layers")
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--average", type=float, default=0.998, help="decay of the running average that is written")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    normalise = lambda images: ((images.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)
    images, labels, names = load(options.train)
    test_images, test_labels, test_names = load(options.test)
    if names != test_names:
        raise SystemExit(f"the archives hold different classes: {names} and {test_names}")

    make = lambda: AlexNet(len(names), options.widths, options.hidden, options.dropout).to(memory_format=torch.channels_last)
    network = make()
    print(f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} million weights", flush=True)
    tested = make().eval()
    average = {key: value.clone() for key, value in network.state_dict().items()}
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=options.decay)
    steps = len(images) // options.batch
    total = options.epochs * steps
    warm = 0.1 * total

    state = Path(options.out + ".state")
    first = 0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        average, first = saved["average"], saved["epoch"]
        generator.set_state(saved["generator"])
        torch.set_rng_state(saved["dropout"])
        print(f"resuming after epoch {first}", flush=True)

    for epoch in range(first, options.epochs):
        start, cpu, loss_sum = time.time(), time.process_time(), 0.0
        network.train()
        order = torch.randperm(len(images), generator=generator)
        for step in range(steps):
            done = epoch * steps + step
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min((done + 1) / warm, (total - done) / (total - warm))
            chosen = order[step * options.batch : (step + 1) * options.batch]
            inputs = normalise(augment(images[chosen], generator))
            loss = F.cross_entropy(network(inputs), labels[chosen], label_smoothing=options.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            decay = min(options.average, (done + 1) / (done + 11))
            with torch.no_grad():
                for key, value in network.state_dict().items():
                    average[key].lerp_(value, 1 - decay)
            loss_sum += loss.item()
            if step % 100 == 99:
                print(f"  step {step + 1} loss {loss_sum / (step + 1):.3f} {time.time() - start:.0f} s "
                      f"cpu {time.process_time() - cpu:.0f} s", flush=True)
        tested.load_state_dict(average)
        with torch.no_grad():
            guesses = torch.cat([tested(normalise(part)).argmax(1) for part in test_images.split(500)])
        accuracy = (guesses == test_labels).float().mean().item()
        print(f"epoch {epoch + 1:3d}/{options.epochs} loss {loss_sum / steps:.4f} test {accuracy:.4f} "
              f"{time.time() - start:.0f} s", flush=True)
        write(state, {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "average": average,
                      "epoch": epoch + 1, "generator": generator.get_state(), "dropout": torch.get_rng_state()})
        weights = {key: value.contiguous() for key, value in average.items()}
        write(Path(options.out), {"state_dict": weights, "labels": names, "test_accuracy": accuracy})


def write(path, value):
    beside = path.with_name(path.name + ".part")
    torch.save(value, beside)
    os.replace(beside, path)


if __name__ == "__main__":
    main()
