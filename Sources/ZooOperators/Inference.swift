import ZooCore
import ZooNumbers

/// A rule needs what is not known of a node's inputs. Never leaves `OperatorDeclaration`.
struct NotKnown: Error {}

/// A node as the rules of its operator's declaration see it.
///
/// What an input has to have is asked for with `shape(_:)`, `elements(_:)` and the like. Where it is not known, these end
/// the rule, and what it would give is not known either; where it can't be, they throw a `ZooError`.
package struct Inference {
  /// Facts of what the body in an attribute gives, from facts of what its inputs get.
  package typealias Body = (_ attribute: String, _ inputs: [ValueFacts?]) throws -> [ValueFacts]

  package let node: Node
  /// The version of the node's domain that the model imports.
  package let opset: Int64
  /// By position, `nil` for those that are left out.
  package internal(set) var inputs: [ValueFacts?]
  private let bodies: [String: BodySize]
  private let body: Body?

  /// How many values a body takes from its operator and gives.
  package struct BodySize: Sendable {
    package var inputs: Int
    package var outputs: Int

    package init(inputs: Int, outputs: Int) { (self.inputs, self.outputs) = (inputs, outputs) }
  }

  /// - Parameters:
  ///   - bodies: The sizes of bodies by attribute; `nil` for those of the graphs in the node's attributes.
  ///   - body: What is known of a body's results.
  package init(
    _ node: Node, opset: Int64, inputs: [ValueFacts?], bodies: [String: BodySize]? = nil, body: Body? = nil
  ) {
    (self.node, self.opset, self.inputs, self.body) = (node, opset, inputs, body)
    self.bodies = bodies ?? Self.sizes(ofBodiesOf: node)
  }

  private static func sizes(ofBodiesOf node: Node) -> [String: BodySize] {
    var sizes: [String: BodySize] = [:]
    for attribute in node.attributes {
      guard case .graph(let graph) = attribute.value else { continue }
      sizes[attribute.name] = BodySize(inputs: graph.inputs.count, outputs: graph.outputs.count)
    }
    return sizes
  }

  package var outputCount: Int { node.outputs.count }

  // MARK: Inputs

  /// Whether the node has input `index`.
  package func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  package func facts(_ index: Int) throws -> ValueFacts {
    guard has(index), let facts = inputs[index] else { throw invalid("input \(index) is missing") }
    return facts
  }

  package func kind(_ index: Int) throws -> ValueKind {
    guard let kind = try facts(index).kind else { throw NotKnown() }
    return kind
  }

  package func elementType(_ index: Int) throws -> ElementType {
    let kind = try kind(index)
    guard let type = kind.elementType else { throw invalid("input \(index) is \(kind.name), not a tensor") }
    return type
  }

  package func shape(_ index: Int) throws -> [Dim] {
    guard let shape = try facts(index).shape else { throw NotKnown() }
    return shape
  }

  /// The shape in numbers.
  func fixedShape(_ index: Int) throws -> [Int] {
    guard let shape = try facts(index).fixedShape else { throw NotKnown() }
    return shape
  }

  /// `nil` where the shape is not known, or there is no such input.
  func knownShape(_ index: Int) -> [Dim]? { has(index) ? inputs[index]?.shape : nil }

  package func rank(_ index: Int) throws -> Int { try shape(index).count }

  /// The elements of a tensor of integers that names extents, axes or places, in row-major order. Those of which nothing is
  /// known are `Dim.unknown()`, as long as their number is known.
  package func elements(_ index: Int) throws -> [Dim] {
    let facts = try facts(index)
    if let elements = facts.elements { return elements }
    if let constant = facts.constant { return try integers(of: constant, "input \(index)").map { Dim($0) } }
    guard let count = try shape(index).product.number, count <= Self.mostUnknownElements else { throw NotKnown() }
    return (0..<count).map { _ in Dim.unknown() }
  }

  /// As `elements`, in numbers.
  package func integers(_ index: Int) throws -> [Int] {
    try elements(index).map { element in
      guard let number = element.number else { throw NotKnown() }
      return number
    }
  }

  /// The one integer of input `index`.
  package func element(_ index: Int) throws -> Dim {
    let elements = try elements(index)
    guard elements.count == 1 else { throw invalid("input \(index) has \(elements.count) elements in place of one") }
    return elements[0]
  }

  package func integer(_ index: Int) throws -> Int {
    guard let number = try element(index).number else { throw NotKnown() }
    return number
  }

  /// The numbers of a constant tensor of any type of numbers.
  package func numbers(_ index: Int) throws -> [Double] {
    let facts = try facts(index)
    if let elements = facts.elements {
      return try elements.map { element in
        guard let number = element.number else { throw NotKnown() }
        return Double(number)
      }
    }
    guard let constant = facts.constant else { throw NotKnown() }
    guard constant.type != .string else { throw invalid("input \(index) holds strings in place of numbers") }
    guard constant.shape.reduce(1, *) <= Self.mostElements else { throw NotKnown() }
    let tensor = try constant.load()
    return [Double](unsafeUninitializedCapacity: tensor.count * tensor.type.numbersPerElement) { output, count in
      count = tensor.count * tensor.type.numbersPerElement
      tensor.withUnsafeBytes {
        Numbers.decode($0, tensor.type, to: UnsafeMutableBufferPointer(rebasing: output[..<count]))
      }
    }
  }

  /// The elements of a constant that errors call `name`.
  func integers(of constant: StoredTensor, _ name: String) throws -> [Int] {
    guard constant.shape.reduce(1, *) <= Self.mostElements else { throw NotKnown() }
    switch constant.type {
    case .int64: return try constant.load().elements(Int64.self).map { Int($0) }
    case .int32: return try constant.load().elements(Int32.self).map { Int($0) }
    case .bool, .uint8: return try constant.load().withUnsafeBytes { $0.map { Int($0) } }
    default: throw invalid("\(name) holds \(constant.type.name) where integers are expected")
    }
  }

  /// No list of extents or axes is longer; what is longer is other data.
  private static let mostElements = 1 << 16
  private static let mostUnknownElements = 64

  /// - Throws: `ZooError` (`badData`) where an input is left out that all versions of the operator need.
  func checkPresence(_ allowed: AllowedParameters) throws {
    for (index, isNeeded) in allowed.areNeeded.enumerated() {
      try require(!isNeeded || has(index), "input \(index) is missing")
    }
  }

  /// - Throws: `ZooError` (`badData`) for a value of a kind that no version takes or gives.
  func checkKind(_ kind: ValueKind?, at index: Int, _ allowed: AllowedParameters, _ role: String) throws {
    guard let kind, let types = allowed.types(at: index) else { return }
    try require(
      types.contains(kind), "\(role) \(index) is \(kind.name), which no version of the operator allows")
  }

  // MARK: Attributes

  package func int(_ name: String) throws -> Int? {
    guard let value = node[attribute: name] else { return nil }
    guard case .int(let number) = value else { throw wrongKind(name) }
    return Int(number)
  }

  package func int(_ name: String, default standard: Int) throws -> Int { try int(name) ?? standard }

  package func requiredInt(_ name: String) throws -> Int {
    guard let value = try int(name) else { throw invalid("attribute \(name) is missing") }
    return value
  }

  package func flag(_ name: String, default standard: Bool = false) throws -> Bool {
    try int(name).map { $0 != 0 } ?? standard
  }

  package func ints(_ name: String) throws -> [Int]? {
    guard let value = node[attribute: name] else { return nil }
    guard case .ints(let numbers) = value else { throw wrongKind(name) }
    return numbers.map { Int($0) }
  }

  package func float(_ name: String) throws -> Float? {
    guard let value = node[attribute: name] else { return nil }
    guard case .float(let number) = value else { throw wrongKind(name) }
    return number
  }

  package func floats(_ name: String) throws -> [Float]? {
    guard let value = node[attribute: name] else { return nil }
    guard case .floats(let numbers) = value else { throw wrongKind(name) }
    return numbers
  }

  package func text(_ name: String) throws -> String? {
    guard let value = node[attribute: name] else { return nil }
    guard case .string(let bytes) = value else { throw wrongKind(name) }
    return String(decoding: bytes, as: UTF8.self)
  }

  package func texts(_ name: String) throws -> [String]? {
    guard let value = node[attribute: name] else { return nil }
    guard case .strings(let strings) = value else { throw wrongKind(name) }
    return strings.map { String(decoding: $0, as: UTF8.self) }
  }

  package func tensor(_ name: String) throws -> StoredTensor? {
    guard let value = node[attribute: name] else { return nil }
    guard case .tensor(let tensor) = value else { throw wrongKind(name) }
    return tensor.tensor
  }

  /// The element type that an attribute names by its number.
  package func elementType(_ name: String) throws -> ElementType? {
    guard let number = try int(name), number != 0 else { return nil }
    guard let type = Int32(exactly: number).flatMap(ElementType.init) else {
      throw invalid("attribute \(name) names the element type \(number), which there is not")
    }
    return type
  }

  /// Whether attribute `name` holds a graph.
  func hasBody(_ name: String) -> Bool { bodies[name] != nil }

  /// Makes sure that the body in attribute `name` takes and gives that many values, and tells how many it gives.
  @discardableResult func checkBody(_ name: String, inputs: Int, outputs: ClosedRange<Int>) throws -> Int {
    guard let size = bodies[name] else { throw invalid("attribute \(name) is no graph") }
    try require(
      size.inputs == inputs, "\(name) takes \(size.inputs) values, the operator has \(inputs) for it")
    let names = outputs.lowerBound == outputs.upperBound ? "\(outputs.lowerBound)" : "\(outputs.lowerBound) or more"
    try require(outputs.contains(size.outputs), "\(name) gives \(size.outputs) values in place of \(names)")
    return size.outputs
  }

  /// What the body in attribute `name` gives.
  package func results(ofBody name: String, _ inputs: [ValueFacts?]) throws -> [ValueFacts] {
    guard let body else { throw NotKnown() }
    return try body(name, inputs)
  }

  private func wrongKind(_ name: String) -> ZooError { invalid("attribute \(name) has a value of the wrong kind") }

  // MARK: Rules

  /// What `rule` gives; `nil` where it needs what is not known.
  func ifKnown<Result>(_ rule: () throws -> Result) throws -> Result? {
    do { return try rule() } catch is NotKnown { return nil }
  }

  /// The error for a node that its operator's specification does not allow.
  package func invalid(_ message: String) -> ZooError { ZooError(.badData, message) }

  /// - Throws: `ZooError` (`badData`) where `isTrue` does not hold.
  package func require(_ isTrue: Bool, _ message: @autoclosure () -> String) throws {
    guard isTrue else { throw invalid(message()) }
  }

  /// Both extents are the same number, or may be.
  package func requireEqual(_ left: Dim, _ right: Dim, _ message: @autoclosure () -> String) throws {
    guard left.equals(right) != false else { throw invalid("\(message()): \(left) and \(right)") }
  }

  /// What two extents are that have to be the same: the one of which more is known.
  package func same(_ left: Dim, _ right: Dim, _ message: @autoclosure () -> String) throws -> Dim {
    try requireEqual(left, right, message())
    return left.number == nil && right.number != nil ? right : left
  }

  /// The shape of input `index` where it is known, which has to be of `rank` then.
  func shape(_ index: Int, ofRank rank: Int, _ name: String) throws -> [Dim]? {
    guard let shape = try facts(index).shape else { return nil }
    try require(shape.count == rank, "\(name) of shape \(shape) is not of rank \(rank)")
    return shape
  }

  /// `axis` counted from the front.
  package func normalized(axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else { throw invalid("axis \(axis) is outside a tensor of rank \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  /// The axes counted from the front, each once.
  package func normalized(axes: [Int], rank: Int) throws -> [Int] {
    let axes = try axes.map { try normalized(axis: $0, rank: rank) }
    guard Set(axes).count == axes.count else { throw invalid("an axis occurs twice in \(axes)") }
    return axes
  }

  /// The axis that the attribute names.
  package func axis(_ name: String = "axis", default standard: Int, rank: Int) throws -> Int {
    try normalized(axis: int(name, default: standard), rank: rank)
  }

  /// The shape that `shapes` broadcast to by NumPy's rules.
  package func broadcast(_ shapes: [[Dim]]) throws -> [Dim] {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Dim](repeating: 1, count: rank)
    for shape in shapes {
      for (index, extent) in shape.enumerated() where extent != 1 {
        let place = rank - shape.count + index
        guard let joint = Dim.broadcast(result[place], extent) else {
          throw invalid("the shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) don't broadcast")
        }
        result[place] = joint
      }
    }
    return result
  }
}
