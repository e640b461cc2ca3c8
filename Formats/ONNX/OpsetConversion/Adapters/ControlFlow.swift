import ZooCore

/// If, Loop and Scan change in what types they allow alone, but for the first Scan, which has a dimension for batches.
let controlFlowAdapters: [Adapter] = [
  Adapter(
    "Scan", at: 9,
    up: { _, _ in throw Refusal("it works on batches, as none does from then on") },
    down: { _, _ in throw Refusal("before, it works on batches") })
]
