import CStandardKernels
import PluginSupport
import CZooPlugin
import ZooPlugin

/// The inputs of a node while it is compiled, or of a run.
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

  /// The extents, axes or places of dimensions that input `index` holds in a run.
  func ints(_ index: Int) throws -> [Int] {
    guard let values = try self[index].constantInts() else { throw OperatorError("input \(index) is not known yet") }
    return values
  }

  /// The one integer that input `index` holds in a run.
  func int(_ index: Int) throws -> Int {
    guard let values = try self[index].integers() else { throw OperatorError("input \(index) is not known yet") }
    guard values.count == 1 else {
      throw OperatorError("input \(index) holds \(values.count) values where one is expected")
    }
    return values[0]
  }
}

extension TensorView {
  /// The elements as doubles, which are there.
  func doubles() throws -> Scratch<Double> { try converted() }

  /// The elements as float32, which are there.
  func floats() throws -> Scratch<Float> { try converted() }

  /// The elements as `Number`s.
  private func converted<Number: StoredNumber>() throws -> Scratch<Number> {
    let values = try host.scratch(count, of: Number.self)
    let isDone = values.withPointer { zs_cast(type.rawValue, Number.elementType.rawValue, data, $0, count, 1) }
    guard count == 0 || isDone == 1 else { throw OperatorError("numbers are expected, not \(type.name)") }
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

/// What other types are converted to and from.
protocol StoredNumber: BitwiseCopyable {
  static var elementType: ElementType { get }
}

extension Float: StoredNumber { static var elementType: ElementType { .float32 } }
extension Double: StoredNumber { static var elementType: ElementType { .float64 } }

/// Writes `values` to an output of any numeric type.
func store<Number: StoredNumber>(
  _ values: Scratch<Number>, to data: UnsafeMutableRawPointer?, as type: ElementType, saturate: Bool = true
) throws {
  let isDone = values.withPointer {
    zs_cast(Number.elementType.rawValue, type.rawValue, $0, data, values.count, saturate ? 1 : 0)
  }
  guard values.isEmpty || isDone == 1 else { throw unsupported(type) }
}

extension Outputs {
  /// The most numbers that `write` asks for at once.
  static let pieceLength = 4096

  /// Writes output 0, of any numeric type, in pieces for which `fill` gives the numbers, first to last.
  func write(_ fill: (_ range: Range<Int>, _ values: UnsafeMutablePointer<Double>) throws -> Void) throws {
    try write(as: .float64, fill)
  }

  /// Writes output 0, of any numeric type, one number after the other.
  func writeEach(_ number: (Int) throws -> Double) throws {
    try write { range, values in
      for index in range { values[index - range.lowerBound] = try number(index) }
    }
  }

  /// Writes output 0, of any integer type, one number after the other; exactly, where doubles would round.
  func writeIntegers(_ number: (Int) -> Int) throws {
    try write(as: .int64) { (range, values: UnsafeMutablePointer<Int>) in
      for index in range { values[index - range.lowerBound] = number(index) }
    }
  }

  private func write<Number: BitwiseCopyable>(
    as given: ElementType, _ fill: (_ range: Range<Int>, _ values: UnsafeMutablePointer<Number>) throws -> Void
  ) throws {
    guard isWritable(0), let data = data(0) else { return }
    let (type, count) = (type(0), try elementCount(shape(0)))
    try call.host.scratch(min(Self.pieceLength, count), of: Number.self).withPointer { values in
      for first in stride(from: 0, to: count, by: Self.pieceLength) {
        let range = first..<min(first + Self.pieceLength, count)
        try fill(range, values)
        // Pieces begin with whole bytes, whatever the type's width.
        let target = data + first * type.bitWidth / 8
        guard zs_cast(given.rawValue, type.rawValue, values, target, range.count, 1) == 1 else {
          throw unsupported(type)
        }
      }
    }
  }
}
