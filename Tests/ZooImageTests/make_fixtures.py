"""Writes image files and what Pillow makes of them, as PPM, for DecodingTests and ResamplingTests.

Usage: make_fixtures.py FOLDER [CASES]. Without CASES, the small set that is committed as Fixtures; with it, so many
random files of every kind. Needs Pillow 11.3 or later and NumPy. All pictures are drawn here.
"""

import io
import itertools
import pathlib
import random
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo


def picture(width, height, seed):
    """Gradients, an edge and some noise, so that every step of a codec has something to do."""
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x / max(width - 1, 1)
    green = 255 * y / max(height - 1, 1)
    blue = np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2, 230, 20)
    pixels = np.stack([red, green, blue], axis=2) + noise.normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def png(width, height, depth, color, samples, palette=None, transparency=None, interlaced=False, gamma=False):
    """A PNG file of `samples` (height × width × channels), with all five filters; Pillow writes few of these."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def rows(part):
        channels = part.shape[2]
        step = max(channels * depth // 8, 1)
        previous = None
        for index, row in enumerate(part):
            if depth == 16:
                data = row.astype(">u2").tobytes()
            else:
                bits = np.unpackbits(row.reshape(-1, 1).astype(np.uint8), axis=1)[:, 8 - depth:]
                data = np.packbits(bits.reshape(-1)).tobytes()
            previous = previous or bytes(len(data))
            kind = index % 5
            yield kind
            for i, value in enumerate(data):
                a = data[i - step] if i >= step else 0
                b = previous[i]
                c = previous[i - step] if i >= step else 0
                p = a + b - c
                paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                yield (value - (0, a, b, (a + b) // 2, paeth)[kind]) & 255
            previous = data

    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes] if interlaced else [samples]
    data = b"".join(bytes(rows(part)) for part in parts if part.size)
    file = b"\x89PNG\r\n\x1a\n"
    file += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced)))
    if gamma:
        file += chunk(b"gAMA", struct.pack(">I", 100000))
    if palette:
        file += chunk(b"PLTE", palette)
    if transparency:
        file += chunk(b"tRNS", transparency)
    packed = zlib.compress(data)
    for start in range(0, len(packed), 1000):
        file += chunk(b"IDAT", packed[start:start + 1000])
    return file + chunk(b"IEND", b"")


class Folder:
    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def reference(self, name):
        """Pillow's pixels of the file `name`."""
        image = Image.open(self.path / name)
        image.convert("RGB").save(self.path / f"{name}.ppm")
        upright = ImageOps.exif_transpose(image)
        if name.startswith("orientation"):
            upright.convert("RGB").save(self.path / f"{name}.upright.ppm")

    def save(self, image, name, **options):
        image.save(self.path / name, **options)
        self.reference(name)

    def write(self, name, data, reference=None):
        (self.path / name).write_bytes(data)
        if reference is None:
            self.reference(name)
        else:
            Image.fromarray(reference).save(self.path / f"{name}.ppm")


def write_jpegs(folder, width, height, seed, quality):
    image = picture(width, height, seed)
    for name, subsampling in ("444", 0), ("422", 1), ("420", 2):
        folder.save(image, f"{name}-{seed}.jpg", quality=quality, subsampling=subsampling)
        folder.save(image, f"{name}-progressive-{seed}.jpg", quality=quality, subsampling=subsampling, progressive=True)
    folder.save(image, f"restarts-{seed}.jpg", quality=quality, restart_marker_blocks=3)
    folder.save(image, f"rgb-{seed}.jpg", quality=quality, keep_rgb=True)
    folder.save(image.convert("L"), f"grey-{seed}.jpg", quality=quality)
    cmyk = Image.merge("CMYK", [*image.split(), picture(width, height, seed + 1).convert("L")])
    folder.save(cmyk, f"cmyk-{seed}.jpg", quality=quality)
    # The same with the flag that says the inks are stored as YCCK.
    data = bytearray((folder.path / f"cmyk-{seed}.jpg").read_bytes())
    data[data.index(b"Adobe") + 11] = 2
    folder.write(f"ycck-{seed}.jpg", bytes(data))


