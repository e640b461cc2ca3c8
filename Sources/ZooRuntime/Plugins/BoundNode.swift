import CZooPlugin
import Synchronization
import ZooCore

/// What the runtime knows of a value while it compiles.
struct ValueDescription: Sendable {
  var type: ElementType
  /// `nil` when only running can tell.
  var shape: [Int]?
  var layout: Int32 = 0
  /// The contents, where they are constant and loaded.
  var constant: Tensor?

  /// Bytes in memory, blocked padding included.
  var byteCount: Int {
    get throws {
      var extents = shape ?? []
      // Checked before it is padded, which may then not overflow.
      let plain = try Tensor.byteCount(type: type, shape: extents)
      guard layout == ZOO_LAYOUT_NCHW16C, extents.count >= 2 else { return plain }
      extents[1] = extents[1].roundedUp(to: 16)
      return try Tensor.byteCount(type: type, shape: extents)
    }
  }
}

/// An elementwise operator folded onto the end of a node.
struct EpilogueStep: Sendable {
  var operatorType: String
  var attributes: [Attribute]
  /// Names of the operands; `nil` is the value computed so far.
  var operands: [String?]
}

/// A node in the form of the plugin ABI; owns the C memory that the form points to.
final class BoundNode {
  let pointer: UnsafeMutablePointer<zoo_node>
  let memory = ScratchMemory()
  private var held: [Tensor] = []
  private let stored: [Int: StoredTensor]
  private let names: [String]
  /// Why a piece of a constant could not be read.
  private let failure = Mutex<(any Error)?>(nil)

  /// - Parameters:
  ///   - inputs: by position, `nil` for absent ones; the operands of the epilogue follow the node's own.
  ///   - stored: constants that the operator reads in pieces, by position.
  ///   - epilogue: steps with their operands as indices into `inputs`, -1 for the value so far.
  init(
    _ node: Node, opset: Int64, inputs: [ValueDescription?], stored: [Int: StoredTensor] = [:],
    ownInputCount: Int? = nil,
    epilogue: [(step: EpilogueStep, operands: [Int32])] = [], usedOutputs: UInt64 = .max,
    arithmetic: Arithmetic = Arithmetic()
  ) throws {
    self.stored = stored
    names = node.inputs
    let inputTable = memory.allocate(zoo_tensor.self, count: inputs.count)
    pointer = memory.allocate(zoo_node.self, count: 1)
    let attributes = try bind(node.attributes)
    for (index, input) in inputs.enumerated() {
      inputTable[index] = try input.map { try bind($0) } ?? zoo_tensor()
      if stored[index] != nil { inputTable[index].is_constant = 1 }
    }
    let steps = memory.allocate(zoo_step.self, count: epilogue.count)
    for (index, entry) in epilogue.enumerated() { steps[index] = try bind(entry.step, operands: entry.operands) }
    pointer.pointee = zoo_node(
      size: MemoryLayout<zoo_node>.size, name: memory.string(node.name),
      domain: memory.string(OperatorRegistry.canonical(node.domain)), op_type: memory.string(node.operatorType),
      opset: opset, attributes: attributes.0, attribute_count: attributes.1, inputs: inputTable,
      input_count: inputs.count, own_input_count: ownInputCount ?? inputs.count, output_count: node.outputs.count,
      epilogue: steps, epilogue_count: epilogue.count, used_outputs: usedOutputs,
      read_constant: { node, input, offset, count, destination in
        guard let node, let state = node.pointee.host_state else { return zoo_status(ZOO_FAILED) }
        let bound = Unmanaged<BoundNode>.fromOpaque(state).takeUnretainedValue()
        return bound.read(input, at: offset, UnsafeMutableRawBufferPointer(start: destination, count: count))
      },
      host_state: nil, precision: arithmetic.precision.rawValue, reserved: 0,
      input_ranges: ranges(of: node, count: inputs.count, arithmetic))
    pointer.pointee.host_state = Unmanaged.passUnretained(self).toOpaque()
  }

  private func ranges(of node: Node, count: Int, _ arithmetic: Arithmetic) -> UnsafePointer<Float>? {
    guard arithmetic.precision == .int8, !arithmetic.ranges.isEmpty else { return nil }
    let table = memory.allocate(Float.self, count: 2 * count)
    for index in 0..<count {
      let range = node.inputs.indices.contains(index) ? arithmetic.ranges[node.inputs[index]] : nil
      table[2 * index] = range?.lowerBound ?? .nan
      table[2 * index + 1] = range?.upperBound ?? .nan
    }
    return UnsafePointer(table)
  }

  private func read(_ input: Int, at offset: Int, _ bytes: UnsafeMutableRawBufferPointer) -> zoo_status {
    do {
      guard let tensor = stored[input], offset >= 0, bytes.count <= tensor.byteCount,
        offset <= tensor.byteCount - bytes.count
      else { throw ZooError(.defect, "a plugin reads bytes \(offset) and on of input \(input), which are not there") }
      try tensor.read(into: bytes, at: offset)
      return zoo_status(ZOO_OK)
    } catch let error as ZooError {
      let name = names.indices.contains(input) ? names[input] : ""
      failure.withLock { $0 = $0 ?? error.located("constant \"\(name)\"") }
      return zoo_status(ZOO_FAILED)
    } catch {
      failure.withLock { $0 = $0 ?? error }
      return zoo_status(ZOO_FAILED)
    }
  }

