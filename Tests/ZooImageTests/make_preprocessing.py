"""Writes what torchvision's transforms make of Fixtures/source-6.ppm, for PreprocessingTests.

Usage: make_preprocessing.py. Needs torch, torchvision and Pillow. Each file `preprocessed-….f32` holds a float32 tensor
3×H×W, little-endian; its name gives resize (one side or height x width), filter and crop (height x width).
"""

import pathlib

from PIL import Image
from torchvision import transforms

FOLDER = pathlib.Path(__file__).parent / "Fixtures"
FILTERS = {"bilinear": transforms.InterpolationMode.BILINEAR, "bicubic": transforms.InterpolationMode.BICUBIC}

image = Image.open(FOLDER / "source-6.ppm")
for resize, filter, crop in [
    ("24", "bilinear", "20x20"),
    ("25", "bicubic", "20x21"),
    ("24", "bilinear", "30x50"),
    ("13x22", "bilinear", "13x22"),
    ("40", "bicubic", "17x16"),
]:
    sides = [int(side) for side in resize.split("x")]
    transform = transforms.Compose([
        transforms.Resize(sides if len(sides) == 2 else sides[0], FILTERS[filter]),
        transforms.CenterCrop([int(side) for side in crop.split("x")]),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    name = f"preprocessed-{resize}-{filter}-{crop}.f32"
    (FOLDER / name).write_bytes(transform(image).numpy().astype("<f4").tobytes())