def write_orientations(folder, width, height, seed, orientations, formats=("jpg", "png", "webp")):
    image = picture(width, height, seed)
    for orientation in orientations:
        exif = Image.Exif()
        exif[0x010F] = "A camera"
        exif[0x0112] = orientation
        for format in formats:
            options = {"lossless": True} if format == "webp" else {}
            folder.save(image, f"orientation-{orientation}-{seed}.{format}", exif=exif, **options)


def exif_block(order, kind, values):
    """An EXIF block with one entry, the orientation."""
    format = {1: "B", 3: "H", 4: "I", 8: "h", 9: "i"}[kind]
    data = struct.pack(f"{order}{len(values)}{format}", *values)
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 1)
    entry = struct.pack(order + "HHI", 0x0112, kind, len(values))
    if len(data) <= 4:
        return header + entry + data.ljust(4, b"\0") + bytes(4)
    return header + entry + struct.pack(order + "II", 26, 0) + data


def raw_profile(block):
    """A profile as ImageMagick writes it in text chunks."""
    digits = block.hex()
    lines = "\n".join(digits[start:start + 72] for start in range(0, len(digits), 72))
    return f"\nexif\n{len(block):8}\n{lines}\n"


def write_orientation_forms(folder, width, height, seed):
    """The orientation in all the places and forms that Pillow reads it from, and some that it does not."""
    image = picture(width, height, seed)
    forms = {}
    for order in "<", ">":
        name = "little" if order == "<" else "big"
        for kind in 1, 3, 4, 8, 9:
            forms[f"{name}-type{kind}"] = exif_block(order, kind, [6])
            forms[f"{name}-type{kind}-twice"] = exif_block(order, kind, [8, 1])
        forms[f"{name}-invalid"] = exif_block(order, 3, [9])
    forms["named-twice"] = b"Exif\0\0" + exif_block(">", 3, [5])
    attribute, element = b'<a tiff:Orientation="7"/>', b"<tiff:Orientation>3</tiff:Orientation>"
    for name, block in forms.items():
        folder.save(image, f"orientation-{name}-{seed}.jpg", exif=b"Exif\0\0" + block)
        if seed != 2:
            folder.save(image, f"orientation-{name}-{seed}.png", exif=block)
            folder.save(image, f"orientation-{name}-{seed}.webp", exif=block, lossless=True)
    for name, packet in ("attribute", attribute), ("element", element), ("absent", b"<a tiff:Orientation='6'/>"):
        folder.save(image, f"orientation-xmp-{name}-{seed}.jpg", xmp=packet)
        folder.save(image, f"orientation-xmp-{name}-{seed}.webp", xmp=packet, lossless=True)
    for orientation in 1, 9:
        block = exif_block("<", 3, [orientation])
        folder.save(image, f"orientation-exif{orientation}-xmp-{seed}.jpg", exif=b"Exif\0\0" + block, xmp=attribute)
    for compressed in False, True:
        tag = f"{'-compressed' if compressed else ''}-{seed}.png"
        profile = PngInfo()
        profile.add_text("Raw profile type exif", raw_profile(b"Exif\0\0" + forms["big-type4"]), zip=compressed)
        folder.save(image, f"orientation-profile{tag}", pnginfo=profile)
        folder.save(image, f"orientation-profile-exif{tag}", pnginfo=profile, exif=exif_block("<", 3, [2]))
        xmp = PngInfo()
        xmp.add_itxt("XML:com.adobe.xmp", attribute.decode(), zip=compressed)
        folder.save(image, f"orientation-xmp{tag}", pnginfo=xmp)