  /// Throws what went wrong while a piece of a constant was read.
  func checkReading() throws {
    if let error = failure.withLock({ $0 }) { throw error }
  }

  func bind(_ step: EpilogueStep, operands: [Int32]) throws -> zoo_step {
    let attributes = try bind(step.attributes)
    let table = memory.allocate(Int32.self, count: operands.count)
    for (index, operand) in operands.enumerated() { table[index] = operand }
    return zoo_step(
      op_type: memory.string(step.operatorType), attributes: attributes.0, attribute_count: attributes.1,
      operands: table, operand_count: operands.count)
  }

  private func bind(_ value: ValueDescription) throws -> zoo_tensor {
    let shape = value.shape ?? []
    let dimensions = memory.allocate(Int64.self, count: shape.count)
    for (index, extent) in shape.enumerated() { dimensions[index] = Int64(extent) }
    var data: UnsafeMutableRawPointer?
    if let constant = value.constant {
      held.append(constant)
      data = memory.data(of: constant)
    }
    return zoo_tensor(
      type: value.type.rawValue, layout: value.layout, rank: value.shape == nil ? ZOO_RANK_UNKNOWN : Int32(shape.count),
      is_constant: data == nil ? 0 : 1, shape: dimensions, data: data, byte_count: try value.byteCount)
  }

  private func bind(_ tensor: NamedTensor) throws -> zoo_tensor {
    let loaded = try tensor.tensor.load()
    return try bind(ValueDescription(type: loaded.type, shape: loaded.shape, constant: loaded))
  }

  private func bind(_ attributes: [Attribute]) throws -> (UnsafeMutablePointer<zoo_attribute>, Int) {
    let table = memory.allocate(zoo_attribute.self, count: attributes.count)
    for (index, attribute) in attributes.enumerated() {
      var bound = zoo_attribute()
      bound.name = UnsafePointer(memory.string(attribute.name))
      bound.kind = attribute.value.kind
      switch attribute.value {
      case .float(let value): bound.float_value = value
      case .int(let value): bound.int_value = value
      case .string(let value): bound.string_value = memory.string(bytes: value)
      case .floats(let values):
        bound.floats = UnsafePointer(memory.copy(values))
        bound.count = values.count
      case .ints(let values):
        bound.ints = UnsafePointer(memory.copy(values))
        bound.count = values.count
      case .strings(let values):
        bound.strings = UnsafePointer(memory.copy(values.map { memory.string(bytes: $0) }))
        bound.count = values.count
      case .tensor(let tensor):
        bound.tensors = UnsafePointer(memory.copy([try bind(tensor)]))
        bound.count = 1
      case .tensors(let tensors):
        bound.tensors = UnsafePointer(memory.copy(try tensors.map { try bind($0) }))
        bound.count = tensors.count
      case .graph, .graphs, .type, .types, .opaque: break
      }
      table[index] = bound
    }
    return (table, attributes.count)
  }
}

/// C memory that is freed together: many small pieces, of which a graph has millions.
final class ScratchMemory {
  private static let alignment = 16
  private var blocks: [UnsafeMutableRawPointer] = []
  /// What is left of the last block.
  private var free = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Zeros.
  func allocate<Element>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
    let size = (max(count, 1) * MemoryLayout<Element>.stride + Self.alignment - 1) / Self.alignment * Self.alignment
    if size > free.count { addBlock(atLeast: size) }
    let piece = UnsafeMutableRawBufferPointer(rebasing: free[..<size])
    free = UnsafeMutableRawBufferPointer(rebasing: free[size...])
    _ = piece.initializeMemory(as: UInt8.self, repeating: 0)
    return piece.baseAddress.unsafelyUnwrapped.bindMemory(to: Element.self, capacity: max(count, 1))
  }

  private func addBlock(atLeast size: Int) {
    let byteCount = max(size, 1 << min(9 + blocks.count, 16))
    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.alignment)
    blocks.append(block)
    free = UnsafeMutableRawBufferPointer(start: block, count: byteCount)
  }

  func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let table = allocate(Element.self, count: elements.count)
    for (index, element) in elements.enumerated() { table[index] = element }
    return table
  }

  func string(_ text: String) -> UnsafeMutablePointer<CChar> {
    var text = text
    return text.withUTF8 { bytes in
      let copy = allocate(CChar.self, count: bytes.count + 1)
      UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyMemory(from: UnsafeRawBufferPointer(bytes))
      return copy
    }
  }

  func string(bytes: [UInt8]) -> zoo_string {
    let copy = copy(bytes.map(CChar.init(bitPattern:)))
    return zoo_string(bytes: copy, count: bytes.count)
  }

  /// The address of a tensor's elements as the ABI wants it: strings become a table of zoo_string.
  func data(of tensor: Tensor) -> UnsafeMutableRawPointer? {
    if let strings = tensor.strings { return UnsafeMutableRawPointer(copy(strings.map { string(bytes: $0) })) }
    return tensor.memory?.mutableBytes.baseAddress
  }

  deinit { for block in blocks { block.deallocate() } }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
