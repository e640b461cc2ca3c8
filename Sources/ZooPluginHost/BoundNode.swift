import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooNumbers

/// A node in the form of the plugin ABI; owns the C memory that the form points to.
package final class BoundNode {
  package let pointer: UnsafeMutablePointer<zoo_node>
  package let memory = ScratchMemory()
  private var held: [Tensor] = []
  private let stored: [Int: StoredTensor]
  /// Of constants of float32, the numbers of 16 bits behind them, by position.
  private let narrow: [Int: StoredTensor]
  private let names: [String]
  /// Why a piece of a constant could not be read.
  private let failure = Mutex<(any Error)?>(nil)

  /// - Parameters:
  ///   - stored: Constants that the operator reads in pieces, by position.
  ///   - bodies: What runs the node's graphs, one for each, kept alive by the caller.
  ///   - hasFacts: Whether it is known what the node gives.
  ///   - judged: A step that the operator is asked about; its operands follow the node's.
  ///   - load: What a constant holds that is too large to be known to everybody; `nil` leaves it out.
  package init(
    _ node: CompilerNode, in graph: CompilerGraph, stored: [Int: StoredTensor] = [:], bodies: [BodyHandle] = [],
    hasFacts: Bool = true, judging judged: FusedStep? = nil, arithmetic: Arithmetic,
    load: ((CompilerValue) throws -> Tensor?)? = nil
  ) throws {
    self.stored = stored
    let operands =
      node.inputs
      + (node.epilogue + (judged.map { [$0] } ?? [])).flatMap { step in
        step.operands.compactMap { $0.map(Optional.some) }
      }
    names = operands.map { $0.map { graph[$0].name } ?? "" }
    let narrow = operands.enumerated().compactMap { index, operand in
      (stored[index] ?? operand.flatMap { graph[$0].constant })?.narrow.map { (index, $0) }
    }
    self.narrow = Dictionary(uniqueKeysWithValues: narrow)
    pointer = memory.allocate(zoo_node.self, count: 1)
    let attributes = try bind(node.attributes) + bind(node.bodies, bodies)
    let inputs = try operands.enumerated().map { index, operand in
      guard let operand else { return zoo_tensor.absent }
      var input = try bind(graph[operand], load: stored[index] == nil ? load : nil)
      if stored[index] != nil { input.is_constant = 1 }
      return input
    }
    let outputs = hasFacts ? try node.outputs.map { try $0.map { try bind(graph[$0], load: nil) } ?? .absent } : nil
    let steps = try node.numberedEpilogue.map { try bind($0.step, operands: $0.operands) }
    pointer.pointee = zoo_node(
      size: MemoryLayout<zoo_node>.size, name: memory.string(node.name), domain: memory.string(node.domain),
      op_type: memory.string(node.operatorType), opset: node.opset, attributes: memory.list(attributes).reading,
      attribute_count: attributes.count, inputs: memory.list(inputs).reading, input_count: inputs.count,
      own_input_count: node.inputs.count, outputs: outputs.map { memory.list($0).reading },
      output_count: node.outputs.count, epilogue: memory.list(steps).reading, epilogue_count: steps.count,
      read_constant: { node, input, offset, count, destination in
        BoundNode.read(node, \.stored, input, offset, UnsafeMutableRawBufferPointer(start: destination, count: count))
      },
      host_state: nil, precision: arithmetic.precision.rawValue, reserved: 0,
      input_ranges: ranges(of: operands.prefix(node.inputs.count), count: operands.count, in: graph, arithmetic),
      read_narrow: { node, input, offset, count, destination in
        BoundNode.read(node, \.narrow, input, offset, UnsafeMutableRawBufferPointer(start: destination, count: count))
      })
    pointer.pointee.host_state = Unmanaged.passUnretained(self).toOpaque()
  }

  private func ranges(
    of operands: ArraySlice<ValueID?>, count: Int, in graph: CompilerGraph, _ arithmetic: Arithmetic
  ) -> UnsafePointer<Float>? {
    guard arithmetic.precision == .int8, !arithmetic.ranges.isEmpty else { return nil }
    let table = memory.allocate(Float.self, count: 2 * count)
    for index in 0..<count {
      let value = index < operands.count ? operands[index] : nil
      let range = value.flatMap { graph[graph[$0].copyOf ?? $0].range }
      table[2 * index] = range?.lowerBound ?? .nan
      table[2 * index + 1] = range?.upperBound ?? .nan
    }
    return UnsafePointer(table)
  }

  private static func read(
    _ node: UnsafePointer<zoo_node>?, _ constants: KeyPath<BoundNode, [Int: StoredTensor]>, _ input: Int,
    _ offset: Int, _ bytes: UnsafeMutableRawBufferPointer
  ) -> zoo_status {
    guard let state = node?.pointee.host_state else { return zoo_status(ZOO_FAILED) }
    let bound = Unmanaged<BoundNode>.fromOpaque(state).takeUnretainedValue()
    return bound.read(bound[keyPath: constants][input], input, at: offset, bytes)
  }

  private func read(
    _ tensor: StoredTensor?, _ input: Int, at offset: Int, _ bytes: UnsafeMutableRawBufferPointer
  ) -> zoo_status {
    do {
      guard let tensor, offset >= 0, bytes.count <= tensor.byteCount,
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

  func bind(_ step: FusedStep, operands: [Int32]) throws -> zoo_step {
    let attributes = try bind(step.attributes)
    return zoo_step(
      size: MemoryLayout<zoo_step>.size, op_type: memory.string(step.operatorType),
      attributes: memory.list(attributes).reading, attribute_count: attributes.count,
      operands: memory.copy(operands), operand_count: operands.count)
  }

  private func bind(_ value: CompilerValue, load: ((CompilerValue) throws -> Tensor?)?) throws -> zoo_tensor {
    var constant: Tensor?
    if let stored = value.constant {
      do {
        constant = stored.isWorthKnowing ? try stored.load() : try load?(value)
      } catch let error as ZooError { throw error.located("constant \"\(value.name)\"") }
    }
    var tensor = try bind(value.facts, layout: value.layout, constant: constant)
    tensor.narrow_type = value.constant?.narrow?.type.rawValue ?? 0
    return tensor
  }

  private func bind(_ facts: ValueFacts, layout: Layout, constant: Tensor?) throws -> zoo_tensor {
    var tensor = try memory.tensor(facts, layout: layout)
    if let constant {
      held.append(constant)
      tensor.data = memory.data(of: constant)
    }
    tensor.is_constant = tensor.data == nil ? 0 : 1
    return tensor
  }

  private func bind(_ tensor: NamedTensor) throws -> zoo_tensor {
    let loaded = try tensor.tensor.load()
    return try bind(ValueFacts(loaded.type, loaded.shape), layout: .plain, constant: loaded)
  }

  /// - Parameter handles: None where the node is only asked about.
  private func bind(_ bodies: [Body], _ handles: [BodyHandle]) -> [zoo_attribute] {
    let pointers = bodies.indices.map { handles.indices.contains($0) ? handles[$0].pointer : nil }
    // The graphs of a list are one attribute.
    let firsts = bodies.indices.filter { !bodies[$0].isListed || $0 == 0 || bodies[$0 - 1].name != bodies[$0].name }
    return zip(firsts, firsts.dropFirst() + [bodies.count]).map { first, next in
      var bound = emptyAttribute(bodies[first].name, kind: bodies[first].isListed ? 10 : 5)
      if bodies[first].isListed {
        bound.bodies = UnsafePointer(memory.copy(Array(pointers[first..<next])))
        bound.count = next - first
      } else {
        bound.body = pointers[first]
      }
      return bound
    }
  }

  private func emptyAttribute(_ name: String, kind: Int32) -> zoo_attribute {
    var bound = zoo_attribute()
    bound.size = MemoryLayout<zoo_attribute>.size
    bound.name = UnsafePointer(memory.string(name))
    bound.kind = kind
    return bound
  }

  private func bind(_ attributes: [Attribute]) throws -> [zoo_attribute] {
    try attributes.map { attribute in
      var bound = emptyAttribute(attribute.name, kind: attribute.value.kind)
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
        bound.tensors = memory.list([try bind(tensor)]).reading
        bound.count = 1
      case .tensors(let tensors):
        bound.tensors = memory.list(try tensors.map { try bind($0) }).reading
        bound.count = tensors.count
      case .graph, .graphs, .type, .types, .opaque: break
      }
      return bound
    }
  }
}

extension CompilerNode {
  /// The epilogue with operands as positions among the node's operands.
  fileprivate var numberedEpilogue: [(step: FusedStep, operands: [Int32])] {
    var next = Int32(inputs.count)
    return epilogue.map { step in (step, step.numbered(from: &next)) }
  }
}

extension FusedStep {
  /// The positions of the step's operands, the first new one of which is `next`; -1 is the value so far.
  func numbered(from next: inout Int32) -> [Int32] {
    operands.map { operand in
      guard operand != nil else { return -1 }
      next += 1
      return next - 1
    }
  }
}

/// Pointers to structs of the ABI.
@usableFromInline package struct StructList<Element> {
  @usableFromInline package let pointers: UnsafeMutablePointer<UnsafeMutablePointer<Element>>

  @usableFromInline package init(pointers: UnsafeMutablePointer<UnsafeMutablePointer<Element>>) {
    self.pointers = pointers
  }

  package subscript(_ index: Int) -> UnsafeMutablePointer<Element> { pointers[index] }

  /// As the ABI has it for those who only read.
  package var reading: UnsafePointer<UnsafePointer<Element>?> {
    UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<Element>?.self)
  }

  /// As the ABI has it for those who fill the structs in.
  package var writing: UnsafePointer<UnsafeMutablePointer<Element>?> {
    UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafeMutablePointer<Element>?.self)
  }
}