def write_pngs(folder, width, height, seed):
    image = picture(width, height, seed)
    noise = np.random.default_rng(seed)
    colors = np.asarray(image)
    alpha = noise.integers(0, 256, (height, width, 1), dtype=np.uint8)
    for interlaced in False, True:
        tag = f"{'-interlaced' if interlaced else ''}-{seed}.png"
        folder.write(f"rgb{tag}", png(width, height, 8, 2, colors, interlaced=interlaced, gamma=True))
        folder.write(f"rgba{tag}", png(width, height, 8, 6, np.concatenate([colors, alpha], 2), interlaced=interlaced))
        folder.write(
            f"rgb-key{tag}", png(width, height, 8, 2, colors, transparency=bytes(6), interlaced=interlaced))
        folder.write(
            f"la{tag}", png(width, height, 8, 4, np.concatenate([colors[:, :, :1], alpha], 2), interlaced=interlaced))
        wide = noise.integers(0, 65536, (height, width, 4), dtype=np.uint16)
        folder.write(f"rgb16{tag}", png(width, height, 16, 2, wide[:, :, :3], interlaced=interlaced))
        folder.write(f"rgba16{tag}", png(width, height, 16, 6, wide, interlaced=interlaced, gamma=True))
        folder.write(f"la16{tag}", png(width, height, 16, 4, wide[:, :, :2], interlaced=interlaced))
        # Pillow clips such samples at 255; the high byte is what the file means.
        folder.write(
            f"grey16{tag}", png(width, height, 16, 0, wide[:, :, :1], interlaced=interlaced),
            np.repeat((wide[:, :, :1] >> 8).astype(np.uint8), 3, axis=2))
        for depth in 1, 2, 4, 8:
            indices = noise.integers(0, 1 << depth, (height, width, 1), dtype=np.uint8)
            folder.write(f"grey{depth}{tag}", png(width, height, depth, 0, indices, interlaced=interlaced))
            palette = noise.bytes(3 << depth)
            folder.write(
                f"palette{depth}{tag}", png(width, height, depth, 3, indices, palette, interlaced=interlaced))
            folder.write(
                f"palette{depth}-alpha{tag}",
                png(width, height, depth, 3, indices, palette, noise.bytes(1 << depth), interlaced))


def write_webps(folder, width, height, seed, quality):
    image = picture(width, height, seed)
    alpha = picture(width, height, seed + 1).convert("L")
    transparent = Image.merge("RGBA", [*image.split(), alpha])
    folder.save(image, f"lossy-{seed}.webp", quality=quality)
    folder.save(image, f"lossless-{seed}.webp", lossless=True)
    folder.save(transparent, f"lossy-alpha-{seed}.webp", quality=quality)
    folder.save(transparent, f"lossless-alpha-{seed}.webp", lossless=True, exact=True)


def place_gif(data, screen, left, top):
    """The GIF file with another size of its screen, and with its first frame elsewhere."""
    data = bytearray(data)
    data[6:10] = struct.pack("<HH", *screen)
    position = 13 + (3 << (data[10] & 7) + 1 if data[10] & 128 else 0)
    while data[position] == 0x21:
        position += 2
        while data[position]:
            position += 1 + data[position]
        position += 1
    data[position + 1:position + 5] = struct.pack("<HH", left, top)
    return bytes(data)


def write_gifs(folder, width, height, seed):
    image = picture(width, height, seed)
    for colors in 2, 13, 256:
        indexed = image.quantize(colors)
        for interlace in 0, 1:
            tag = f"{colors}{'-interlaced' if interlace else ''}-{seed}.gif"
            folder.save(indexed, f"palette{tag}", interlace=interlace)
            folder.save(indexed, f"transparent{tag}", interlace=interlace, transparency=1)
    folder.save(image.convert("L"), f"grey-{seed}.gif")
    folder.save(image.convert("1"), f"bits-{seed}.gif")
    more = [picture(width, height, seed + index).quantize(31) for index in (1, 2)]
    folder.save(image.quantize(31), f"animated-{seed}.gif", save_all=True, append_images=more, comment=b"a comment")
    for name in f"palette13-{seed}", f"transparent13-interlaced-{seed}":
        data = (folder.path / f"{name}.gif").read_bytes()
        folder.write(f"small-{name}.gif", place_gif(data, (width + 5, height + 7), 3, 2))
        folder.write(f"large-{name}.gif", place_gif(data, (1, 1), 2, 1))


def bmp(width, height, bits, data, header=40, compression=0, masks=(), palette=b"", top_down=False, colors=0):
    """A BMP file; `masks` are part of headers of more than 40 bytes."""
    if header == 12:
        fields = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        stated = -height if top_down else height
        fields = struct.pack("<IiiHHIIiiII", header, width, stated, 1, bits, compression, len(data), 0, 0, colors, 0)
        tail = b"".join(struct.pack("<I", mask) for mask in masks)
        fields += tail if header == 40 else tail.ljust(header - 40, b"\0")
    start = 14 + len(fields) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + fields + palette + data


