"""CIFAR-10 as the recipes read it: archives of `SPLIT/CLASS/IMAGE` files, and how images are scaled and augmented."""
import io
import tarfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def load(path):
    """Every image of an archive as uint8 (N, 3, 32, 32), its class index, and the class names in order."""
    items = []
    with tarfile.open(path) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if member.isfile() and len(parts) >= 2:
                with Image.open(io.BytesIO(archive.extractfile(member).read())) as image:
                    items.append((parts[-2], parts[-1], np.asarray(image.convert("RGB")).transpose(2, 0, 1)))
    items.sort(key=lambda item: item[:2])
    names = sorted({item[0] for item in items})
    labels = torch.tensor([names.index(item[0]) for item in items])
    return torch.from_numpy(np.stack([item[2] for item in items])), labels, names


def augment(images, generator):
    """A random 32x32 window of each image padded by 4 black pixels, flipped half of the time."""
    count = len(images)
    padded = F.pad(images, (4, 4, 4, 4))
    dy, dx = torch.randint(0, 9, (2, count, 1, 1), generator=generator)
    rows = dy + torch.arange(32).view(1, 32, 1)
    columns = torch.arange(32).view(1, 1, 32)
    flip = torch.rand(count, 1, 1, generator=generator) < 0.5
    columns = dx + torch.where(flip, 31 - columns, columns)
    return padded[torch.arange(count).view(-1, 1, 1), :, rows, columns].permute(0, 3, 1, 2)
