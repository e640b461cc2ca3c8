#!/usr/bin/env python3
"""api.py BUILD [--write | --graphs FOLDER]: compares what the built modules below BUILD show to embedders with the lists in Docs/api,
writes these, or leaves the symbol graphs in FOLDER, from which documentation is made.

A line is a declaration, behind the names that lead to it. What differs from the list has to be meant, and what the last version
had and is gone or changed (told where there is a tag) has to stand in CHANGELOG.md.
"""
import glob
import json
import os
import platform
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What `import ModelZoo` shows lies in five modules; the other products have one each.
MODULES = [
    "ModelZoo", "ZooBundle", "ZooCore", "ZooDrawing", "ZooEvaluation", "ZooImage", "ZooPlugin", "ZooPluginHost", "ZooRuntime",
]

# What every type has that is Sendable.
IMPLIED = {"Swift.SendableMetatype"}


def clang_options(build):
    """Where the compiler finds the C modules that Swift modules were built with."""
    for folder in glob.glob(f"{ROOT}/Sources/*/include"):
        yield from ("-Xcc", f"-I{folder}")
    own = (glob.glob(f"{ROOT}/{folder}/C*/module.modulemap") for folder in ("Sources", "Formats"))
    # Where Debian's headers don't lie in /usr/include itself.
    folders = subprocess.run(["pkg-config", "--cflags-only-I", "cairo"], capture_output=True, text=True).stdout.split()
    for option in folders:
        yield from ("-Xcc", option)
    for path in [*sum(own, []), *glob.glob(f"{build}/*.build/module.modulemap")]:
        yield from ("-Xcc", f"-fmodule-map-file={path}")


def symbol_graphs(module, build, folder):
    subprocess.run(
        ["swift-symbolgraph-extract", "-module-name", module, "-target", f"{platform.machine()}-unknown-linux-gnu",
         "-I", f"{build}/Modules", *clang_options(build), "-minimum-access-level", "public",
         "-skip-synthesized-members", "-skip-inherited-docs", "-output-dir", folder],
        check=True)


def declarations(module, build):
    """The public declarations of a module, as lines in order."""
    with tempfile.TemporaryDirectory() as folder:
        symbol_graphs(module, build, folder)
        lines = set()
        for path in glob.glob(f"{folder}/*.symbols.json"):
            graph = json.load(open(path))
            names = {symbol["identifier"]["precise"]: ".".join(symbol["pathComponents"]) for symbol in graph["symbols"]}
            for symbol in graph["symbols"]:
                text = "".join(part["spelling"] for part in symbol["declarationFragments"])
                lines.add(f"{names[symbol['identifier']['precise']]}: {' '.join(text.split())}")
            for relation in graph["relationships"]:
                target = relation.get("targetFallback") or names.get(relation["target"], relation["target"])
                if (relation["kind"], relation["source"] in names) == ("conformsTo", True) and target not in IMPLIED:
                    lines.add(f"{names[relation['source']]}: conforms to {target}")
    return sorted(lines)


def compiler():
    """Compilers of different versions write declarations in different ways."""
    text = subprocess.run(["swiftc", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"Swift version (\d+\.\d+)", text)[1]


def last_version():
    """The newest tag behind this commit; none in a copy without history."""
    answer = subprocess.run(
        ["git", "-C", ROOT, "describe", "--tags", "--abbrev=0", "--match", "[0-9]*"], capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else None


def told(title, old, new):
    gone, came = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    for line in gone:
        print(f"{title}: - {line}")
    for line in came:
        print(f"{title}: + {line}")
    return bool(gone or came)


def main():
    build, write = sys.argv[1], sys.argv[2:] == ["--write"]
    if sys.argv[2:3] == ["--graphs"]:
        for module in MODULES:
            os.makedirs(f"{sys.argv[3]}/{module}", exist_ok=True)
            symbol_graphs(module, build, f"{sys.argv[3]}/{module}")
        return
    version, differs = last_version(), False
    mark = f"{ROOT}/Docs/api/compiler.txt"
    if write:
        with open(mark, "w") as file:
            file.write(compiler() + "\n")
    elif open(mark).read().strip() != compiler():
        print(f"SKIP: Docs/api was written with Swift {open(mark).read().strip()}, and this is {compiler()}")
        return
    for module in MODULES:
        new = declarations(module, build)
        path = f"{ROOT}/Docs/api/{module}.txt"
        if write:
            before = version and subprocess.run(
                ["git", "-C", ROOT, "show", f"{version}:Docs/api/{module}.txt"], capture_output=True, text=True)
            if before and before.returncode == 0:
                told(f"{module} since {version}", before.stdout.splitlines(), new)
            with open(path, "w") as file:
                file.writelines(line + "\n" for line in new)
        else:
            differs |= told(module, open(path).read().splitlines(), new)
    if differs:
        sys.exit("FAIL: the public API is not that of Docs/api: take the change back, or `make api` and a line in CHANGELOG.md")
    if not write:
        print("PASS: the public API is that of Docs/api")


main()