def bmp_rows(width, height, bits, noise):
    return noise.bytes((width * bits + 31) // 32 * 4 * height)


def run_lengths(width, height, bits, noise):
    """RLE data with runs, literals, moves and ends of lines."""
    data = b""
    row = 0
    while row < height:
        column = 0
        while column < width:
            count = int(min(width - column, noise.integers(1, 12)))
            if count >= 3 and noise.integers(0, 2):
                literals = noise.bytes((count + 1) // 2 if bits == 4 else count)
                data += bytes([0, count]) + literals + bytes(len(literals) % 2)
            else:
                data += bytes([count]) + noise.bytes(1)
            column += count
        data += bytes([0, 0])
        row += 1
        if row + 3 < height and width > 1 and noise.integers(0, 3) == 0:
            # A move, and the end of the line that it leads to.
            data += bytes([0, 2, int(noise.integers(1, width)), 1, 0, 0])
            row += 2
    return data + bytes([0, 1])


def write_bmps(folder, width, height, seed):
    image = picture(width, height, seed)
    for mode in "1", "L", "P", "RGB", "RGBA":
        folder.save(image.convert(mode), f"mode{mode}-{seed}.bmp")
    noise = np.random.default_rng(seed)
    for bits in 1, 4, 8, 16, 24, 32:
        rows = bmp_rows(width, height, bits, noise)
        colors = 1 << bits if bits <= 8 else 0
        folder.write(f"os2-{bits}-{seed}.bmp", bmp(width, height, bits, rows, 12, palette=noise.bytes(3 * colors)))
        for header in 40, 64, 108, 124:
            palette = noise.bytes(4 * colors)
            folder.write(f"info{header}-{bits}-{seed}.bmp", bmp(width, height, bits, rows, header, palette=palette))
        folder.write(
            f"top-down-{bits}-{seed}.bmp", bmp(width, height, bits, rows, palette=noise.bytes(4 * colors), top_down=True))
    rows = bmp_rows(width, height, 8, noise)
    folder.write(
        f"few-colors-{seed}.bmp",
        bmp(width, height, 8, bytes(byte % 7 for byte in rows), palette=noise.bytes(28), colors=7))
    layouts = [
        (32, (0xFF0000, 0xFF00, 0xFF, 0)), (32, (0xFF000000, 0xFF0000, 0xFF00, 0)),
        (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)), (16, (0xF800, 0x7E0, 0x1F)), (16, (0x7C00, 0x3E0, 0x1F)),
    ]
    for index, (bits, masks) in enumerate(layouts):
        rows = bmp_rows(width, height, bits, noise)
        for header in 40, 56, 108:
            if header == 40 and masks[3:] not in ((), (0,)):
                continue
            folder.write(
                f"masks{index}-info{header}-{seed}.bmp",
                bmp(width, height, bits, rows, header, 3, masks[:3] if header == 40 else masks))
    for bits in 4, 8:
        palette = noise.bytes(4 << bits)
        data = run_lengths(width, height, bits, noise)
        folder.write(f"rle{bits}-{seed}.bmp", bmp(width, height, bits, data, 40, 2 if bits == 4 else 1, palette=palette))


def write_animations(folder, width, height, seed):
    """Animated WebP files; in the last ones the first frame is a part of the canvas."""
    images = [picture(width, height, seed + index) for index in range(3)]
    alpha = picture(width, height, seed + 3).convert("L")
    transparent = [Image.merge("RGBA", [*image.split(), alpha]) for image in images]
    for name, frames, options in [
        ("lossy", images, {"quality": 70}), ("lossless", images, {"lossless": True}),
        ("lossy-alpha", transparent, {"quality": 70}), ("lossless-alpha", transparent, {"lossless": True, "exact": True}),
    ]:
        name = f"animated-{name}-{seed}.webp"
        folder.save(frames[0], name, save_all=True, append_images=frames[1:], background=(9, 8, 7, 255), **options)
        data = bytearray((folder.path / name).read_bytes())
        data[24:30] = struct.pack("<I", width + 8)[:3] + struct.pack("<I", height + 6)[:3]
        frame = data.index(b"ANMF") + 8
        data[frame:frame + 6] = bytes([2, 0, 0, 1, 0, 0])
        folder.write(f"placed-{name}", bytes(data))


def tiff(order, big, entries, blocks, offsets_tag, counts_tag):
    """A TIFF file of stored `blocks`; `entries` are tags with one kind of number each."""
    data = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + ("HHHQ" if big else "HI"), *([43, 8, 0, 0] if big else [42, 0])))
    offsets = []
    for block in blocks:
        offsets.append(len(data))
        data += block + bytes(len(block) % 2)
    entries = entries + [(offsets_tag, "I", offsets), (counts_tag, "I", [len(block) for block in blocks])]
    word, count_format = ("Q", "Q") if big else ("I", "H")
    directory = struct.pack(order + count_format, len(entries))
    for tag, format, values in sorted(entries):
        value = struct.pack(f"{order}{len(values)}{format}", *values)
        if len(value) > struct.calcsize(word):
            data += bytes(len(data) % 2)
            place = struct.pack(order + word, len(data))
            data += value
        else:
            place = value.ljust(struct.calcsize(word), b"\0")
        directory += struct.pack(order + "HH" + word, tag, {"H": 3, "I": 4}[format], len(values)) + place
    data += bytes(len(data) % 2)
    struct.pack_into(order + word, data, 8 if big else 4, len(data))
    return bytes(data) + directory + bytes(struct.calcsize(word))


