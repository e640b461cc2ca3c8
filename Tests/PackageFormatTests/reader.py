#!/usr/bin/env python3
"""Reads a .zoo package with nothing but Python's standard library, as Docs/format.md describes it.

reader.py FILE prints, for each initializer of the main graph, its name, element type, shape and the SHA-256 of its
elements (of strings: each one's length in four bytes and its bytes), separated by tabs.
"""
import hashlib
import struct
import sys
import zlib

SIGNATURE = b"\x89ZOO\r\n\x1a\n"
BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
        17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2, 27: 6, 28: 6}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Field number, value, and the offset after the field, of each field of a message."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 1:
            value, at = data[at:at + 8], at + 8
        elif tag & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        elif tag & 7 == 5:
            value, at = struct.unpack_from("<I", data, at)[0], at + 4
        else:
            raise ValueError(f"wire type {tag & 7}")
        if at > len(data):
            raise ValueError("a field is longer than its message")
        yield tag >> 3, value, at


def message(data):
    """A message as a dictionary from field number to the list of values."""
    result = {}
    for number, value, _ in fields(data):
        result.setdefault(number, []).append(value)
    return result


def varints(values):
    """A repeated number, packed."""
    result = []
    for packed in values:
        at = 0
        while at < len(packed):
            value, at = varint(packed, at)
            result.append(value)
    return result


def elements(chunk, index):
    """The elements' bytes of one chunk."""
    (_, checksum, end) = next(fields(chunk))
    if zlib.crc32(chunk[end:]) != checksum:
        raise ValueError(f"chunk {index}: wrong checksum")
    parts = message(chunk)
    if parts[2][0] != index:
        raise ValueError(f"chunk {index}: wrong index")
    byte_count, rotated = parts[3][0], parts.get(4, [0])[0]
    codings, sizes, data = varints(parts[5]), varints(parts[6]), parts[8][0]
    width = len(codings)
    result, at = bytearray(byte_count), 0
    for k, (coding, size) in enumerate(zip(codings, sizes)):
        plane, at = bytes(data[at:at + size]), at + size
        result[k::width] = zlib.decompress(plane, wbits=-15) if coding == 1 else plane
    if rotated:
        top = 8 * width - 1
        for i in range(0, byte_count, width):
            value = int.from_bytes(result[i:i + width], "little")
            result[i:i + width] = (value >> 1 | (value & 1) << top).to_bytes(width, "little")
    return bytes(result)


def tensors(path):
    with open(path, "rb") as file:
        package = message(memoryview(file.read()))
    if package[1] != [SIGNATURE] or package[2] != [1]:
        raise ValueError("no package of version 1")
    model, chunks = package[4][0], package.get(15, [])
    if zlib.crc32(model) != package[3][0]:
        raise ValueError("wrong checksum of the model")
    graph = message(message(model)[8][0])
    for constant in map(message, graph.get(3, [])):
        name, kind, shape = bytes(constant.get(1, [b""])[0]).decode(), constant[2][0], varints(constant.get(3, []))
        count = 1
        for extent in shape:
            count *= extent
        if kind == 8:
            strings = [bytes(value) for value in constant.get(5, [])]
            if len(strings) != count:
                raise ValueError(f"{name}: wrong number of strings")
            data = b"".join(struct.pack("<I", len(value)) + value for value in strings)
        elif 6 in constant:
            place = message(constant[6][0])
            first, size, step = place[1][0], place[2][0], place[3][0]
            numbers = range(first, first + -(-size // step))
            data = b"".join(elements(chunks[i], i) for i in numbers)
        else:
            data = bytes(constant[4][0])
        if kind != 8 and len(data) != (count * BITS[kind] + 7) // 8:
            raise ValueError(f"{name}: wrong number of bytes")
        yield name, kind, shape, data


if __name__ == "__main__":
    for name, kind, shape, data in tensors(sys.argv[1]):
        print(name, kind, "x".join(map(str, shape)), hashlib.sha256(data).hexdigest(), sep="\t")
