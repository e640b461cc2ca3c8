"""write FOLDER: files of the safetensors package. check FILE: prints what it reads of one, as JSON.
variations FOLDER: files of all sorts of headers, and judgements.json, which of them the package reads.
"""

import json
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file


def write(folder):
    types = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64"]
    tensors = {f"of {name}": (numpy.arange(6).reshape(2, 3) % 2).astype(name) for name in types}
    tensors |= {"scalar": numpy.array(1.5, numpy.float32).reshape(()), "empty": numpy.zeros((0, 4), "float32"), "e\u0301 \"\\": numpy.ones(3, "float32")}
    save_file(tensors, f"{folder}/types.safetensors", metadata={"format": "np", "a \"text\"": "é\n"})


def check(path):
    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        print(json.dumps({
            "metadata": file.metadata(),
            "tensors": {n: [str(t.dtype), list(t.shape), [float(x) for x in t.ravel()]] for n, t in tensors.items()},
        }))


def variations(folder):
    """Headers that nobody writes, and what the package makes of them."""
    entry = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
    plain = {
        "plain": "{%s}" % entry, "empty": "{}", "blanks": " \t\r\n{ %s } \n" % entry, "form-feed": "\f{%s}" % entry,
        "mark": "\ufeff{%s}" % entry, "behind": "{%s} x" % entry, "zero-behind": "{%s}\0" % entry,
        "comma": "{%s,}" % entry, "list": "[%s]" % entry, "no-metadata": '{"__metadata__":null,%s}' % entry,
        "empty-metadata": '{"__metadata__":{},%s}' % entry, "number": '{"__metadata__":{"a":1},%s}' % entry,
        "null-text": '{"__metadata__":{"a":null},%s}' % entry, "metadata-list": '{"__metadata__":[],%s}' % entry,
        "metadata-text": '{"__metadata__":"x",%s}' % entry, "metadata-last": '{%s,"__metadata__":{"a":"b"}}' % entry,
        "metadata-twice": '{"__metadata__":{"a":"b"},"__metadata__":{"c":"d"},%s}' % entry,
        "key-twice": '{"__metadata__":{"a":"b","a":"c"},%s}' % entry, "name-twice": "{%s,%s}" % (entry, entry),
        "escaped": '{"\\u0061\\ud83d\\ude00":%s}' % entry[4:], "half-pair": '{"\\ud83d":%s}' % entry[4:],
        "control": '{"a\n":%s}' % entry[4:], "no-name": '{"":%s}' % entry[4:], "slash": '{"\\/":%s}' % entry[4:],
        "entry-null": '{"a":null}', "text-entry": '{"a":"F32"}',
    }
    members = {"dtype": '"F32"', "shape": "[2]", "data_offsets": "[0,8]"}

    def described(**changes):
        parts = {**members, **changes}
        return '{"a":{%s}}' % ",".join(f'"{key}":{value}' for key, value in parts.items() if value is not None)

    for key, values in {
        "dtype": [None, "null", '"f32"', '"F64"', '"I32"', '"Q"', "7", '"\\u004632"', '"F8_E4M3"'],
        "shape": [None, "null", "[]", "[1,2]", "[2,1,1]", "[-2]", "[2.0]", "[2e0]", '["2"]', "[02]", "[3]", "[-0]", "{}",
                  "[18446744073709551616]", "[9223372036854775808,2]", "[0,2]", "[true]"],
        "data_offsets": [None, "null", "[0]", "[0,8,8]", "[8,0]", "[1,9]", "[0,7]", "[0,9]", "[0.0,8]", "[]",
                         '{"0":0,"1":8}'],
        "extra": ["null", "1", "-1e-999", "1.5E+2", "[1,{}]", '{"a":{"b":[]}}', "nan", "[", "01", '"\\ud83d"',
                  "[" * 100 + "]" * 100, "[" * 130 + "]" * 130],
    }.items():
        for index, value in enumerate(values):
            plain[f"{key}-{index}"] = described(**{key: value})
    for key, value in members.items():
        plain[f"{key}-twice"] = '{"a":{"%s":%s,"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' % (key, value)
    files = {name: (header, b"\0" * (0 if name == "empty" else 8)) for name, header in plain.items()}
    two = '{"a":{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]},"b":{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}}'
    for index, numbers in enumerate([(2, 0, 2, 2, 2, 4), (2, 2, 4, 2, 0, 2), (2, 0, 2, 2, 1, 3), (2, 0, 2, 1, 3, 4),
                                     (2, 0, 2, 2, 0, 2), (0, 0, 0, 4, 0, 4), (0, 4, 4, 4, 0, 4), (0, 2, 2, 4, 0, 4),
                                     (0, 0, 0, 0, 0, 0), (2, 0, 2, 0, 2, 2), (3, 0, 3, 0, 3, 3)]):
        files[f"two-{index}"] = (two % numbers, b"\0" * 4)
    for index, data in enumerate([bytes([0, 1]), bytes([2, 255])]):
        files[f"truth-{index}"] = ('{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}', data)
    for name, size, count in ("F4", 3, 2), ("F4", 4, 2), ("F6_E2M3", 4, 3), ("F6_E3M2", 2, 2), ("C64", 1, 8), ("U16", 3, 6):
        files[f"{name}-{size}"] = (
            '{"a":{"dtype":"%s","shape":[%d],"data_offsets":[0,%d]}}' % (name, size, count), b"\0" * count)
    files["short"] = (plain["plain"], b"\0" * 7)
    files["long"] = (plain["plain"], b"\0" * 9)
    judgements = {}
    for name, (header, data) in files.items():
        raw = header.encode("utf-8", "surrogatepass")
        with open(f"{folder}/{name}", "wb") as file:
            file.write(len(raw).to_bytes(8, "little") + raw + data)
        try:
            with safe_open(f"{folder}/{name}", "np") as file:
                judgements[name] = {"names": sorted(file.keys()), "metadata": file.metadata() or {}}
        except Exception as error:
            judgements[name] = {"error": str(error)}
    with open(f"{folder}/judgements.json", "w") as file:
        json.dump(judgements, file)


{"write": write, "check": check, "variations": variations}[sys.argv[1]](sys.argv[2])