def pack_bits(data):
    """PackBits with runs and literals."""
    packed = b""
    while data:
        run = len(data) - len(data.lstrip(data[:1])) if len(data) > 1 else 1
        if run > 1:
            run = min(run, 128)
            packed += struct.pack("b", 1 - run) + data[:1]
        else:
            packed += b"\0" + data[:1]
        data = data[run:]
    return packed


def tiff_block(samples, bits, order, compression, predictor, fill):
    """A strip or tile of height × width × channels, compressed."""
    kind = samples.dtype.kind
    if predictor == 3:
        rows = [row.astype(">f4").view(np.uint8).reshape(-1, 4).T.reshape(-1) for row in samples]
        data = b"".join(np.diff(row, prepend=row[:1] * 0).astype(np.uint8).tobytes() for row in rows)
    else:
        if predictor == 2:
            samples = np.diff(samples, axis=1, prepend=samples[:, :1] * 0).astype(samples.dtype)
        if bits < 8:
            all_bits = np.unpackbits(samples.reshape(len(samples), -1, 1).astype(np.uint8), axis=2)[:, :, 8 - bits:]
            data = np.packbits(all_bits.reshape(len(samples), -1), axis=1).tobytes()
        else:
            data = samples.astype(f"{order}{kind}{bits // 8}").tobytes()
    data = {1: bytes, 8: zlib.compress, 32773: pack_bits}[compression](data)
    return np.packbits(np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")).tobytes() if fill == 2 else data


def tiff_picture(samples, bits, photometric, order="<", big=False, tiled=False, planar=False, compression=1,
                 predictor=1, fill=1, format=1, extra=(), colors=None, more=()):
    """A TIFF file of height × width × channels in strips of four rows or in tiles."""
    height, width, channels = samples.shape
    block_height, block_width = (16, 32) if tiled else (4, width)
    padded = samples
    if tiled:
        padded = np.pad(samples, [(0, -height % 16), (0, -width % 32), (0, 0)])
    blocks = []
    for plane in np.split(padded, channels, axis=2) if planar else [padded]:
        for top in range(0, len(plane), block_height):
            for left in range(0, plane.shape[1], block_width):
                part = plane[top:top + block_height, left:left + block_width]
                blocks.append(tiff_block(part, bits, order, compression, predictor, fill))
    entries = [
        (256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * channels), (259, "H", [compression]),
        (262, "H", [photometric]), (277, "H", [channels]), (284, "H", [2 if planar else 1]), *more,
    ]
    entries += [(322, "I", [block_width]), (323, "I", [block_height])] if tiled else [(278, "I", [block_height])]
    entries += [(317, "H", [predictor])] if predictor != 1 else []
    entries += [(266, "H", [fill])] if fill != 1 else []
    entries += [(339, "H", [format] * channels)] if format != 1 else []
    entries += [(338, "H", extra)] if extra else []
    entries += [(320, "H", colors)] if colors is not None else []
    return tiff(order, big, entries, blocks, 324 if tiled else 273, 325 if tiled else 279)


def tiff_kinds(width, height, noise):
    """Names, samples, what describes them, and the pixels where Pillow does not give those that the file means."""

    def integers(bits, channels=1):
        type = np.uint8 if bits <= 8 else np.uint16
        # Runs, so that PackBits has some.
        return np.repeat(noise.integers(0, 1 << bits, (height, (width + 2) // 3, channels), dtype=type), 3, axis=1)[:, :width]

    def grey(values):
        return np.repeat(np.clip(values, 0, 255).astype(np.uint8), 3, axis=2)

    for bits in 1, 2, 4, 8:
        for photometric, name in (0, "white"), (1, "black"):
            yield f"{name}{bits}", integers(bits), dict(bits=bits, photometric=photometric), None
        colors = noise.integers(0, 65536, 3 << bits).tolist()
        yield f"palette{bits}", integers(bits), dict(bits=bits, photometric=3, colors=colors), None
    for photometric, name in (0, "white"), (1, "black"):
        deep = integers(16)
        pixels = grey(deep >> 8)
        yield f"{name}16", deep, dict(bits=16, photometric=photometric), 255 - pixels if photometric == 0 else pixels
    for bits in 8, 16:
        yield f"rgb{bits}", integers(bits, 3), dict(bits=bits, photometric=2), None
        for extra, name in (0, "x"), (1, "premultiplied"), (2, "alpha"):
            samples = integers(bits, 4)
            pixels = samples[:, :, :3] if bits == 8 else (samples[:, :, :3] >> 8).astype(np.uint8)
            # Pillow does not read all of these in planes.
            yield f"rgb{bits}-{name}", samples, dict(bits=bits, photometric=2, extra=[extra]), (
                None if extra == 1 else pixels)
        yield f"cmyk{bits}", integers(bits, 4), dict(bits=bits, photometric=5), None
    yield "la", integers(8, 2), dict(bits=8, photometric=1, extra=[2]), None
    yield "ycbcr", integers(8, 3), dict(bits=8, photometric=6, more=[(530, "H", [1, 1])]), None
    # Pillow mixes up the byte orders of these.
    floats = noise.normal(128, 100, (height, width, 1)).astype(np.float32)
    yield "float32", floats, dict(bits=32, photometric=1, format=3), grey(floats)
    yield "float64", floats.astype(np.float64), dict(bits=64, photometric=1, format=3), grey(floats)
    for bits in 16, 32:
        signed = noise.integers(-300, 600, (height, width, 1)).astype(f"i{bits // 8}")
        yield f"signed{bits}", signed, dict(bits=bits, photometric=1, format=2), grey(signed)
    unsigned = noise.integers(0, 600, (height, width, 1)).astype(np.uint32)
    yield "unsigned32", unsigned, dict(bits=32, photometric=1), grey(unsigned)


def write_tiffs(folder, width, height, seed, quality):
    noise = np.random.default_rng(seed)
    layouts = itertools.cycle(itertools.product(["<", ">"], [False, True], [(False, 1), (True, 8), (True, 1), (False, 32773), (False, 8)]))
    for _ in range(seed % 20):
        next(layouts)
    for index, (name, samples, options, pixels) in enumerate(tiff_kinds(width, height, noise)):
        order, big, (tiled, compression) = next(layouts)
        # Pillow has no planes of several bytes without compression.
        planar = samples.shape[2] > 1 and compression == 8 and options.get("extra") != [1] and (index + seed) % 2 == 0
        predictor = 1
        if compression == 8 and options["bits"] >= 8 and options["photometric"] != 3:
            predictor = 3 if samples.dtype == np.float32 else 1 if samples.dtype.kind == "f" else 2
        tag = f"{'ii' if order == '<' else 'mm'}{'-big' if big else ''}{'-tiles' if tiled else ''}{'-planes' if planar else ''}"
        fill = 2 if options["bits"] < 8 and options["photometric"] <= 1 and compression == 1 and "extra" not in options else 1
        options |= dict(tiled=tiled, planar=planar, compression=compression, predictor=predictor, fill=fill)
        if pixels is None and order == ">" and big:
            # Pillow does not read these; the same picture in the other byte order tells.
            twin = tiff_picture(samples, order="<", big=True, **options)
            pixels = np.asarray(Image.open(io.BytesIO(twin)).convert("RGB"))
        folder.write(
            f"{name}-{tag}-{compression}-{seed}.tif", tiff_picture(samples, order=order, big=big, **options), pixels)
    image = picture(width, height, seed)
    for compression in "tiff_ccitt", "group3", "group4":
        folder.save(image.convert("1"), f"{compression}-{seed}.tif", compression=compression)
    for compression in "tiff_lzw", "lzma", "zstd", "packbits", "tiff_deflate":
        folder.save(image, f"{compression}-{seed}.tif", compression=compression, strip_size=300)
    for mode in "L", "RGB", "CMYK":
        folder.save(image.convert(mode), f"jpeg-{mode}-{seed}.tif", compression="jpeg", quality=quality)
    # One block that is a file of its own; Pillow's libtiff may lack WebP.
    for format, compression, options in ("JPEG", 7, dict(quality=quality, subsampling=2)), ("WEBP", 50001, dict(lossless=True)):
        block = io.BytesIO()
        image.save(block, format, **options)
        entries = [
            (256, "I", [width]), (257, "I", [height]), (258, "H", [8] * 3), (259, "H", [compression]),
            (262, "H", [6 if compression == 7 else 2]), (277, "H", [3]), (278, "I", [height]),
        ] + ([(530, "H", [2, 2])] if compression == 7 else [])
        folder.write(
            f"{format.lower()}-file-{seed}.tif", tiff("<", False, entries, [block.getvalue()], 273, 279),
            None if compression == 7 else np.asarray(image))
    pages = [picture(height, width, seed + 1)]
    folder.save(image, f"pages-{seed}.tif", save_all=True, append_images=pages)
    for orientation in range(1, 9):
        name = f"orientation-{orientation}-{seed}.tif"
        folder.save(image, name, tiffinfo={274: orientation}, compression="tiff_lzw")
        # Pillow turns these as it loads them.
        image.save(folder.path / f"{name}.ppm")


def write_resized(folder, width, height, seed, sizes):
    image = picture(width, height, seed)
    image.save(folder.path / f"source-{seed}.ppm")
    for new_width, new_height in sizes:
        for filter in "bilinear", "bicubic":
            resized = image.resize((new_width, new_height), getattr(Image.Resampling, filter.upper()))
            resized.save(folder.path / f"resized-{seed}-{new_width}-{new_height}-{filter}.ppm")


def main():
    folder = Folder(pathlib.Path(sys.argv[1]))
    if len(sys.argv) == 2:
        write_jpegs(folder, 37, 29, 1, 90)
        write_orientations(folder, 13, 7, 2, range(1, 9), ["jpg"])
        write_orientations(folder, 13, 7, 2, [6], ["png", "webp"])
        write_orientation_forms(folder, 5, 3, 2)
        write_pngs(folder, 11, 9, 3)
        write_webps(folder, 37, 29, 4, 80)
        write_gifs(folder, 11, 9, 3)
        write_bmps(folder, 11, 9, 3)
        write_animations(folder, 11, 9, 4)
        write_tiffs(folder, 11, 9, 3, 90)
        folder.save(picture(1, 1, 5), "pixel.jpg")
        folder.save(picture(1, 1, 5), "pixel.png")
        folder.save(picture(1, 1, 5), "pixel.webp")
        folder.save(picture(1, 1, 5), "pixel.tif")
        write_resized(folder, 53, 31, 6, [(20, 12), (53, 12), (20, 31), (80, 40), (7, 60), (1, 1), (53, 31)])
        return
    choose = random.Random(1)
    for seed in range(int(sys.argv[2])):
        width, height = choose.randint(1, 150), choose.randint(1, 150)
        quality = choose.randint(1, 100)
        write_jpegs(folder, width, height, 10 * seed, quality)
        write_orientations(folder, width, height, 10 * seed, [choose.randint(1, 8)])
        write_orientation_forms(folder, width, height, 10 * seed)
        write_pngs(folder, choose.randint(1, 30), choose.randint(1, 30), 10 * seed)
        write_webps(folder, width, height, 10 * seed, quality)
        write_gifs(folder, width, height, 10 * seed)
        write_bmps(folder, width, height, 10 * seed)
        write_animations(folder, width, height, 10 * seed)
        write_tiffs(folder, width, height, 13 * seed + 1, quality)
        sizes = [(choose.randint(1, 200), choose.randint(1, 200)) for _ in range(4)]
        write_resized(folder, width, height, 10 * seed, sizes)


main()
