#!/usr/bin/env python3
"""A table and a chart of what compare.py measured.

    report.py BENCHMARKS.json FOLDER
"""
import json
import os
import statistics
import sys

TITLES = {"zoo": "ModelZoo", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "ncnn": "ncnn"}
COLORS = {"zoo": "#d1495b", "onnxruntime": "#5b7fa6", "openvino": "#8fb0a9", "ncnn": "#c9c2ae"}
# Those that zoo is compared with, and of them the one that computes in bf16.
RIVALS, HALF_RIVALS = ["onnxruntime", "openvino"], ["openvino"]
# Bars beyond this many times the better rival's are cut off.
TALLEST = 2.5


def best(engines, key, rivals=RIVALS):
    """The rival with the smallest `key`."""
    present = [name for name in rivals if name in engines]
    return min(present, key=lambda name: engines[name][key], default=None)


def ratio(engines, key, rivals=RIVALS):
    """zoo's `key` over the best rival's: the median of the rounds' ratios."""
    rival = best(engines, key, rivals)
    if rival is None or "zoo" not in engines:
        return None
    pairs = zip(engines["zoo"]["rounds"], engines[rival]["rounds"])
    return statistics.median(ours[key] / theirs[key] for ours, theirs in pairs)


def text(value, scale=1.0, digits=2):
    if value is None:
        return "—"
    value *= scale
    return f"{value:.{digits if value < 100 else min(digits, 1)}f}"


def beside(engines, key, scale, digits=0):
    """`ours / theirs = ratio`"""
    rival = best(engines, key)
    if rival is None or "zoo" not in engines:
        return "—"
    ours, theirs = (f"{engines[name][key] * scale:.{digits}f}" for name in ("zoo", rival))
    return f"{ours} / {theirs} = {text(ratio(engines, key))}"


def markdown(results):
    """The table, with what one has to know to read it."""
    machine, versions = results["machine"], results["versions"]
    cases = {(c["network"], c["batch"], c["threads"], c["precision"]): c["engines"] for c in results["cases"]}
    rows = [[
        "network", "batch", "threads", *TITLES.values(), "ratio", "ModelZoo bf16", "OpenVINO bf16", "ratio",
        "first result", "peak memory", "difference"]]
    for network, batch, threads in dict.fromkeys(key[:3] for key in cases):
        plain, half = (cases.get((network, batch, threads, precision), {}) for precision in ("fp32", "bf16"))
        rows.append([
            network, str(batch), str(threads), *(text(plain.get(name, {}).get("median_s"), 1e3) for name in TITLES),
            text(ratio(plain, "median_s")), *(text(half.get(name, {}).get("median_s"), 1e3) for name in ["zoo"] + HALF_RIVALS),
            text(ratio(half, "median_s", HALF_RIVALS)), beside(plain, "first_result_s", 1e3),
            beside(plain, "peak_mib", 1), scientific(results["differences"].get(network))])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "| --- |" + " ---: |" * (len(rows[0]) - 1))
    features = ", ".join(machine["features"]) or "no vector extensions known"
    named = ", ".join(f"{TITLES[name]} {version}" for name, version in versions.items())
    lines += [
        "",
        f"Milliseconds of one call, fp32 where nothing else is said: medians of {results['rounds']} rounds of "
        f"{results['seconds']:g} s, in which the engines took turns. A ratio is ModelZoo's time over the better one of "
        "ONNX Runtime's and OpenVINO's. First result (ms from opening the file, ModelZoo's a .zoo package) and peak "
        "memory (MiB of the whole process; the others' processes hold Python and NumPy, some 40 MiB) are ModelZoo's "
        "beside the better one's. The difference is the greatest of an output from ONNX Runtime's, over the largest "
        "output.", "",
        f"{machine['cpu']}, {machine['cores']} cores ({features}), {machine['system']}, {machine['date']}; {named}. "
        f"Other processes used {results['foreign_share']:.1%} of the machine's time."]
    return "\n".join(lines)


def scientific(value):
    return "—" if value is None else f"{value:.0e}"


def chart(results, path):
    """Times at the most threads over the better rival's, a panel for each batch."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "zoo"
    import matplotlib.pyplot as plot

    threads = max(case["threads"] for case in results["cases"])
    cases = [case for case in results["cases"] if case["threads"] == threads and case["precision"] == "fp32"]
    batches = list(dict.fromkeys(case["batch"] for case in cases))
    widest = max((sum(case["batch"] == batch for case in cases) for batch in batches), default=1)
    figure, panels = plot.subplots(
        len(batches), 1, figsize=(max(7, 1.6 * widest + 2), 3.1 * len(batches) + 0.5), squeeze=False)
    for panel, batch in zip(panels[:, 0], batches):
        shown = [case for case in cases if case["batch"] == batch and best(case["engines"], "median_s")]
        names = [name for name in TITLES if any(name in case["engines"] for case in shown)]
        width = 0.8 / max(len(names), 1)
        highest = 1.0
        for place, case in enumerate(shown):
            engines = case["engines"]
            unit = engines[best(engines, "median_s")]["median_s"]
            for index, name in enumerate(names):
                if name not in engines:
                    continue
                seconds = engines[name]["median_s"]
                height = min(seconds / unit, TALLEST)
                highest = max(highest, height)
                left = place + (index - (len(names) - 1) / 2) * width
                panel.bar(left, height, width * 0.94, color=COLORS[name],
                          label=TITLES[name] if place == 0 else None)
                figure_text = text(seconds, 1e3, 1 if seconds < 0.1 else 0)
                panel.annotate(figure_text + ("↑" if seconds / unit > height else ""), (left, height), (0, 2),
                               textcoords="offset points", ha="center", fontsize=7)
        panel.axhline(1, color="#444444", linewidth=0.8, linestyle=":")
        panel.set_xticks(range(len(shown)), [case["network"] for case in shown])
        panel.set_ylim(0, highest * 1.12)
        panel.set_title(f"batch {batch}, {threads} threads, fp32", loc="left", fontsize=10)
        panel.set_ylabel("time / better of ONNX Runtime\nand OpenVINO", fontsize=8)
        panel.tick_params(labelsize=8)
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.suptitle("Time of one call: shorter is faster; the figures are milliseconds", fontsize=11, x=0.01, ha="left")
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.legend(handles, labels, loc="lower left", ncols=len(labels), fontsize=8, frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)


def write(results, folder):
    """benchmarks.json, benchmarks.md and benchmarks.svg, in `folder`."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "benchmarks.json"), "w") as file:
        json.dump(results, file, indent=1, allow_nan=False)
        file.write("\n")
    with open(os.path.join(folder, "benchmarks.md"), "w") as file:
        file.write(f"# Benchmarks\n\n![Times beside other runtimes](benchmarks.svg)\n\n{markdown(results)}\n")
    chart(results, os.path.join(folder, "benchmarks.svg"))


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        write(json.load(source), sys.argv[2])
