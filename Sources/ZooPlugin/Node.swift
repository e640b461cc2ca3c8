import CZooPlugin

/// A node as an operator sees it. Valid during the call that passes it only.
public struct Node {
  /// The C struct behind the node, for what this type does not cover.
  public let raw: UnsafePointer<zoo_node>

  public let host: ZooHost

  /// For an operator that passes a changed node on to another one.
  public init(_ raw: UnsafePointer<zoo_node>, host: ZooHost) { (self.raw, self.host) = (raw, host) }

  public var name: String { String(cString: raw.pointee.name) }
  public var operatorType: String { String(cString: raw.pointee.op_type) }
  /// The version of the operator's domain that the model imports.
  public var opset: Int64 { raw.pointee.opset }
  /// Whether products may round their operands to bfloat16.
  public var allowsBFloat16: Bool { raw.pointee.precision >= ZOO_PRECISION_BFLOAT16 }
  /// Whether products may round their operands to 8-bit integers, each times a scale.
  public var allowsInt8: Bool { raw.pointee.precision >= ZOO_PRECISION_INT8 }

  /// Whether products may round nothing that the model has not rounded, even where weights lie in blocks of a few bits.
  public var isExact: Bool { raw.pointee.precision <= ZOO_PRECISION_EXACT }

  /// The least and the greatest element of input `index` seen in calibration, or `nil` where nobody looked.
  public func calibratedRange(_ index: Int) -> ClosedRange<Float>? {
    guard index < raw.pointee.input_count, let ranges = raw.pointee.input_ranges else { return nil }
    let (low, high) = (ranges[2 * index], ranges[2 * index + 1])
    return low <= high ? low...high : nil
  }
  /// The operator's own inputs, then the operands of the epilogue.
  public var inputCount: Int { raw.pointee.input_count }
  /// The operator's own inputs.
  public var ownInputCount: Int { raw.pointee.own_input_count }
  public var outputCount: Int { raw.pointee.output_count }

  /// Input `index`; its `data` is set for constants.
  ///
  /// - Throws: `OperatorError` where the node has no such input.
  public func input(_ index: Int) throws -> TensorView {
    guard let tensor = optionalInput(index) else {
      throw OperatorError("input \(index) is missing")
    }
    return tensor
  }

  /// Input `index`, or `nil` where the node leaves it out.
  public func optionalInput(_ index: Int) -> TensorView? {
    TensorView(raw.pointee.inputs, index, count: raw.pointee.input_count, host: host)
  }

  /// The contents of input `index`, if they are constant: in memory or still in a file.
  public func constant(_ index: Int) -> Constant? {
    guard let tensor = optionalInput(index), tensor.neverChanges else { return nil }
    return Constant(node: raw, host: host, index: index)
  }

  /// Output `index` as the host expects it, for `makeKernel` and what follows; `nil` where nobody reads it, or the operator's
  /// own inference is yet to tell.
  public func output(_ index: Int) -> TensorView? {
    TensorView(raw.pointee.outputs, index, count: raw.pointee.output_count, host: host)
  }

  /// The operators folded onto the end of this one, first to last.
  public var epilogue: [Step] {
    (0..<raw.pointee.epilogue_count).map { Step(raw.pointee.epilogue[$0].unsafelyUnwrapped, host: host) }
  }

  public var attributes: Attributes {
    Attributes(base: raw.pointee.attributes, count: raw.pointee.attribute_count, host: host)
  }
}

/// A constant input of a node, readable in pieces by any thread while the node is valid.
public struct Constant: @unchecked Sendable {
  let node: UnsafePointer<zoo_node>
  public let host: ZooHost
  let index: Int

  /// Of float32: the type of 16 bits that all elements are numbers of, if it is known and `withNarrowElements` gives them.
  public var narrowType: ElementType? {
    let type = node.pointee.inputs[index].unsafelyUnwrapped.pointee.narrow_type
    return type == 0 || !node.has(\.read_narrow) ? nil : ElementType(rawValue: type)
  }

  /// The elements from number `first` on: where they are, if they are in memory, or else copied.
  ///
  /// - Throws: `OperatorError` when they can't be read; the host knows why.
  public func withElements<Element: BitwiseCopyable, Result>(
    from first: Int, count: Int, as _: Element.Type = Element.self,
    _ body: (UnsafePointer<Element>) throws -> Result
  ) throws -> Result {
    if let data = node.pointee.inputs[index].unsafelyUnwrapped.pointee.data {
      return try body(UnsafePointer(data.assumingMemoryBound(to: Element.self)) + first)
    }
    return try withCopy(from: first, count: count, node.pointee.read_constant, body)
  }

