// How small .zoo packages are and how fast their tensors decode:
//   swift run -c release PackageBenchmark MODEL.onnx …
// For each model the tensors of float32 are packed as they are and rounded to bfloat16 and float16; of each tensor the
// best of several rounds counts. `taskset -c 0` measures one core.
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

let file = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(getpid()).zoo").path
defer { unlink(file) }
print("model  type  MB  of raw size  zlib -6  GB/s (best of \(rounds))")
for path in CommandLine.arguments.dropFirst() {
  let model = try ONNXFormat.read(path)
  for type in [ElementType.float32, .bfloat16, .float16] {
    let packed = try pack(model, as: type)
    try PackageFormat.write(packed, to: file)
    let summary = try PackageFormat.summary(file)
    let raw = Double(summary.byteCount)
    let largest = packed.graph.initializers.map(\.tensor.byteCount).max() ?? 0
    let memory = try TensorMemory(byteCount: largest)
    memory.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0)
    var best: [Duration] = packed.graph.initializers.map { _ in .seconds(3600) }
    for _ in 0..<rounds {
      // Opened anew, as a chunk's checksum is only compared once.
      let tensors = try PackageFormat.read(file).graph.initializers.map(\.tensor)
      for (index, tensor) in tensors.enumerated() {
        let output = UnsafeMutableRawBufferPointer(rebasing: memory.mutableBytes[..<tensor.byteCount])
        best[index] = min(best[index], try ContinuousClock().measure { try tensor.read(into: output) })
      }
    }
    let time = best.reduce(.zero, +) / .seconds(1)
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let ratio = Double(summary.storedByteCount) / raw
    let zlibRatio = Double(try zlibSize(packed)) / raw
    let speed = raw / time / 1e9
    print(name, type, String(format: "%.1f  %.3f  %.3f  %.2f", raw / 1e6, ratio, zlibRatio, speed))
  }
}
