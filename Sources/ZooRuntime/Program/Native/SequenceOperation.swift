import ZooCompiler
import ZooCore
import ZooNumbers

/// What one of ONNX's operators gives on sequences or optional values.
typealias SequenceFunction = @Sendable (CompilerNode, [Value?]) throws -> [Value]

/// An operation on sequences and optional values.
struct SequenceOperation: NativeOperation {
  let node: CompilerNode
  let body: SequenceFunction

  func run(_ inputs: [Value?], _ call: RunContext) throws -> [Value] { try body(node, inputs) }
}

/// By operator.
let sequenceFunctions: [String: SequenceFunction] = [
  "SequenceEmpty": { _, _ in [.sequence([])] },
  "SequenceConstruct": { _, inputs in [.sequence(try inputs.indices.map { try inputs.value($0).owned() })] },
  "SequenceLength": { _, inputs in [.tensor(try Tensor([Int64(try inputs.sequence(0).count)], shape: []))] },
  "SequenceAt": { _, inputs in
    let elements = try inputs.sequence(0)
    return [elements[try inputs.place(1, among: elements.count)]]
  },
  "SequenceInsert": { _, inputs in
    var elements = try inputs.sequence(0)
    let place =
      inputs.count > 2 && inputs[2] != nil
      ? try inputs.place(2, among: elements.count + 1, end: elements.count) : elements.count
    elements.insert(try inputs.value(1).owned(), at: place)
    return [.sequence(elements)]
  },
  "SequenceErase": { _, inputs in
    var elements = try inputs.sequence(0)
    guard !elements.isEmpty else { throw ZooError(.badData, "the sequence is empty") }
    let isGiven = inputs.count > 1 && inputs[1] != nil
    elements.remove(at: isGiven ? try inputs.place(1, among: elements.count) : elements.count - 1)
    return [.sequence(elements)]
  },
  "ConcatFromSequence": { node, inputs in
    guard let axis = node.int("axis") else { throw ZooError(.badData, "attribute axis is missing") }
    return [.tensor(try concatenated(inputs.sequence(0), axis: axis, isNew: node.int("new_axis") ?? 0 != 0))]
  },
  "SplitToSequence": { node, inputs in
    [.sequence(try split(inputs, axis: node.int("axis") ?? 0, keeps: node.int("keepdims") ?? 1 != 0))]
  },
  "Optional": { _, inputs in [.optional(try inputs.first.flatMap { $0 }?.owned())] },
  "OptionalHasElement": { _, inputs in [.tensor(try Tensor([inputs.element(0) != nil], shape: []))] },
  "OptionalGetElement": { _, inputs in
    guard let element = inputs.element(0) else { throw ZooError(.badData, "the optional value is empty") }
    return [try element.owned()]
  },
]

private func concatenated(_ elements: [Value], axis: Int, isNew: Bool) throws -> Tensor {
  let tensors = try elements.map { element in
    guard let tensor = element.tensor else { throw ZooError(.badData, "the sequence holds no tensors") }
    return tensor
  }
  guard let first = tensors.first else { throw ZooError(.badData, "a sequence without elements can't be joined") }
  let rank = first.shape.count + (isNew ? 1 : 0)
  let place = axis < 0 ? axis + rank : axis
  guard (0..<rank).contains(place) else { throw ZooError(.badData, "axis \(axis) is outside a tensor of rank \(rank)") }
  return isNew ? try stacked(tensors, axis: place) : try joined(tensors, axis: place)
}

private func split(_ inputs: [Value?], axis: Int, keeps: Bool) throws -> [Value] {
  let tensor = try inputs.tensor(0)
  let rank = tensor.shape.count
  let place = axis < 0 ? axis + rank : axis
  guard (0..<rank).contains(place) else { throw ZooError(.badData, "axis \(axis) is outside a tensor of rank \(rank)") }
  let extent = tensor.shape[place]
  guard inputs.count > 1, inputs[1] != nil else {
    // Pieces of one place each, whose axis goes where that is asked for.
    return try (0..<extent).map { index in
      let part = try piece(tensor, axis: place, index..<index + 1)
      return .tensor(keeps ? part : try part.droppingAxis(place))
    }
  }
  var sizes: [Int]
  let given = try inputs.tensor(1)
  let numbers =
    given.type == .int32
    ? try given.elements(Int32.self).map { Int($0) } : try given.elements(Int64.self).map { Int($0) }
  if given.shape.isEmpty {
    guard numbers[0] > 0 else { throw ZooError(.badData, "pieces of \(numbers[0]) places") }
    sizes = Array(repeating: numbers[0], count: extent / numbers[0])
    if extent % numbers[0] > 0 { sizes.append(extent % numbers[0]) }
  } else {
    sizes = numbers
  }
  guard sizes.allSatisfy({ (0...extent).contains($0) }), sizes.reduce(0, +) == extent else {
    throw ZooError(.badData, "pieces of \(sizes.prefix(16)) places don't make \(extent)")
  }
  var start = 0
  return try sizes.map { size in
    defer { start += size }
    return .tensor(try piece(tensor, axis: place, start..<start + size))
  }
}

extension [Value?] {
  fileprivate func sequence(_ index: Int) throws -> [Value] {
    switch try value(index) {
    case .sequence(let elements), .optional(.sequence(let elements)?): return elements
    default: throw ZooError(.badData, "input \(index) is no sequence")
    }
  }

  /// A place that an input names, counted from the front.
  fileprivate func place(_ index: Int, among count: Int, end: Int? = nil) throws -> Int {
    let number = try integer(index) ?? 0
    let place = number < 0 ? number + (end ?? count) : number
    guard (0..<count).contains(place) else {
      throw ZooError(.badData, "place \(number) is outside a sequence of \(end ?? count)")
    }
    return place
  }

  /// What an optional value holds; a value that is not optional is there.
  fileprivate func element(_ index: Int) -> Value? {
    guard index < count, let value = self[index] else { return nil }
    guard case .optional(let element) = value else { return value }
    return element
  }
}
