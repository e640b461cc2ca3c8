#!/usr/bin/env python3
"""Trains an R-CNN (Girshick et al. 2014) and writes one checkpoint with all of its parts for `zoo pack`.

    python3 ../AlexNet/train.py --widths 16 32 64 64 64 --hidden 256 ... --out alexnet-narrow.pth
    python3 train.py --data bccd --network alexnet-narrow.pth --out rcnn-bccd.pth

Needs PyTorch, torchvision, NumPy, scikit-learn and opencv-contrib-python. The data folder has the layout of Pascal VOC
(JPEGImages, Annotations, ImageSets/Main/train.txt and val.txt). Steps, each of which saves what it made in --work and is
skipped when started again: selective search, fine-tuning on warped regions, SVMs with hard negative mining, ridge
regression of boxes, average precision on the validation list. --both trains on both lists, for a model to ship.
"""
import argparse
import os
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.svm import LinearSVC
from torchvision.ops import roi_align

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
SIZE = 32  # of the network's input
CONTEXT = 4  # pixels of it around the region (the paper: 16 of 227)


class AlexNet(nn.Module):
    """The network of ../AlexNet/train.py, its sizes taken from the weights; also gives pool5 and fc7."""

    def __init__(self, weights, classes):
        super().__init__()
        widths = [weights[f"features.{index}.bias"].numel() for index in (0, 3, 6, 8, 10)]
        hidden = weights["classifier.1.bias"].numel()
        norm = lambda: nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)  # PyTorch divides alpha by the size
        a, b, c, d, e = widths
        self.first = nn.ModuleList([nn.Conv2d(3, a, 5, 1, 2), nn.Conv2d(a, b, 5, 1, 2, groups=2)])
        self.norm = norm()
        self.last = nn.ModuleList([nn.Conv2d(b, c, 3, 1, 1), nn.Conv2d(c, d, 3, 1, 1, groups=2),
                                   nn.Conv2d(d, e, 3, 1, 1, groups=2)])
        self.fc6, self.fc7, self.fc8 = nn.Linear(e * 9, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(0.2)
        for key, module in self.named().items():
            if key != "classifier.6":
                module.weight.data.copy_(weights[key + ".weight"])
                module.bias.data.copy_(weights[key + ".bias"])
        nn.init.normal_(self.fc8.weight, std=0.01)
        nn.init.zeros_(self.fc8.bias)

    def named(self):
        """Modules by torchvision's names."""
        keys = [f"features.{index}" for index in (0, 3, 6, 8, 10)] + [f"classifier.{index}" for index in (1, 4, 6)]
        return dict(zip(keys, [*self.first, *self.last, self.fc6, self.fc7, self.fc8]))

    def pool5(self, x):
        for convolution in self.first:
            x = F.max_pool2d(self.norm(F.relu(convolution(x))), 3, 2)
        for convolution in self.last:
            x = F.relu(convolution(x))
        return F.max_pool2d(x, 3, 2).flatten(1)

    def top(self, pool5):
        return F.relu(self.fc7(self.dropout(F.relu(self.fc6(self.dropout(pool5))))))

    def forward(self, x):
        return self.fc8(self.top(self.pool5(x)))


def annotation(path, names):
    """Boxes (N, 4) as left, top, right, bottom in pixel edges from 0, and their class indices."""
    boxes, labels = [], []
    for item in ElementTree.parse(path).iter("object"):
        corners = [float(item.find("bndbox").findtext(key)) for key in ("xmin", "ymin", "xmax", "ymax")]
        boxes.append([corners[0] - 1, corners[1] - 1, corners[2], corners[3]])  # VOC counts pixels from 1
        labels.append(names.index(item.findtext("name")))
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64)


def overlaps(a, b):
    """Intersection over union of every box of a with every one of b."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), 2)
    area = lambda boxes: np.prod(boxes[:, 2:] - boxes[:, :2], 1)
    return common / np.maximum(area(a)[:, None] + area(b)[None] - common, 1e-9)


def proposals(picture, scale, k):
    """Selective search in fast mode on the picture made smaller; boxes in the picture's own pixels."""
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
    search.setBaseImage(small)
    search.switchToSelectiveSearchFast(k, k, 0.8)
    cv2.setRNGSeed(0)
    boxes = search.process().astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    return boxes / np.float32(scale)


def warp(image, boxes):
    """Regions with CONTEXT pixels around them, each warped to SIZE x SIZE: the mean of 2 x 2 bilinear samples a pixel; what is
    outside the picture is zero, which is the mean colour. image (3, H, W) is normalized."""
    center, extent = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * (SIZE / (SIZE - 2 * CONTEXT))
    rois = torch.from_numpy(np.concatenate([center - extent, center + extent], 1))
    return roi_align(image[None], [rois], SIZE, sampling_ratio=2, aligned=True)