  /// Of a constant with a `narrowType`: copies of the elements from number `first` on, as they are stored.
  ///
  /// - Throws: `OperatorError` when they can't be read; the host knows why.
  public func withNarrowElements<Result>(
    from first: Int, count: Int, _ body: (UnsafePointer<UInt16>) throws -> Result
  ) throws -> Result {
    try withCopy(from: first, count: count, node.pointee.read_narrow, body)
  }

  private func withCopy<Element: BitwiseCopyable, Result>(
    from first: Int, count: Int,
    _ read: (UnsafePointer<zoo_node>?, Int, Int, Int, UnsafeMutableRawPointer?) -> zoo_status,
    _ body: (UnsafePointer<Element>) throws -> Result
  ) throws -> Result {
    let size = MemoryLayout<Element>.stride
    return try host.scratch(count, of: Element.self).withPointer { copy in
      guard read(node, index, first * size, count * size, copy) == ZOO_OK else {
        throw OperatorError("constant input \(index) can't be read")
      }
      return try body(copy)
    }
  }
}

/// One elementwise operator that the host folded, or would like to fold, onto the end of a node.
public struct Step {
  let raw: UnsafePointer<zoo_step>
  let host: ZooHost

  init(_ raw: UnsafePointer<zoo_step>, host: ZooHost) { (self.raw, self.host) = (raw, host) }

  /// A name of ONNX's default domain: `Add`, `Relu`, `Clip`, …
  public var operatorType: String { String(cString: raw.pointee.op_type) }
  public var attributes: Attributes {
    Attributes(base: raw.pointee.attributes, count: raw.pointee.attribute_count, host: host)
  }
  /// The operands by their index among the node's inputs; `nil` is the value computed so far.
  public var operands: [Int?] {
    (0..<raw.pointee.operand_count).map { raw.pointee.operands[$0] < 0 ? nil : Int(raw.pointee.operands[$0]) }
  }
}

/// The attributes of a node, by name.
public struct Attributes {
  let base: UnsafePointer<UnsafePointer<zoo_attribute>?>?
  let count: Int
  let host: ZooHost

  /// Whether the node gives the attribute.
  public func contains(_ name: String) -> Bool { find(name) != nil }

  public func int(_ name: String) throws -> Int? { try find(name, kind: 2).map { Int($0.int_value) } }
  public func float(_ name: String) throws -> Float? { try find(name, kind: 1)?.float_value }

  public func string(_ name: String) throws -> String? {
    try find(name, kind: 3).map { text($0.string_value) }
  }

  public func ints(_ name: String) throws -> [Int]? {
    try find(name, kind: 7).map { attribute in (0..<attribute.count).map { Int(attribute.ints[$0]) } }
  }

  public func floats(_ name: String) throws -> [Float]? {
    try find(name, kind: 6).map { attribute in (0..<attribute.count).map { attribute.floats[$0] } }
  }

  public func strings(_ name: String) throws -> [String]? {
    try find(name, kind: 8).map { attribute in (0..<attribute.count).map { text(attribute.strings[$0]) } }
  }

  public func tensor(_ name: String) throws -> TensorView? {
    try find(name, kind: 4).flatMap { $0.tensors[0] }.map { TensorView($0, host: host) }
  }

  /// A graph that the node runs, for `Call.run`.
  public func body(_ name: String) throws -> Body? { try find(name, kind: 5)?.body.map { Body(raw: $0) } }

  /// The graphs of a list, for `Call.run`.
  public func bodies(_ name: String) throws -> [Body]? {
    try find(name, kind: 10).map { attribute in
      guard find(name)?.has(\.bodies) == true, let bodies = attribute.bodies else { return [] }
      return (0..<attribute.count).compactMap { bodies[$0].map { Body(raw: $0) } }
    }
  }

  /// Names are compared as bytes.
  private func find(_ name: String) -> UnsafePointer<zoo_attribute>? {
    guard let base else { return nil }
    return name.withCString { name in
      (0..<count).lazy.compactMap { base[$0] }.first { attribute in
        let other = attribute.pointee.name.unsafelyUnwrapped
        var place = 0
        while other[place] == name[place], name[place] != 0 { place += 1 }
        return other[place] == name[place]
      }
    }
  }

  private func find(_ name: String, kind: Int32) throws -> zoo_attribute? {
    guard let attribute = find(name)?.pointee else { return nil }
    guard attribute.kind == kind else {
      throw OperatorError("attribute \(name) has the wrong type (\(attribute.kind) in place of \(kind))")
    }
    return attribute
  }

