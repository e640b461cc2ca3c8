import CZooPlugin

/// A graph that a node has as an attribute. Valid as long as the kernel that was made for the node.
public struct Body: @unchecked Sendable {
  let raw: OpaquePointer
}

/// A value that is no tensor: a sequence, an optional value, or a map, whose keys and values are two tensors. Valid during the
/// call that passes it, or as long as the results that it is part of.
public struct ValueView {
  let raw: OpaquePointer
  public let host: ZooHost

  /// How many values it holds.
  public var count: Int { host.raw.pointee.value_count(raw) }

  /// Calls `body` with one of the values, which is valid until it ends; what it points to is as long as this is.
  ///
  /// - Throws: `OperatorError` where there is no such value.
  public func withElement<Result>(_ index: Int, _ body: (TensorView) throws -> Result) throws -> Result {
    var element = zoo_tensor()
    element.size = MemoryLayout<zoo_tensor>.size
    guard host.raw.pointee.value_at(raw, index, &element) == ZOO_OK else {
      throw OperatorError("there is no value \(index) among \(count)")
    }
    return try withUnsafePointer(to: element) { try body(TensorView($0, host: host)) }
  }
}

/// What a body has given, or a kernel has made, kept until the last reference goes.
public final class HeldValues {
  fileprivate let raw: OpaquePointer
  private let host: ZooHost

  fileprivate init(_ raw: OpaquePointer, host: ZooHost) { (self.raw, self.host) = (raw, host) }

  deinit { host.raw.pointee.release_value(raw) }

  /// Calls `body` with the results, which are valid until it ends.
  public func withValues<Result>(_ body: (ValueView) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(ValueView(raw: raw, host: host)) }
  }
}

extension Call {
  /// Runs a graph of the node on plain tensors or other values.
  ///
  /// - Throws: `OperatorError`; the host knows what went wrong.
  public func run(_ body: Body, _ inputs: [TensorView]) throws -> HeldValues {
    var results: OpaquePointer?
    let list = inputs.map { Optional($0.raw) }
    guard raw.pointee.run_body(raw, body.raw, list, list.count, &results) == ZOO_OK, let results else {
      throw OperatorError("a graph of the node can't be run")
    }
    return HeldValues(results, host: host)
  }

  /// A copy of a plain tensor, to make other values of.
  ///
  /// - Parameters:
  ///   - type: Of the elements.
  ///   - shape: Its extents.
  ///   - data: The elements; of strings an array of `zoo_string`.
  /// - Throws: `OperatorError`; the host knows what went wrong.
  public func makeTensor(_ type: ElementType, shape: [Int], _ data: UnsafeRawPointer?) throws -> HeldValues {
    let dimensions = shape.map(Int64.init)
    return try dimensions.withUnsafeBufferPointer { dimensions in
      var tensor = zoo_tensor()
      (tensor.size, tensor.type, tensor.rank) = (MemoryLayout<zoo_tensor>.size, type.rawValue, Int32(shape.count))
      (tensor.shape, tensor.data) = (dimensions.baseAddress, UnsafeMutableRawPointer(mutating: data))
      guard raw.has(\.make_tensor) else { throw Self.tooOld }
      return try held { raw.pointee.make_tensor(raw, &tensor, &$0) }
    }
  }

  /// A sequence of values, each the first of what is given.
  ///
  /// - Throws: `OperatorError`; the host knows what went wrong. So do the others.
  public func makeSequence(_ elements: [HeldValues]) throws -> HeldValues { try make(ZOO_VALUE_SEQUENCE, elements) }

  public func makeOptional(_ element: HeldValues?) throws -> HeldValues {
    try make(ZOO_VALUE_OPTIONAL, element.map { [$0] } ?? [])
  }

  /// - Parameters:
  ///   - keys: A vector of integers or strings.
  ///   - values: A vector with a value for each key.
  public func makeMap(keys: HeldValues, values: HeldValues) throws -> HeldValues {
    try make(ZOO_VALUE_MAP, [keys, values])
  }

  private func make(_ kind: Int, _ parts: [HeldValues]) throws -> HeldValues {
    guard raw.has(\.make_value) else { throw Self.tooOld }
    let values = parts.map { Optional($0.raw) }
    let firsts = [Int](repeating: 0, count: parts.count)
    return try withExtendedLifetime(parts) {
      try held { raw.pointee.make_value(raw, Int32(kind), values, firsts, values.count, &$0) }
    }
  }

  private func held(_ make: (inout OpaquePointer?) -> zoo_status) throws -> HeldValues {
    var value: OpaquePointer?
    guard make(&value) == ZOO_OK, let value else { throw OperatorError("a value can't be made") }
    return HeldValues(value, host: host)
  }

  private static var tooOld: OperatorError {
    OperatorError("the host does not let kernels make values", kind: .unsupported)
  }

  /// Memory for a tensor at the end of an output that is a sequence.
  ///
  /// - Throws: `OperatorError` (`outOfMemory`).
  public func appendOutput(_ index: Int, _ type: ElementType, shape: [Int]) throws -> UnsafeMutableRawPointer {
    let dimensions = shape.map(Int64.init)
    guard let memory = raw.pointee.append_output(raw, index, type.rawValue, dimensions, Int32(shape.count)) else {
      throw OperatorError("no memory for an element of shape \(shape)", kind: .outOfMemory)
    }
    return memory
  }

  /// Gives an output whose shape was unknown, or which is no tensor, one of `values`, without a copy.
  ///
  /// - Throws: `OperatorError` where the value is not what the output has to be.
  public func setOutput(_ index: Int, to values: ValueView, element: Int) throws {
    guard raw.pointee.set_output(raw, index, values.raw, element) == ZOO_OK else {
      throw OperatorError("output \(index) can't be value \(element)")
    }
  }

  /// Gives such an output what has been made for it.
  ///
  /// - Throws: as the other form.
  public func setOutput(_ index: Int, to made: HeldValues) throws {
    try made.withValues { try setOutput(index, to: $0, element: 0) }
  }
}