def offsets(boxes, truth):
    """Appendix C: shift of the centre in units of the region's size, logarithm of the growth."""
    size, wanted = boxes[:, 2:] - boxes[:, :2], truth[:, 2:] - truth[:, :2]
    shift = (truth[:, :2] + truth[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2 / size
    return np.concatenate([shift, np.log(wanted / size)], 1)


def move(boxes, offset, width, height):
    size = boxes[:, 2:] - boxes[:, :2]
    center = (boxes[:, :2] + boxes[:, 2:]) / 2 + offset[:, :2] * size
    half = size * np.exp(offset[:, 2:]) / 2
    moved = np.concatenate([center - half, center + half], 1)
    return np.clip(moved, 0, [width, height, width, height]).astype(np.float32)


def suppress(boxes, scores, limit):
    """Greedy non-maximum suppression: indices of what stays, best first."""
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order):
        kept.append(order[0])
        order = order[1:][overlaps(boxes[order[:1]], boxes[order[1:]])[0] <= limit]
    return np.array(kept, int)


def average_precision(found, truths):
    """Area under precision over recall, at every recall (VOC 2010), IoU 0.5. found: (score, image, box)."""
    found = sorted(found, key=lambda item: -item[0])
    taken = {image: np.zeros(len(boxes), bool) for image, boxes in truths.items()}
    hits = np.zeros(len(found))
    for index, (_, image, box) in enumerate(found):
        if len(truths[image]):
            overlap = overlaps(box[None], truths[image])[0]
            best = overlap.argmax()
            if overlap[best] >= 0.5 and not taken[image][best]:
                taken[image][best] = hits[index] = True
    positive = np.cumsum(hits)
    recall = positive / max(sum(map(len, truths.values())), 1)
    precision = positive / np.arange(1, len(found) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * precision)), float(recall[-1]) if len(recall) else 0.0


