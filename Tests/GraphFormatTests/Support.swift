import AttentionPlugin
import CZooPlugin
import ConvPlugin
import Foundation
import SafetensorsFormat
import StandardPlugin
import TestSupport
import Testing
import VisionPlugin
import ZooCore
import ZooPluginHost
import ZooRuntime

let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

/// What a network answers, by the runtime.
func run(_ model: ModelDefinition, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
  let registry = OperatorRegistry()
  let host = HostTable.shared.pointer
  for entry in [standardPluginEntry, convPluginEntry, attentionPluginEntry, visionPluginEntry] {
    try registry.register(try #require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), host)), origin: "linked in")
  }
  var options = CompileOptions()
  options.threads = 1
  return try CompiledModel(model, registry: registry, options: options).run(inputs)
}

/// The tensors of a safetensors file.
func tensors(_ path: String) throws -> [String: Tensor] {
  var result: [String: Tensor] = [:]
  for item in try SafetensorsFormat.read(path).tensors { result[item.name] = try item.tensor.load() }
  return result
}

/// The elements of any tensor as numbers.
func numbers(_ tensor: Tensor) throws -> [Double] {
  switch tensor.type {
  case .float32: try tensor.elements(Float.self).map(Double.init)
  case .uint8: try tensor.elements(UInt8.self).map(Double.init)
  case .int8: try tensor.elements(Int8.self).map(Double.init)
  case .int16: try tensor.elements(Int16.self).map(Double.init)
  case .int32: try tensor.elements(Int32.self).map(Double.init)
  case .int64: try tensor.elements(Int64.self).map(Double.init)
  case .bool: try tensor.elements(Bool.self).map { $0 ? 1 : 0 }
  default: throw ZooError(.defect, "the test does not know \(tensor.type.name)")
  }
}

/// Expects the same types and shapes, and numbers that differ by at most `tolerance` of the greatest, or by `step`.
func expectSame(_ found: Tensor?, _ wanted: Tensor, tolerance: Double, step: Double = 0, _ comment: Comment) throws {
  let found = try #require(found, comment)
  #expect(found.type == wanted.type && found.shape == wanted.shape, comment)
  let (mine, theirs) = (try numbers(found), try numbers(wanted))
  try #require(mine.count == theirs.count, comment)
  let greatest = theirs.reduce(0) { max($0, abs($1)) }
  let error = zip(mine, theirs).reduce(0) { max($0, abs($1.0 - $1.1)) }
  #expect(error <= max(tolerance * greatest, step), comment)
}

/// A small generator of changes to files, the same in every run.
struct Mutations {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func number(below limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(1, limit)))
  }

  /// Changed bytes, a repeated or a lost part, or a shorter file.
  mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...number(below: 4) where !result.isEmpty {
      let place = number(below: result.count)
      switch number(below: 6) {
      case 0: result[place] = UInt8(number(below: 256))
      case 1: result[place] ^= 1 << UInt8(number(below: 8))
      case 2: result[place] = [0, 0xFF, 0x7F, 0x80][number(below: 4)]
      case 3:
        for index in place..<min(place + 4, result.count) { result[index] = 0xFF }
      case 4: result.removeSubrange(place..<min(place + 1 + number(below: 8), result.count))
      default: result.insert(contentsOf: result[place..<min(place + number(below: 40), result.count)], at: place)
      }
    }
    if number(below: 8) == 0 { result.removeLast(number(below: result.count)) }
    return result
  }
}
