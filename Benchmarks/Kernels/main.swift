// How near kernels come to what the machine can do: per cent of its arithmetic for convolutions and matrix products, of
// its memory bandwidth for products with one vector.
//
//     swift run -c release KernelBenchmark [THREADS]
//
// The limits are measured first. Arithmetic is counted as the definition has it, so that Winograd's algorithm, which
// needs less, can pass 100 %, as can the bandwidth of what fits in caches. Times are the best of many runs, of the
// kernel alone: what reorders its operands is left out. Products in bfloat16 and int8 are compared with the limits of
// fp32.

let threads = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? CPU.current.usableCount
let limits = Limits(threads: threads)
print(
  "\(threads) threads, \(CPU.current.isa): \(fixed(limits.flops / 1e9)) GFLOP/s, \(fixed(limits.bandwidth / 1e9)) GB/s")

func report(_ name: String, _ kernel: SingleKernel) throws {
  let (seconds, summary) = try kernel.fastest(threads: threads)
  let flops = kernel.flops / seconds
  let bytes = kernel.bytes / seconds
  print(
    name.padded(36), "\(fixed(seconds * 1e6)) µs".padded(14),
    "\(fixed(flops / 1e9)) GFLOP/s, \(fixed(flops / limits.flops * 100)) %".padded(26),
    "\(fixed(bytes / 1e9)) GB/s, \(fixed(bytes / limits.bandwidth * 100)) %".padded(22), summary)
}

// Of ResNet-18 to 152: the first layer, then each stage's.
for batch in [1, 8] {
  print("\nconvolutions, batch \(batch)")
  try report("3→64 7×7/2, 224²", .convolution(batch, 3, 64, window: 7, stride: 2, side: 224))
  for (channels, side) in [(64, 56), (128, 28), (256, 14), (512, 7)] {
    try report("\(channels)→\(channels) 3×3, \(side)²", .convolution(batch, channels, channels, window: 3, side: side))
    try report("\(channels)→\(4 * channels) 1×1, \(side)²", .convolution(batch, channels, 4 * channels, side: side))
    try report("\(4 * channels)→\(channels) 1×1, \(side)²", .convolution(batch, 4 * channels, channels, side: side))
    if side > 7 {
      try report(
        "\(channels)→\(2 * channels) 3×3/2, \(side)²",
        .convolution(batch, channels, 2 * channels, window: 3, stride: 2, side: side))
    }
  }
}
print("\nmatrix products, rows × depth × columns")
for (rows, depth, columns) in [
  (1, 9216, 4096), (1, 4096, 4096), (1, 2048, 1000), (1, 768, 3072), (8, 9216, 4096), (128, 768, 768), (128, 768, 3072),
  (128, 3072, 768), (1024, 768, 3072), (197, 768, 3072),
] {
  for (name, precision) in [("", Precision.float32), (" bf16", .bfloat16), (" int8", .int8)] {
    try report("\(rows)×\(depth)×\(columns)\(name)", .matrixProduct(rows, depth, columns, precision: precision))
  }
}

import ResNet
import ZooPluginHost
import ZooRuntime
import ZooSystem