def cached(path, make):
    if path.exists():
        return torch.load(path, weights_only=False)
    start = time.time()
    value = make()
    beside = path.with_name(path.name + ".part")
    torch.save(value, beside)
    os.replace(beside, path)
    print(f"{path.name}: {time.time() - start:.0f} s", flush=True)
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", required=True, help="checkpoint of AlexNet/train.py to start from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="folder for what the steps save; --out with .work by default")
    parser.add_argument("--both", action="store_true", help="train on the validation list as well")
    parser.add_argument("--scale", type=float, default=0.5, help="selective search works on the picture at this size")
    parser.add_argument("--k", type=int, default=20, help="selective search's k and its step")
    parser.add_argument("--boxes", type=int, default=1600, help="regions of a picture that the packaged network looks at")
    parser.add_argument("--threshold", type=float, default=0.5, help="score that a prediction shows")
    parser.add_argument("--steps", type=int, default=700, help="of fine-tuning, 32 regions and 96 of background each")
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--cost", type=float, default=1e-3, help="C of the SVMs")
    parser.add_argument("--ridge", type=float, default=1000, help="lambda of the regression of boxes")
    parser.add_argument("--suppress", type=float, default=0.3, help="IoU beyond which the weaker of two boxes goes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    cv2.setNumThreads(options.threads)
    work = options.work or options.out.with_name(options.out.name + ".work")
    work.mkdir(parents=True, exist_ok=True)

    lists = {split: (options.data / f"ImageSets/Main/{split}.txt").read_text().split() for split in ("train", "val")}
    training = lists["train"] + (lists["val"] if options.both else [])
    every = sorted({*lists["train"], *lists["val"]})
    classes = sorted({item.findtext("name") for name in every
                      for item in ElementTree.parse(options.data / f"Annotations/{name}.xml").iter("object")})
    truth = {name: annotation(options.data / f"Annotations/{name}.xml", classes) for name in every}
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)

    def picture(name):
        return cv2.imread(str(options.data / f"JPEGImages/{name}.jpg"))

    def image(name):
        pixels = torch.from_numpy(picture(name)[:, :, ::-1].copy()).permute(2, 0, 1).float() / 255
        return (pixels - mean) / std

    # Regions far smaller or larger than anything to be found are not worth a look.
    sides = np.concatenate([boxes[:, 2:] - boxes[:, :2] for boxes, _ in (truth[name] for name in training)])
    sides = sides[(sides > 0).all(1)]
    low, high = np.percentile(sides, 1) * 0.6, sides.max() * 1.2
    found = cached(work / "proposals", lambda: {name: proposals(picture(name), options.scale, options.k) for name in every})
    regions = {}
    for name, boxes in found.items():
        size = boxes[:, 2:] - boxes[:, :2]
        regions[name] = boxes[(size.min(1) >= low) & (size.max(1) <= high)]
    best = [(label, overlap) for name in lists["val"] for label, overlap in
            zip(truth[name][1], overlaps(truth[name][0], regions[name]).max(1))]
    print(f"{np.mean([len(boxes) for boxes in regions.values()]):.0f} regions a picture, sides from {low:.0f} to {high:.0f}; "
          "recall on val: " + ", ".join(f"{name} {np.mean([o >= 0.5 for l, o in best if l == index]):.3f}"
                                        for index, name in enumerate(classes)), flush=True)

    # Windows for training: regions and the true boxes.
    windows, overlap, nearest = {}, {}, {}
    for name in training:
        boxes, labels = truth[name]
        windows[name] = np.concatenate([regions[name], boxes])
        overlap[name] = overlaps(windows[name], boxes)
        nearest[name] = overlap[name].argmax(1)

    def finetune():
        torch.manual_seed(options.seed)
        generator = np.random.default_rng(options.seed)
        start = torch.load(options.network, weights_only=True)["state_dict"]
        network = AlexNet(start, len(classes) + 1).to(memory_format=torch.channels_last)
        inputs, labels = [], []
        for name in training:
            most = overlap[name].max(1)
            positive = np.flatnonzero(most >= 0.5)
            background = np.flatnonzero(most < 0.5)
            background = generator.permutation(background)[:400]
            chosen = np.concatenate([positive, background])
            inputs.append(warp(image(name), windows[name][chosen]).half())
            labels.append(np.concatenate([truth[name][1][nearest[name][positive]], np.full(len(background), len(classes))]))
        inputs, labels = torch.cat(inputs), np.concatenate(labels)
        groups = [np.flatnonzero(labels == index) for index in range(len(classes) + 1)]
        print("windows: " + ", ".join(f"{name} {len(group)}" for name, group in zip([*classes, "background"], groups)), flush=True)
        optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.05)
        network.train()
        loss_sum, started = 0.0, time.time()
        for step in range(options.steps):
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min((step + 1) / 100, 1 - step / options.steps)
            # Each class has its share of the positives, the rare ones too.
            kinds = generator.integers(len(classes), size=32)
            chosen = np.array([generator.choice(groups[kind]) for kind in kinds])
            chosen = np.concatenate([chosen, generator.choice(groups[-1], 96)])
            batch = inputs[chosen].float()
            if generator.random() < 0.5:
                batch = batch.flip(3)
            if generator.random() < 0.5:
                batch = batch.flip(2)
            if generator.random() < 0.5:
                batch = batch.transpose(2, 3)
            loss = F.cross_entropy(network(batch.contiguous(memory_format=torch.channels_last)), torch.from_numpy(labels[chosen]))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item()
            if step % 100 == 99:
                print(f"  step {step + 1} loss {loss_sum / 100:.4f} {time.time() - started:.0f} s", flush=True)
                loss_sum = 0.0
        return {f"{key}.{kind}": getattr(module, kind).detach().contiguous() for key, module in network.named().items()
                for kind in ("weight", "bias")}

    weights = cached(work / "finetuned", finetune)
    network = AlexNet(weights, len(classes) + 1).eval().to(memory_format=torch.channels_last)

    @torch.no_grad()
    def features(boxes_of):
        """pool5 and fc7 of every window of every picture."""
        result = {}
        for name, boxes in boxes_of.items():
            pixels = image(name)
            pool5 = torch.cat([network.pool5(warp(pixels, part).contiguous(memory_format=torch.channels_last))
                               for part in np.array_split(boxes, -(-len(boxes) // 256))])
            result[name] = pool5.half().numpy(), network.top(pool5).half().numpy()
        return result

    seen = cached(work / "features", lambda: features(windows))
    tops = {name: value[1].astype(np.float32) for name, value in seen.items()}
    scale = 20 / np.mean([np.linalg.norm(top, axis=1).mean() for top in tops.values()])

    def classify():
        """One linear SVM a class: the true boxes against what overlaps none of that class by 0.3, hard ones only."""
        generator = np.random.default_rng(options.seed)
        weight, bias = [], []
        for index, name_of_class in enumerate(classes):
            positive, negative, cache = [], {}, []
            for name in training:
                boxes, labels = truth[name]
                count = len(regions[name])
                positive.append(tops[name][count:][labels == index])
                mine = overlap[name][:, labels == index]
                negative[name] = np.flatnonzero((mine.max(1) if mine.size else np.zeros(len(windows[name]))) < 0.3)
                cache.append(tops[name][generator.permutation(negative[name])[:20]])
            positive, cache = np.concatenate(positive) * scale, np.concatenate(cache) * scale
            for turn in range(4):
                svm = LinearSVC(C=options.cost, loss="hinge", class_weight={1: 2.0}, intercept_scaling=10, max_iter=20000,
                                random_state=options.seed)
                svm.fit(np.concatenate([positive, cache]), np.repeat([1, 0], [len(positive), len(cache)]))
                score = lambda x: x @ svm.coef_[0].astype(np.float32) + np.float32(svm.intercept_[0])
                easy = score(cache) < -1.2
                hard = [top[score(top) > -1] for top in (tops[name][negative[name]] * scale for name in training)]
                hard = np.concatenate(hard)
                print(f"  {name_of_class} turn {turn}: {len(positive)} positives, {len(cache)} negatives, "
                      f"{len(hard)} of all negatives are hard", flush=True)
                cache = np.unique(np.concatenate([cache[~easy], hard]), axis=0)
            weight.append(svm.coef_[0] * scale)
            bias.append(svm.intercept_[0])
        return np.array(weight, np.float32), np.array(bias, np.float32)

    svm_weight, svm_bias = cached(work / "svm", classify)

    def regress():
        """Ridge regression of the offsets from pool5 for regions that overlap a true box by 0.6, per class."""
        weight, bias = [], []
        for index in range(len(classes)):
            inputs, targets = [], []
            for name in training:
                boxes, labels = truth[name]
                chosen = np.flatnonzero((overlap[name].max(1) >= 0.6) & (labels[nearest[name]] == index))
                inputs.append(seen[name][0][chosen].astype(np.float64))
                targets.append(offsets(windows[name][chosen], boxes[nearest[name][chosen]]))
            inputs, targets = np.concatenate(inputs), np.concatenate(targets).astype(np.float64)
            center, middle = inputs.mean(0), targets.mean(0)
            shifted = inputs - center
            solved = np.linalg.solve(shifted.T @ shifted + options.ridge * np.eye(shifted.shape[1]),
                                     shifted.T @ (targets - middle)).T
            left = np.abs(shifted @ solved.T + middle - targets).mean(0)
            print(f"  {classes[index]}: {len(inputs)} regions, offsets {np.abs(targets).mean(0).round(3)}, "
                  f"left over {left.round(3)}", flush=True)
            weight.append(solved)
            bias.append(middle - solved @ center)
        return np.array(weight, np.float32), np.array(bias, np.float32)

    box_weight, box_bias = cached(work / "boxes", regress)

    at_test = cached(work / "val-features", lambda: features({name: regions[name] for name in lists["val"]}))
    precisions = []
    for index, name_of_class in enumerate(classes):
        results, plain = [], []
        for name in lists["val"]:
            pool5, top = (value.astype(np.float32) for value in at_test[name])
            scores = top @ svm_weight[index] + svm_bias[index]
            height, width = picture(name).shape[:2]
            moved = move(regions[name], pool5 @ box_weight[index].T + box_bias[index], width, height)
            good = np.flatnonzero(scores > -2)
            for boxes, into in ((moved, results), (regions[name], plain)):
                kept = good[suppress(boxes[good], scores[good], options.suppress)]
                into += [(scores[i], name, boxes[i]) for i in kept]
        truths = {name: truth[name][0][truth[name][1] == index] for name in lists["val"]}
        precision, recall = average_precision(results, truths)
        precisions.append(precision)
        print(f"{name_of_class}: AP50 {precision:.4f} (recall {recall:.3f}), "
              f"without regression {average_precision(plain, truths)[0]:.4f}", flush=True)
    print(f"mean AP50 on val{' (trained on it as well)' if options.both else ''}: {np.mean(precisions):.4f}", flush=True)

    value = {"state_dict": {**weights, "svm.weight": torch.from_numpy(svm_weight), "svm.bias": torch.from_numpy(svm_bias),
                            "box.weight": torch.from_numpy(box_weight), "box.bias": torch.from_numpy(box_bias)},
             "labels": classes, "search_scale": options.scale, "search_k": options.k, "search_sigma": 0.8,
             "search_boxes": options.boxes, "score_threshold": options.threshold,
             "smallest_side": float(low), "largest_side": float(high), "input_size": SIZE, "context": CONTEXT,
             "suppress": options.suppress, "average_precision": precisions}
    beside = options.out.with_name(options.out.name + ".part")
    torch.save(value, beside)
    os.replace(beside, options.out)


if __name__ == "__main__":
    main()
