import ZooCore
import ZooOperators

/// What the conversion of a node may look at, and the names and constants that it makes.
final class Workbench {
  /// Values of the graph and of those around it, innermost last.
  private var scopes: [[String: KnownValue]] = [[:]]
  private var names: Set<String>
  /// The last number that was put behind a name.
  private var numbers: [String: Int] = [:]
  private var shared: [SharedKey: String] = [:]
  /// Constants for the main graph.
  private(set) var constants: [NamedTensor] = []
  private var constantBytes = 0

  private struct SharedKey: Hashable {
    var type: ElementType
    var shape: [Int]
    var bytes: [UInt8]
  }

  init(names: Set<String>) { self.names = names }

  // MARK: Values

  subscript(name: String) -> KnownValue? {
    get { name.isEmpty ? nil : scopes.lazy.reversed().compactMap { $0[name] }.first }
    set { scopes[scopes.count - 1][name] = newValue }
  }

  func enter() { scopes.append([:]) }
  func leave() { scopes.removeLast() }

  func elementType(_ name: String) -> ElementType? { self[name]?.elementType }
  func shape(_ name: String) -> [Int?]? { self[name]?.shape }
  func rank(_ name: String) -> Int? { self[name]?.shape?.count }

  /// The extents, where all are known.
  func fullShape(_ name: String) -> [Int]? {
    guard let shape = shape(name) else { return nil }
    let known = shape.compactMap(\.self)
    return known.count == shape.count ? known : nil
  }

  /// The integers of a constant; `nil` where the value is no constant of int64 or int32.
  func integers(_ name: String) throws -> [Int]? {
    guard let tensor = self[name]?.constant, tensor.shape.reduce(1, *) <= 1 << 16 else { return nil }
    switch tensor.type {
    case .int64: return try tensor.load().elements(Int64.self).map(Int.init)
    case .int32: return try tensor.load().elements(Int32.self).map(Int.init)
    default: return nil
    }
  }

  /// The numbers of a small constant of floats; `nil` for others.
  func numbers(_ name: String) throws -> [Double]? {
    guard let tensor = self[name]?.constant, tensor.shape.reduce(1, *) <= 1 << 16 else { return nil }
    switch tensor.type {
    case .float32: return try tensor.load().elements(Float.self).map(Double.init)
    case .float64: return try tensor.load().elements(Double.self)
    case .float16:
      return try tensor.load().withUnsafeBytes { bytes in
        bytes.bindMemory(to: UInt16.self).map { Double(Float16(bitPattern: $0)) }
      }
    case .bool: return try tensor.load().elements(Bool.self).map { $0 ? 1 : 0 }
    default: return try integers(name)?.map(Double.init)
    }
  }

  /// What is known of a node's outputs. Of one that its operator's specification does not allow, that is nothing: what was
  /// wrong before stays as it was.
  func inferred(_ node: Node, opset: Int64) -> [ValueFacts] {
    guard let declaration = OperatorCatalogue.declaration(node.operatorType, domain: node.domain) else { return [] }
    let inputs = node.inputs.map { $0.isEmpty ? nil : self[$0]?.facts ?? ValueFacts(nil) }
    return (try? declaration.infer(Inference(node, opset: opset, inputs: inputs))) ?? []
  }

  // MARK: Names and constants

  /// A name for a node that no value and no node has: `wanted`, or with a number behind it.
  func nodeName(_ wanted: String) -> String { InternalName.shown(name(wanted)) }

  /// The internal form of a name that no value and no node has, in any graph of the model: `wanted`, or with a number behind
  /// it. All new names come from here. Very long ones are cut, so that they cost no more than the nodes that have them.
  func name(_ wanted: String) -> String {
    // What is wanted is made of names of nodes and of values.
    let wanted = InternalName.ofFile(InternalName.shown(wanted).shortened(0))
    var name = wanted
    while !names.insert(name).inserted {
      numbers[wanted, default: 0] += 1
      name = "\(wanted)_\(numbers[wanted, default: 0])"
    }
    return name
  }

  /// The name of a constant with these elements; an equal one serves again.
  ///
  /// - Throws: `Refusal` where all of them together would be too large.
  func constant(_ tensor: Tensor, _ wanted: String) throws -> String {
    guard tensor.type != .string, tensor.byteCount <= 1 << 12 else {
      constantBytes += tensor.byteCount
      guard constantBytes <= 1 << 28 else { throw Refusal("the constants that it takes are too large") }
      return newConstant(tensor, wanted)
    }
    let key = SharedKey(type: tensor.type, shape: tensor.shape, bytes: tensor.withUnsafeBytes { Array($0) })
    if let known = shared[key] { return known }
    let name = newConstant(tensor, wanted)
    shared[key] = name
    return name
  }

  private func newConstant(_ tensor: Tensor, _ wanted: String) -> String {
    let name = name(wanted)
    let stored = StoredTensor(tensor)
    constants.append(NamedTensor(name: name, tensor: stored))
    scopes[0][name] = KnownValue(constant: stored)
    return name
  }

  func integers(_ values: [Int], _ wanted: String) throws -> String {
    try constant(try Tensor(values.map(Int64.init), shape: [values.count]), wanted)
  }

  func floats(_ values: [Float], _ wanted: String) throws -> String {
    try constant(try Tensor(values, shape: [values.count]), wanted)
  }

  /// A tensor of `shape` with one number everywhere.
  func filled(_ value: Double, _ type: ElementType, shape: [Int] = [], _ wanted: String) throws -> String {
    try constant(try filledTensor(value, type, shape: shape), wanted)
  }
}

/// A tensor of `shape` with one number everywhere, as near as `type` has it.
///
/// - Throws: `Refusal` for types without numbers or tensors of more than 16 MiB.
func filledTensor(_ value: Double, _ type: ElementType, shape: [Int]) throws -> Tensor {
  let count = try Tensor.elementCount(of: shape)
  guard count <= 1 << 22 else { throw Refusal("it needs a constant of the shape \(shape), which is too large") }
  func list<Element: TensorElement>(_ element: Element) throws -> Tensor {
    try Tensor([Element](repeating: element, count: count), shape: shape)
  }
  func whole<Element: TensorElement & FixedWidthInteger>(_: Element.Type) throws -> Tensor {
    guard let element = Element(exactly: value) else { throw Refusal("\(type.name) has no \(value)") }
    return try list(element)
  }
  func bits(_ pattern: UInt16) throws -> Tensor {
    try Tensor(type: type, shape: shape) { bytes in
      for index in 0..<count { bytes.storeBytes(of: pattern, toByteOffset: 2 * index, as: UInt16.self) }
    }
  }
  switch type {
  case .float32: return try list(Float(value))
  case .float64: return try list(value)
  case .float16: return try bits(Float16(value).bitPattern)
  case .bfloat16:
    // Ties to even; the constants here are small numbers, so that rounding by way of float32 does not matter.
    let pattern = Float(value).bitPattern
    return try bits(UInt16(truncatingIfNeeded: (pattern &+ 0x7fff &+ (pattern >> 16 & 1)) >> 16))
  case .int8: return try whole(Int8.self)
  case .int16: return try whole(Int16.self)
  case .int32: return try whole(Int32.self)
  case .int64: return try whole(Int64.self)
  case .uint8: return try whole(UInt8.self)
  case .uint16: return try whole(UInt16.self)
  case .uint32: return try whole(UInt32.self)
  case .uint64: return try whole(UInt64.self)
  case .bool: return try list(value != 0)
  default: throw Refusal("constants of \(type.name) can't be made")
  }
}

/// Why a node has no form in the neighbouring version of the operator set.
struct Refusal: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}