extension zoo_tensor {
  /// An input that is left out, or an output that nobody reads.
  package static var absent: zoo_tensor {
    var absent = zoo_tensor()
    absent.size = MemoryLayout<zoo_tensor>.size
    return absent
  }
}

extension ScratchMemory {
  /// What is known of a value, without data.
  package func tensor(_ facts: ValueFacts, layout: Layout = .plain) throws -> zoo_tensor {
    let shape = facts.fixedShape
    var tensor = self.tensor(facts.kind, shape)
    tensor.layout = layout.number
    if shape != nil, facts.elementType != nil { tensor.byte_count = try byteCount(of: facts, layout: layout) }
    return tensor
  }

  func tensor(_ kind: ValueKind?, _ shape: [Int]?) -> zoo_tensor {
    var tensor = zoo_tensor.absent
    tensor.shape = UnsafePointer(copy((shape ?? []).map(Int64.init)))
    tensor.rank = shape.map { Int32($0.count) } ?? ZOO_RANK_UNKNOWN
    func hold(_ value: Int, _ element: ValueKind, keys: ElementType? = nil) {
      (tensor.kind, tensor.type) = (Int32(value), (keys ?? element.elementType)?.rawValue ?? 0)
      if keys != nil || element.elementType == nil { tensor.element = copy([self.tensor(element, nil)]) }
    }
    switch kind {
    case .tensor(let element)?: tensor.type = element.rawValue
    case .sparseTensor?, nil: break
    case .sequence(let element)?: hold(ZOO_VALUE_SEQUENCE, element)
    case .optional(let element)?: hold(ZOO_VALUE_OPTIONAL, element)
    case .map(let keys, let values)?: hold(ZOO_VALUE_MAP, values, keys: keys)
    }
    return tensor
  }
}

