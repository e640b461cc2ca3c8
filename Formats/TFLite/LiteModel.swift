import Files
import ZooCore
import ZooNumbers

/// A TensorFlow Lite model as its file has it (TensorFlow Lite's schema, version 3). Its graphs are read when they are asked
/// for: the first is the model's, others are called by it.
struct LiteModel {
  struct Operator {
    var code: Int
    /// The name of an operator that is not built in.
    var customName = ""
    /// -1 is an absent input.
    var inputs: [Int]
    var outputs: [Int]
    var options: FlatTable?
    /// What an operator that is not built in has for options.
    var customOptions: [UInt8] = []
  }

  struct Graph {
    var name: String
    var tensors: [LiteTensor]
    var inputs: [Int]
    var outputs: [Int]
    var operators: [Operator]
  }

  static let identifier = Array("TFL3".utf8)

  private let file: MappedFile
  private let codes: [(number: Int, custom: String)]
  private let graphs: [FlatTable]
  private let buffers: [FlatTable]

  var graphCount: Int { graphs.count }

  init(_ file: MappedFile) throws {
    let bytes = FlatBytes(file)
    guard file.bytes.count >= 8, file.bytes[4..<8].elementsEqual(Self.identifier) else {
      throw ZooError(.badData, "no TensorFlow Lite model")
    }
    let model = try bytes.root()
    let version = try model.number(0, UInt32(0))
    guard version == 3 else {
      throw ZooError(.unsupported, "the model has version \(version) of the schema", advice: "convert it to version 3")
    }
    self.file = file
    codes = try model.tables(1).map { code in
      // Codes that a byte can't hold came later, in a field of their own.
      (number: max(try code.byte(0), try code.int(3)), custom: try code.text(1))
    }
    graphs = try model.tables(2)
    buffers = try model.tables(4)
    guard !graphs.isEmpty else { throw ZooError(.badData, "the model has no graph") }
  }

  func graph(_ number: Int) throws -> Graph {
    guard graphs.indices.contains(number) else {
      throw ZooError(.badData, "there is no graph \(number) among the model's \(graphs.count)")
    }
    let graph = graphs[number]
    let tensors = try graph.tables(0).enumerated().map { index, table in
      try ZooError.locating("tensor \(index)") { try LiteTensor(table, file: file, buffers: buffers) }
    }
    let (inputs, outputs, indices) = (try graph.ints(1), try graph.ints(2), tensors.indices)
    let operators = try graph.tables(3).enumerated().map { index, table in
      try ZooError.locating("operator \(index)") { try self.operator(table, tensors: indices) }
    }
    guard (inputs + outputs).allSatisfy(indices.contains) else {
      throw ZooError(.badData, "an input or output is a tensor that is not there")
    }
    return Graph(
      name: try graph.text(4), tensors: tensors, inputs: inputs, outputs: outputs, operators: operators)
  }

  private func `operator`(_ table: FlatTable, tensors: Range<Int>) throws -> Operator {
    let code = Int(try table.number(0, UInt32(0)))
    guard code < codes.count else { throw ZooError(.badData, "its code is not in the list") }
    let (inputs, outputs) = (try table.ints(1), try table.ints(2))
    guard inputs.allSatisfy({ $0 == -1 || tensors.contains($0) }), outputs.allSatisfy(tensors.contains) else {
      throw ZooError(.badData, "it names a tensor that is not there")
    }
    return Operator(
      code: codes[code].number, customName: codes[code].custom, inputs: inputs, outputs: outputs,
      // The schema's second union of options is of the newer operators, none of which has the first.
      options: try table.table(4) ?? table.table(12), customOptions: try table.numbers(5, UInt8.self))
  }
}

/// A tensor of the model: a constant with elements in the file, or a value that is computed.
struct LiteTensor {
  /// How integers stand for real numbers: (integer - zero point) · scale.
  struct Quantization: Equatable {
    var scales: [Float]
    var zeroPoints: [Int]
    var axis: Int
  }

  var name: String
  var type: ElementType
  /// As the file states it, with 1 for extents that are left open.
  var shape: [Int]
  /// The axes that are left open.
  var openAxes: Set<Int>
  var quantization: Quantization?
  /// The elements of a constant.
  var constant: StoredTensor?
  /// Whether it names something that keeps its elements elsewhere: a variable or a table.
  var isHandle = false
  /// Whether its elements stay from one run to the next.
  var isState: Bool

  /// Whether the tensor holds integers that stand for real numbers, with which networks compute.
  var isQuantized: Bool { quantization != nil && [.int8, .uint8, .int16].contains(type) }

  /// The type that its numbers have in the graph.
  var computedType: ElementType {
    isQuantized || constant != nil && [.float16, .bfloat16].contains(type) ? .float32 : type
  }

  /// By the schema's numbers.
  private static let types: [Int: ElementType] = [
    0: .float32, 1: .float16, 2: .int32, 3: .uint8, 4: .int64, 5: .string, 6: .bool, 7: .int16, 8: .complex64,
    9: .int8, 10: .float64, 11: .complex128, 12: .uint64, 15: .uint32, 16: .uint16, 17: .int4, 18: .bfloat16,
    20: .uint4, 21: .float8e4m3fn, 22: .float8e5m2,
  ]
  /// RESOURCE and VARIANT.
  private static let handles: Set = [13, 14]

  init(_ table: FlatTable, file: MappedFile, buffers: [FlatTable]) throws {
    name = try table.text(3)
    let number = try table.byte(1)
    isHandle = Self.handles.contains(number)
    guard let type = isHandle ? .int32 : Self.types[number] else {
      throw ZooError(.unsupported, "the element type \(number) is not known", at: "\"\(name)\"")
    }
    self.type = type
    isState = try table.bool(5)
    let extents = try table.ints(0)
    let signature = try table.ints(7)
    guard extents.count <= 32, signature.isEmpty || signature.count == extents.count else {
      throw ZooError(.badData, "the shape \(extents.prefix(40)) is damaged", at: "\"\(name)\"")
    }
    openAxes = Set(extents.indices.filter { extents[$0] < 0 || !signature.isEmpty && signature[$0] < 0 })
    let openAxes = openAxes
    shape = extents.enumerated().map { axis, extent in openAxes.contains(axis) ? max(1, extent) : extent }
    let elements = try Tensor.elementCount(of: shape)
    if let table = try table.table(4) { quantization = try Self.quantization(table, shape: shape, name: name) }
    let buffer = Int(try table.number(2, UInt32(0)))
    guard buffer < max(buffers.count, 1) else {
      throw ZooError(.badData, "its elements are in buffer \(buffer) of \(buffers.count)", at: "\"\(name)\"")
    }
    let range = buffer > 0 ? try Self.range(buffers[buffer], file) ?? 0..<0 : 0..<0
    if elements == 0, openAxes.isEmpty, type != .string {
      constant = StoredTensor(try Tensor(type: type, shape: shape) { _ in })
    }
    guard !range.isEmpty, !isHandle else { return }
    if type == .string {
      constant = StoredTensor(try Self.strings(file.bytes[range], shape: shape, name: name))
      return
    }
    if let sparsity = try table.table(6) {
      guard openAxes.isEmpty, let width = type.byteCount(of: 1), range.count % width == 0, type != .int4 else {
        throw ZooError(.unsupported, "sparse elements of type \(type.name) are not read", at: "\"\(name)\"")
      }
      let values = try StoredTensor(
        type: type, shape: [range.count / width], source: MappedTensor(file: file, range: range))
      let source = try ZooError.locating("\"\(name)\"") { try SparseTensor(sparsity, shape: shape, values: values) }
      constant = try StoredTensor(type: type, shape: shape, source: source)
      return
    }
    guard openAxes.isEmpty, type.byteCount(of: elements) == range.count else {
      throw ZooError(
        .badData, "a \(type.name) tensor of shape \(shape) has \(range.count) bytes of elements", at: "\"\(name)\"")
    }
    let mapped = try StoredTensor(type: type, shape: shape, source: MappedTensor(file: file, range: range))
    constant = mapped
    if type == .int4 {
      self.type = .int8
      constant = try StoredTensor(type: .int8, shape: shape, source: WidenedTensor(stored: mapped))
    }
  }

  /// Strings have their number and where each begins and the last one ends in front of them, all as 32 bits.
  private static func strings(_ bytes: Slice<UnsafeRawBufferPointer>, shape: [Int], name: String) throws -> Tensor {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes)
    let damaged = ZooError(.badData, "its strings are damaged", at: "\"\(name)\"")
    func number(_ index: Int) -> Int {
      Int(bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
    }
    guard bytes.count >= 4, case let count = number(0), count <= bytes.count / 4 - 2,
      try Tensor.elementCount(of: shape) == count
    else { throw damaged }
    let strings = try (0..<count).map { index in
      let (start, end) = (number(1 + index), number(2 + index))
      guard start <= end, end <= bytes.count else { throw damaged }
      return Array(bytes[start..<end])
    }
    return try Tensor(strings: strings, shape: shape)
  }

  /// Elements lie in the buffer, or in models of more than 2 GiB behind the FlatBuffers part.
  private static func range(_ buffer: FlatTable, _ file: MappedFile) throws -> Range<Int>? {
    if let range = try buffer.range(0) { return range }
    let (offset, size) = (try buffer.number(1, UInt64(0)), try buffer.number(2, UInt64(0)))
    guard offset > 1 else { return nil }
    let count = UInt64(file.bytes.count)
    guard offset <= count, size <= count - offset else {
      throw ZooError(.badData, "a buffer's bytes \(offset) and on are out of the file")
    }
    return Int(offset)..<Int(offset + size)
  }

  private static func quantization(_ table: FlatTable, shape: [Int], name: String) throws -> Quantization? {
    let scales = try table.numbers(2, Float.self)
    guard !scales.isEmpty else { return nil }
    var zeroPoints = try table.numbers(3, Int64.self).map { Int(truncatingIfNeeded: $0) }
    if zeroPoints.isEmpty { zeroPoints = [0] }
    if zeroPoints.count == 1 { zeroPoints = Array(repeating: zeroPoints[0], count: scales.count) }
    let axis = try table.int(6)
    guard scales.count == zeroPoints.count, scales.allSatisfy({ $0.isFinite && $0 >= 0 }),
      zeroPoints.allSatisfy({ Int32(exactly: $0) != nil }),
      scales.count == 1 || shape.indices.contains(axis) && shape[axis] == scales.count
    else {
      throw ZooError(.badData, "the quantization does not fit the shape \(shape)", at: "\"\(name)\"")
    }
    return Quantization(scales: scales, zeroPoints: zeroPoints, axis: scales.count == 1 ? 0 : axis)
  }
}
