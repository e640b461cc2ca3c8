// How small .zoo packages are and how fast their tensors decode:
//   swift run -c release PackageBenchmark MODEL.onnx …
// For each model the tensors of float32 are packed as they are and rounded to bfloat16 and float16. Speeds are the best
// of several rounds: of each tensor, one tensor after the other; and of the whole package with its tensors side by side,
// as loading a model does it. `taskset -c 0` measures one core.
import CZlib
import Foundation
import ONNXFormat
import PackageFormat
import ZooCore

let rounds = 25

func pack(_ model: ModelDefinition, as type: ElementType) throws -> ModelDefinition {
  var packed = ModelDefinition()
  packed.graph.initializers = try model.graph.initializers.compactMap { constant in
    guard constant.tensor.type == .float32 else { return nil }
    let tensor = try constant.tensor.load()
    guard type != .float32 else { return NamedTensor(name: constant.name, tensor: StoredTensor(tensor)) }
    let halves: [UInt16] = try tensor.elements(Float.self).map { value in
      if type == .float16 { return Float16(value).bitPattern }
      let bits = value.bitPattern
      return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
    let rounded = try Tensor(type: type, shape: tensor.shape) { bytes in
      halves.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    return NamedTensor(name: constant.name, tensor: StoredTensor(rounded))
  }
  return packed
}

/// What zlib's level 6 makes of all elements.
func zlibSize(_ model: ModelDefinition) throws -> Int {
  try model.graph.initializers.reduce(0) { sum, constant in
    try constant.tensor.load().withUnsafeBytes { bytes in
      var size = compressBound(UInt(bytes.count))
      var output = [UInt8](repeating: 0, count: Int(size))
      compress2(&output, &size, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), 6)
      return sum + Int(size)
    }
  }
}

/// Decodes tensors side by side, the largest first.
func decode(_ tensors: [StoredTensor], into memory: [TensorMemory]) {
  let order = tensors.indices.sorted { tensors[$0].byteCount > tensors[$1].byteCount }
  DispatchQueue.concurrentPerform(iterations: order.count) { index in
    do {
      try tensors[order[index]].read(into: memory[order[index]].mutableBytes)
    } catch {
      fatalError("\(error)")
    }
  }
}

let file = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(getpid()).zoo").path
defer { unlink(file) }
print("model  type  MB  of raw size  zlib -6  GB/s by tensor  GB/s of the package")
for path in CommandLine.arguments.dropFirst() {
  let model = try ONNXFormat.read(path)
  for type in [ElementType.float32, .bfloat16, .float16] {
    let packed = try pack(model, as: type)
    try PackageFormat.write(packed, to: file)
    let summary = try PackageFormat.summary(file)
    let raw = Double(summary.byteCount)
    let memory = try packed.graph.initializers.map { try TensorMemory(byteCount: $0.tensor.byteCount) }
    for memory in memory { memory.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0) }
    var best: [Duration] = memory.map { _ in .seconds(3600) }
    var bestOfAll = Duration.seconds(3600)
    for _ in 0..<rounds {
      // Opened anew, as a chunk's checksum is only compared once.
      let tensors = try PackageFormat.read(file).graph.initializers.map(\.tensor)
      for (index, tensor) in tensors.enumerated() {
        let output = memory[index].mutableBytes
        best[index] = min(best[index], try ContinuousClock().measure { try tensor.read(into: output) })
      }
      let again = try PackageFormat.read(file).graph.initializers.map(\.tensor)
      bestOfAll = min(bestOfAll, ContinuousClock().measure { decode(again, into: memory) })
    }
    let time = best.reduce(.zero, +) / .seconds(1)
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let ratio = Double(summary.storedByteCount) / raw
    let zlibRatio = Double(try zlibSize(packed)) / raw
    let speeds = [time, bestOfAll / .seconds(1)].map { raw / $0 / 1e9 }
    print(
      name, type,
      String(format: "%.1f  %.3f  %.3f  %.2f  %.2f", raw / 1e6, ratio, zlibRatio, speeds[0], speeds[1]))
  }
}
