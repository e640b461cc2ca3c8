/// An immutable tensor in row-major order.
///
/// Values of less than a byte are packed as ONNX packs them, the first in the low bits. Strings are byte strings, as in
/// ONNX; they need not be UTF-8.
public struct Tensor: Sendable {
  public let type: ElementType
  /// Extents, outermost first; empty for a scalar.
  public let shape: [Int]
  private let storage: Storage

  private enum Storage: Sendable {
    case bytes(TensorMemory)
    case strings([[UInt8]])
  }

  /// A tensor over `memory`, which holds at least the bytes that `type` and `shape` need.
  ///
  /// - Throws: `ZooError` (`badData`) for a negative or overflowing extent or too little memory.
  public init(type: ElementType, shape: [Int], memory: TensorMemory) throws {
    let needed = try Self.byteCount(type: type, shape: shape)
    guard type != .string, memory.count >= needed else {
      throw ZooError(.badData, "a \(type.name) tensor of shape \(shape) needs \(needed) bytes, not \(memory.count)")
    }
    self.type = type
    self.shape = shape
    storage = .bytes(memory)
  }

  /// A tensor whose bytes `fill` writes.
  public init(
    type: ElementType, shape: [Int], filling fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let memory = try TensorMemory(byteCount: Self.byteCount(type: type, shape: shape))
    try fill(memory.mutableBytes)
    try self.init(type: type, shape: shape, memory: memory)
  }

  /// A tensor of `elements` in row-major order.
  ///
  /// - Throws: `ZooError` (`badData`) when their number is not the product of `shape`.
  public init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws {
    try self.init(type: Element.elementType, shape: shape) { bytes in
      try elements.withUnsafeBytes { source in
        guard source.count == bytes.count else {
          throw ZooError(.badData, "\(elements.count) elements do not fill the shape \(shape)")
        }
        bytes.copyMemory(from: source)
      }
    }
  }

  /// A tensor of byte strings.
  public init(strings: [[UInt8]], shape: [Int]) throws {
    guard try Self.elementCount(of: shape) == strings.count else {
      throw ZooError(.badData, "\(strings.count) strings do not fill the shape \(shape)")
    }
    type = .string
    self.shape = shape
    storage = .strings(strings)
  }

  public var count: Int { shape.reduce(1, *) }

  /// Bytes of the elements; 0 for strings.
  public var byteCount: Int { type.byteCount(of: count) ?? 0 }

  /// The elements' bytes; empty for strings.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    guard case .bytes(let memory) = storage else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return try withExtendedLifetime(memory) {
      try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory.mutableBytes)[..<byteCount]))
    }
  }

  /// The memory that holds the elements; `nil` for strings.
  public var memory: TensorMemory? {
    guard case .bytes(let memory) = storage else { return nil }
    return memory
  }

  /// The strings; `nil` for any other type.
  public var strings: [[UInt8]]? {
    guard case .strings(let strings) = storage else { return nil }
    return strings
  }

  /// The elements in row-major order.
  ///
  /// - Throws: `ZooError` (`badData`) when the tensor's type is not `Element`'s.
  public func elements<Element: TensorElement>(_: Element.Type = Element.self) throws -> [Element] {
    guard type == Element.elementType else {
      throw ZooError(.badData, "the tensor holds \(type.name), not \(Element.elementType.name)")
    }
    return withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }
  }

  /// The same elements under another shape of the same size.
  public func reshaped(_ shape: [Int]) throws -> Tensor {
    guard try Self.elementCount(of: shape) == count else {
      throw ZooError(.badData, "a tensor of shape \(self.shape) can't take the shape \(shape)")
    }
    switch storage {
    case .bytes(let memory): return try Tensor(type: type, shape: shape, memory: memory)
    case .strings(let strings): return try Tensor(strings: strings, shape: shape)
    }
  }

  /// The number of elements of `shape`.
  ///
  /// - Throws: `ZooError` (`badData`) for a negative extent or a product that overflows.
  public static func elementCount(of shape: [Int]) throws -> Int {
    var count = 1
    var overflow = false
    for extent in shape {
      guard extent >= 0 else { throw ZooError(.badData, "the shape \(shape) has a negative extent") }
      // A zero extent makes the tensor empty whatever the others are.
      let (product, overflows) = count.multipliedReportingOverflow(by: max(extent, 1))
      count = product
      overflow = overflow || overflows
    }
    guard !overflow else { throw ZooError(.badData, "the shape \(shape) is too large") }
    return shape.contains(0) ? 0 : count
  }

  /// The bytes that a tensor of `type` and `shape` takes.
  ///
  /// - Throws: `ZooError` (`badData`) for a negative extent or a size that overflows.
  public static func byteCount(type: ElementType, shape: [Int]) throws -> Int {
    guard let bytes = type.byteCount(of: try elementCount(of: shape)) else {
      throw ZooError(.badData, "the shape \(shape) is too large")
    }
    return bytes
  }
}

/// A Swift type that tensors can hold.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Int8: TensorElement { public static var elementType: ElementType { .int8 } }
extension Int16: TensorElement { public static var elementType: ElementType { .int16 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
extension UInt16: TensorElement { public static var elementType: ElementType { .uint16 } }
extension UInt32: TensorElement { public static var elementType: ElementType { .uint32 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .uint64 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }
