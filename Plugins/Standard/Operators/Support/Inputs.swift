import CStandardKernels
import PluginSupport
import CZooPlugin
import ZooPlugin

/// The inputs of a node while it is compiled, or of a run: the same code tells shapes from either.
struct Inputs {
  private enum Source {
    case node(Node)
    case call(Call)
  }
  private let source: Source
  /// Trailing absent inputs dropped.
  let count: Int

  init(_ node: Node) {
    source = .node(node)
    count = node.ownInputCount
  }

  init(_ call: Call) {
    source = .call(call)
    count = call.inputCount
  }

  func optional(_ index: Int) -> TensorView? {
    guard index < count else { return nil }
    switch source {
    case .node(let node): return node.optionalInput(index)
    case .call(let call): return call.optionalInput(index)
    }
  }

  subscript(_ index: Int) -> TensorView {
    get throws {
      guard let tensor = optional(index) else { throw OperatorError("input \(index) is missing") }
      return tensor
    }
  }

  /// The integers that input `index` holds, `nil` while they are unknown.
  func ints(_ index: Int) throws -> [Int]? { try self[index].constantInts() }

  /// The one integer that input `index` holds, `nil` while it is unknown.
  func int(_ index: Int) throws -> Int? {
    guard let values = try ints(index) else { return nil }
    guard values.count == 1 else {
      throw OperatorError("input \(index) holds \(values.count) values where one is expected")
    }
    return values[0]
  }
}

extension TensorView {
  /// The elements as doubles; `nil` where they are unknown.
  func doubles() throws -> [Double]? {
    guard isConstant else { return nil }
    var values = [Double](repeating: 0, count: count)
    if count > 0, zs_cast(raw.type, ElementType.float64.rawValue, raw.data, &values, count, 1) == 0 {
      throw OperatorError("numbers are expected, not \(type.name)")
    }
    return values
  }

  /// Bytes of one element in memory.
  var elementByteCount: Int {
    get throws { try type.elementByteCount }
  }

  /// Elements in memory, blocked padding included.
  var storedCount: Int { layout == .plain ? count : blockedCount(shape) }
}

/// Elements of a tensor of `shape` in blocks of 16 channels.
func blockedCount(_ shape: [Int]) -> Int {
  shape.enumerated().reduce(1) { $0 * ($1.offset == 1 ? ($1.element + 15) / 16 * 16 : $1.element) }
}
