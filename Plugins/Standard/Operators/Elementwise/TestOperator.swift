import PluginSupport
import ZooPlugin

/// What is asked about a number.
enum FloatTest: Sendable {
  case isNaN
  /// Whether it is infinite, and of one of these signs.
  case isInfinite(positive: Bool, negative: Bool)

  /// Answers about `count` numbers.
  func run<Number: BinaryFloatingPoint>(
    _ x: UnsafePointer<Number>, _ y: UnsafeMutablePointer<UInt8>, _ count: Int
  ) {
    switch self {
    case .isNaN: for index in 0..<count { y[index] = x[index] != x[index] ? 1 : 0 }
    case .isInfinite(let positive, let negative):
      let (high, low) = (positive ? Number.infinity : .nan, negative ? -Number.infinity : .nan)
      for index in 0..<count { y[index] = (x[index] == high ? 1 : 0) | (x[index] == low ? 1 : 0) }
    }
  }
}

/// IsNaN and IsInf.
func testOperator(
  _ name: String, since: Int64, _ test: @escaping @Sendable (Node) throws -> FloatTest
) -> any Operator {
  ShapedOperator(name, since: since) { node in
    let test = try test(node)
    return ShapedOperator.Form(
      compute: { inputs, outputs in
        let x = try inputs[0]
        guard outputs.isWritable(0) else { return }
        let result = outputs.pointer(0, as: UInt8.self)
        if x.type == .float32 {
          let numbers = x.pointer(as: Float.self)
          outputs.executor.parallelRanges(x.count, grain: 16384) { range in
            test.run(numbers + range.lowerBound, result + range.lowerBound, range.count)
          }
        } else {
          try x.doubles().withPointer { test.run($0, result, x.count) }
        }
      })
  }
}