  private func text(_ string: zoo_string) -> String {
    String(decoding: UnsafeRawBufferPointer(start: string.bytes, count: string.count), as: UTF8.self)
  }
}

/// A tensor, or what is known of one; or another value. Valid during the call that passes it only.
public struct TensorView {
  public let raw: UnsafePointer<zoo_tensor>
  public let host: ZooHost

  public init(_ raw: UnsafePointer<zoo_tensor>, host: ZooHost) { (self.raw, self.host) = (raw, host) }

  /// One of a list of `count`; `nil` where it is absent.
  init?(_ list: UnsafePointer<UnsafePointer<zoo_tensor>?>?, _ index: Int, count: Int, host: ZooHost) {
    guard index < count, let raw = list?[index], raw.pointee.type != 0 || raw.pointee.kind != ZOO_VALUE_TENSOR else {
      return nil
    }
    self.init(raw, host: host)
  }

  public var type: ElementType { ElementType(rawValue: raw.pointee.type) }
  public var layout: Layout { Layout(rawValue: raw.pointee.layout) }
  public var rank: Int { Int(raw.pointee.rank) }
  /// Whether the shape is known; that of an output may not be before it is computed.
  public var hasShape: Bool { raw.pointee.rank >= 0 }
  /// The logical shape, whatever the layout.
  public var shape: [Int] { (0..<rank).map { Int(raw.pointee.shape[$0]) } }
  public var count: Int { (0..<rank).reduce(1) { $0 * Int(raw.pointee.shape[$1]) } }
  public subscript(dimension index: Int) -> Int { Int(raw.pointee.shape[index]) }
  /// Bytes in memory, blocked padding included.
  public var byteCount: Int { raw.pointee.byte_count }
  /// The elements; `nil` where only type and shape are known.
  public var data: UnsafeMutableRawPointer? { raw.pointee.data }
  /// Whether the contents are known (an empty tensor's always are).
  public var isConstant: Bool { raw.pointee.data != nil || hasShape && count == 0 }
  /// Whether the contents are the same in every run, known or not.
  public var neverChanges: Bool { raw.pointee.is_constant != 0 }
  /// What the input of a call holds that is no tensor.
  public var values: ValueView? { raw.pointee.value.map { ValueView(raw: $0, host: host) } }

  /// The elements as `Element`s. The caller has checked the type and that the data is there.
  public func pointer<Element>(as _: Element.Type = Element.self) -> UnsafeMutablePointer<Element> {
    // An empty tensor may have no memory; nobody reads through this pointer then.
    data?.assumingMemoryBound(to: Element.self)
      ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped
  }

  /// The elements of a constant of integers (int32 or int64) that names extents, axes or places of dimensions; `nil`
  /// when it is not a constant.
  ///
  /// - Throws: `OperatorError` for another element type, and for more of them than such a list can have.
  public func constantInts() throws -> [Int]? {
    guard let integers = try integers() else { return nil }
    guard integers.count <= 1 << 16 else {
      throw OperatorError("a list of \(integers.count) integers where one of extents or axes is expected")
    }
    return Array(integers)
  }

  /// The elements of a tensor of integers (int32 or int64) where they lie, for any number of them; `nil` where only type
  /// and shape are known.
  ///
  /// - Throws: `OperatorError` for another element type.
  public func integers() throws -> Integers? {
    guard type == .int64 || type == .int32 else {
      throw OperatorError("a list of integers has element type \(type.rawValue)")
    }
    return isConstant ? Integers(tensor: self) : nil
  }
}

/// The elements of a tensor of int32 or int64. Valid during the call that passes the tensor only.
public struct Integers: RandomAccessCollection, @unchecked Sendable {
  private let narrow: UnsafePointer<Int32>?
  private let wide: UnsafePointer<Int64>?
  public let count: Int

  fileprivate init(tensor: TensorView) {
    narrow = tensor.type == .int32 ? UnsafePointer(tensor.pointer(as: Int32.self)) : nil
    wide = tensor.type == .int64 ? UnsafePointer(tensor.pointer(as: Int64.self)) : nil
    count = tensor.count
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }
  public subscript(_ index: Int) -> Int { narrow.map { Int($0[index]) } ?? wide.map { Int($0[index]) } ?? 0 }

  /// Copies those of a range that lies inside, all at once.
  package func copy(_ range: Range<Int>, to target: UnsafeMutablePointer<Int>) {
    if let narrow { for index in range { target[index - range.lowerBound] = Int(narrow[index]) } }
    if let wide { for index in range { target[index - range.lowerBound] = Int(wide[index]) } }
  }
}