/// C memory that is freed together: many small pieces, of which a graph has millions.
@usableFromInline package final class ScratchMemory {
  package init() {}

  private static let alignment = 16
  private var blocks: [UnsafeMutableRawPointer] = []
  /// What is left of the last block.
  private var free = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Zeros.
  @inlinable package func allocate<Element>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
    bytes(max(count, 1) * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: max(count, 1))
  }

  @usableFromInline package func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    let size = (count + Self.alignment - 1) / Self.alignment * Self.alignment
    if size > free.count { addBlock(atLeast: size) }
    let piece = UnsafeMutableRawBufferPointer(rebasing: free[..<size])
    free = UnsafeMutableRawBufferPointer(rebasing: free[size...])
    _ = piece.initializeMemory(as: UInt8.self, repeating: 0)
    return piece.baseAddress.unsafelyUnwrapped
  }

  private func addBlock(atLeast size: Int) {
    let byteCount = max(size, 1 << min(9 + blocks.count, 16))
    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.alignment)
    blocks.append(block)
    free = UnsafeMutableRawBufferPointer(start: block, count: byteCount)
  }

  @inlinable package func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let table = allocate(Element.self, count: elements.count)
    for (index, element) in elements.enumerated() { table[index] = element }
    return table
  }

  /// Structs of the ABI, which are handed on by a list of pointers.
  @inlinable package func list<Element: BitwiseCopyable>(_ elements: [Element]) -> StructList<Element> {
    let table = copy(elements)
    return StructList(pointers: copy(elements.indices.map { table + $0 }))
  }

  package func string(_ text: String) -> UnsafeMutablePointer<CChar> {
    var text = text
    return text.withUTF8 { bytes in
      let copy = allocate(CChar.self, count: bytes.count + 1)
      UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyMemory(from: UnsafeRawBufferPointer(bytes))
      return copy
    }
  }

  package func string(bytes: [UInt8]) -> zoo_string {
    let copy = copy(bytes.map(CChar.init(bitPattern:)))
    return zoo_string(bytes: copy, count: bytes.count)
  }

  /// The address of a tensor's elements as the ABI wants it: strings become a table of zoo_string.
  package func data(of tensor: Tensor) -> UnsafeMutableRawPointer? {
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
