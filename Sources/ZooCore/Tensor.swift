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
  public init(type: ElementType, shape: [Int], memory: TensorMemory) throws(ZooError) {
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
  public init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws(ZooError) {
    let memory = try TensorMemory(byteCount: Self.byteCount(type: Element.elementType, shape: shape))
    guard elements.withUnsafeBytes({ $0.count }) == memory.count else {
      throw ZooError(.badData, "\(elements.count) elements do not fill the shape \(shape)")
    }
    elements.withUnsafeBytes { memory.mutableBytes.copyMemory(from: $0) }
    try self.init(type: Element.elementType, shape: shape, memory: memory)
  }

  /// A tensor of byte strings.
  public init(strings: [[UInt8]], shape: [Int]) throws(ZooError) {
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
  public func elements<Element: TensorElement>(_: Element.Type = Element.self) throws(ZooError) -> [Element] {
    try checkType(Element.self)
    return withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }
  }

  /// Calls `body` with the elements in row-major order, where they lie.
  ///
  /// - Throws: `ZooError` (`badData`) when the tensor's type is not `Element`'s, and what `body` throws.
  public func withUnsafeElements<Element: TensorElement, Result>(
    of _: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) throws -> Result {
    try checkType(Element.self)
    return try withUnsafeBytes { try body($0.bindMemory(to: Element.self)) }
  }

  #if compiler(>=6.2)
    /// As `withUnsafeElements`, with a span, which can't be kept and checks its bounds.
    ///
    /// ```swift
    /// let best = try logits.withElements(of: Float.self) { span in span.indices.max { span[$0] < span[$1] } }
    /// ```
    public func withElements<Element: TensorElement, Result>(
      of _: Element.Type, _ body: (Span<Element>) throws -> Result
    ) throws -> Result {
      try withUnsafeElements(of: Element.self) { try body($0.span) }
    }
  #endif

  private func checkType<Element: TensorElement>(_: Element.Type) throws(ZooError) {
    guard type == Element.elementType else {
      throw ZooError(.badData, "the tensor holds \(type.name), not \(Element.elementType.name)")
    }
  }

  /// The same elements under another shape of the same size.
  public func reshaped(_ shape: [Int]) throws(ZooError) -> Tensor {
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
  /// - Throws: `ZooError` (`badData`) for a negative extent, for more elements than memory can hold, and for an empty
  ///   tensor whose other extents are so large that nobody could go through them.
  public static func elementCount(of shape: [Int]) throws(ZooError) -> Int {
    var count = 1
    for extent in shape {
      guard extent >= 0 else { throw ZooError(.badData, "the shape \(shape) has a negative extent") }
      // A zero extent makes the tensor empty whatever the others are.
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow, product <= mostElements else { throw ZooError(.badData, "the shape \(shape) is too large") }
      count = product
    }
    guard shape.contains(0) else { return count }
    guard count <= mostOfEmpty else {
      throw ZooError(.badData, "the shape \(shape) is too large for a tensor without elements")
    }
    return 0
  }

  /// The bytes that a tensor of `type` and `shape` takes; of strings, those of the table that points to them.
  ///
  /// - Throws: `ZooError` (`badData`) where `elementCount(of:)` does.
  public static func byteCount(type: ElementType, shape: [Int]) throws(ZooError) -> Int {
    let count = try elementCount(of: shape)
    let bytes = type == .string ? count * stringByteCount : type.byteCount(of: count)
    guard let bytes, bytes <= mostElements else { throw ZooError(.badData, "the shape \(shape) is too large") }
    return bytes
  }

  /// What addresses of 47 bits reach. Sums and products of a few sizes up to this don't overflow.
  static let mostElements = 1 << 47
  /// What the extents of an empty tensor may multiply to, the zeros left aside: operators go through the outer ones.
  static let mostOfEmpty = 1 << 31
  /// Address and length of a string.
  static let stringByteCount = 16
}

/// Tensors are equal that have the same type, shape and bits: NaN is what it is, and 0 differs from -0.
extension Tensor: Hashable {
  public static func == (left: Tensor, right: Tensor) -> Bool {
    guard left.type == right.type, left.shape == right.shape, left.strings == right.strings else { return false }
    return left.withUnsafeBytes { bytes in right.withUnsafeBytes { bytes.elementsEqual($0) } }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    hasher.combine(shape)
    hasher.combine(strings)
    withUnsafeBytes { hasher.combine(bytes: $0) }
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
