import PluginSupport
import ZooPlugin

/// ai.onnx.ml Imputer: elements that equal one value replaced by another, one for all features or one for each.
struct Imputer: Operator {
  let signature = Signature("Imputer", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let features = x.shape.last ?? 1
    let attributes = node.attributes
    func values<Value>(_ name: String, _ list: [Value]?) throws -> [Value] {
      guard let list, list.count == 1 || list.count == features else {
        throw OperatorError("\(name) holds \(list?.count ?? 0) values for \(features) features")
      }
      return list
    }
    func floats<Number: BinaryFloatingPoint & BitwiseCopyable & Sendable>(_: Number.Type) throws -> any Kernel {
      let replaced = Number(try attributes.float("replaced_value_float") ?? 0)
      return kernel(
        features, try values("imputed_value_floats", attributes.floats("imputed_value_floats")).map { Number($0) }
      ) { $0 == replaced || $0.isNaN && replaced.isNaN }
    }
    func integers<Number: FixedWidthInteger & BitwiseCopyable & Sendable>(_: Number.Type) throws -> any Kernel {
      let replaced = try attributes.int("replaced_value_int64") ?? 0
      return kernel(
        features,
        try values("imputed_value_int64s", attributes.ints("imputed_value_int64s")).map { Number(clamping: $0) }
      ) { Int($0) == replaced }
    }
    switch x.type {
    case .float32: return try floats(Float.self)
    case .float64: return try floats(Double.self)
    case .int64: return try integers(Int64.self)
    case .int32: return try integers(Int32.self)
    default: throw unsupported(x.type)
    }
  }

  private func kernel<Number: BitwiseCopyable & Sendable>(
    _ features: Int, _ values: [Number], _ isReplaced: @escaping @Sendable (Number) -> Bool
  ) -> any Kernel {
    ClosureKernel(inPlace: [0]) { call in
      let (input, output) = (call.input(0), call.output(0))
      guard output.data != nil else { return }
      let (x, y) = (input.pointer(as: Number.self), output.pointer(as: Number.self))
      for index in 0..<input.count {
        y[index] = isReplaced(x[index]) ? values[values.count == 1 ? 0 : index % features] : x[index]
      }
    }
  }
}
