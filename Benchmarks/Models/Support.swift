import Foundation
import ModelZoo
import Synchronization

/// Three convolutions and a classifier of 10 classes, 110 kB: as small as models in one process in their thousands are.
func smallModel() throws -> ModelDefinition {
  var generator = NormalGenerator(seed: 1)
  var model = ModelDefinition()
  model.operatorSets = [OperatorSet(version: 17)]
  model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [1, 3, 32, 32])]
  model.graph.outputs = [ValueInfo(name: "y", elementType: .float32, shape: [1, 10])]
  func weights(_ name: String, _ shape: [Int]) throws {
    model.graph.initializers.append(
      NamedTensor(name: name, tensor: StoredTensor(try generator.tensor(.float32, shape))))
  }
  let pads = [Attribute("pads", .ints([1, 1, 1, 1])), Attribute("strides", .ints([2, 2]))]
  var value = "x"
  for (number, (channels, filters)) in [(3, 16), (16, 32), (32, 64)].enumerated() {
    try weights("w\(number)", [filters, channels, 3, 3])
    model.graph.nodes += [
      Node("Conv", inputs: [value, "w\(number)"], outputs: ["c\(number)"], attributes: pads),
      Node("Relu", inputs: ["c\(number)"], outputs: ["r\(number)"]),
    ]
    value = "r\(number)"
  }
  try weights("classes", [64, 10])
  model.graph.nodes += [
    Node("GlobalAveragePool", inputs: [value], outputs: ["means"]),
    Node("Flatten", inputs: ["means"], outputs: ["features"]),
    Node("MatMul", inputs: ["features", "classes"], outputs: ["y"]),
  ]
  return model
}

/// What the system says of this process.
enum Status {
  static var threads: Int { number("Threads:") }
  static var residentMebibytes: Double { Double(number("VmRSS:")) / 1024 }

  private static func number(_ field: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
  }
}

/// Calls of `model` a second, by `callers` threads at once.
func throughput(_ model: Model, _ inputs: [String: Tensor], callers: Int) throws -> Double {
  let calls = Atomic(0)
  let failure = Mutex<(any Error)?>(nil)
  _ = try model.run(inputs)
  let start = ContinuousClock.now
  let end = start.advanced(by: .seconds(1))
  let group = DispatchGroup()
  for _ in 0..<callers {
    group.enter()
    Thread.detachNewThread {
      do {
        while ContinuousClock.now < end {
          _ = try model.run(inputs)
          calls.wrappingAdd(1, ordering: .relaxed)
        }
      } catch {
        failure.withLock { $0 = error }
      }
      group.leave()
    }
  }
  group.wait()
  if let error = failure.withLock({ $0 }) { throw error }
  return Double(calls.load(ordering: .relaxed)) / ((ContinuousClock.now - start) / .seconds(1))
}

func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
