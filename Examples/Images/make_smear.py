#!/usr/bin/env python3
"""Draws smear.jpg, a blood smear that nobody's blood was taken for: red cells, two white cells and some platelets.

    python3 make_smear.py smear.jpg

Needs NumPy and Pillow. Cells absorb light, so that what lies under them shines through; their outlines are circles with
a few random harmonics.
"""
import sys

import numpy as np
from PIL import Image, ImageFilter

HEIGHT, WIDTH = 480, 640
random = np.random.default_rng(8)
rows, columns = np.mgrid[:HEIGHT, :WIDTH]


def noise(smoothness):
    """Smooth noise of mean 0 and deviation 1."""
    small = random.normal(size=(HEIGHT // smoothness + 2, WIDTH // smoothness + 2)).astype(np.float32)
    full = np.asarray(Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return (full - full.mean()) / full.std()


def depth(x, y, radius, irregularity=0.04):
    """How far inside an outline around (x, y) each pixel lies, as a share of the radius: 1 at the centre, 0 at the rim."""
    angle = np.arctan2(rows - y, columns - x)
    rim = np.full(angle.shape, radius, np.float32)
    for order in range(2, 6):
        rim *= 1 + random.normal(0, irregularity / (order - 1)) * np.cos(order * angle + random.uniform(0, 2 * np.pi))
    return 1 - np.hypot(rows - y, columns - x) / rim


def step(value, width):
    """0 below zero, 1 above, with a ramp between."""
    return np.clip(value / width + 0.5, 0, 1)


def absorb(picture, share, colour):
    """Lets `share` of the light pass through `colour`."""
    picture *= 1 - share[..., None] * (1 - np.asarray(colour, np.float32) / 255)


def red_cell(picture, x, y, radius):
    inside = depth(x, y, radius)
    body = step(inside, 0.05)
    pallor = random.uniform(0, 0.6) * np.clip(1.6 * inside - 0.5, 0, 1)
    rim = 0.25 * np.exp(-((inside - 0.06) / 0.05) ** 2)
    absorb(picture, body * (0.95 - pallor) + body * rim, (222, 165, 158))


def white_cell(picture, x, y, radius):
    body = step(depth(x, y, radius, 0.02), 0.05)
    picture *= 1 - body[..., None]
    cytoplasm = np.asarray((196, 172, 204), np.float32) + 7 * noise(3)[..., None] + 5 * noise(9)[..., None]
    picture += body[..., None] * cytoplasm
    start = random.uniform(0, 2 * np.pi)
    nucleus = np.zeros((HEIGHT, WIDTH), np.float32)
    for lobe in range(4):
        angle = start + lobe * 1.25
        place = (x + 0.45 * radius * np.cos(angle), y + 0.45 * radius * np.sin(angle))
        nucleus = np.maximum(nucleus, step(depth(*place, random.uniform(0.3, 0.38) * radius, 0.1), 0.12))
    absorb(picture, nucleus * (0.95 + 0.03 * noise(5)), (122, 98, 225))


def platelet(picture, x, y, radius):
    body = step(depth(x, y, radius, 0.12), 0.5)
    absorb(picture, body * np.clip(0.85 + 0.15 * noise(4), 0, 1), (165, 160, 235))


def main():
    picture = np.asarray((203, 216, 205), np.float32) + 5 * noise(160)[..., None] + np.zeros((HEIGHT, WIDTH, 1), np.float32)
    white = [(455, 330, 92), (130, 110, 78)]
    placed = [(x, y, radius + 8) for x, y, radius in white]

    def place(radius, distance):
        for _ in range(2000):
            x, y = random.uniform(-10, WIDTH + 10), random.uniform(-10, HEIGHT + 10)
            if all(np.hypot(x - other[0], y - other[1]) > distance * (radius + other[2]) for other in placed):
                placed.append((x, y, radius))
                return x, y
        return None

    for _ in range(17):
        radius = random.uniform(42, 52)
        if spot := place(radius, 0.93):
            red_cell(picture, *spot, radius)
    for x, y, radius in white:
        white_cell(picture, x, y, radius)
    for _ in range(5):
        radius = random.uniform(13, 18)
        if spot := place(radius, 1.1):
            platelet(picture, *spot, radius)
    picture += 1.5 * random.normal(size=picture.shape)
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    image.filter(ImageFilter.GaussianBlur(1.2)).save(sys.argv[1], quality=90)


if __name__ == "__main__":
    main()
