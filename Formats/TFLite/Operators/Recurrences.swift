import GraphWriter
import ZooCore

/// Operators with a state that goes from step to step and, in the interpreter, from run to run (`States`).
extension LiteConverter {
  static let recurrences: [String: Rule] = [
    "UNIDIRECTIONAL_SEQUENCE_LSTM": { try $0.longMemory(order: $0.flag(3) ? .timeFirst : .batchFirst) },
    "LSTM": {
      guard try $0.choice(3) == 0 else { throw ZooError(.unsupported, "the basic form of LSTM, with joined weights") }
      try $0.longMemory(order: .oneStep)
    },
    "UNIDIRECTIONAL_SEQUENCE_RNN": {
      try $0.recurrence(order: $0.flag(0) ? .timeFirst : .batchFirst, activation: $0.choice(1))
    },
    "RNN": { try $0.recurrence(order: .oneStep, activation: $0.choice(0)) },
    "SVDF": { try $0.filter() },
  ]

  /// How the input's axes before the last one are to be understood.
  private enum SequenceOrder { case timeFirst, batchFirst, oneStep }

  /// The input with time, batch and features, as ONNX has them.
  private mutating func sequence(_ order: SequenceOrder) throws -> String {
    let rank = try needInput(0).shape.count
    guard rank == (order == .oneStep ? 2 : 3) else { throw ZooError(.badData, "its input has \(rank) axes") }
    let name = try plain(input: 0)
    switch order {
    case .timeFirst: return name
    case .batchFirst: return step("Transpose", [name], [.ints("perm", [1, 0, 2])])
    case .oneStep: return step("Unsqueeze", [name, try list([0])])
    }
  }

  /// The state at the beginning, a row for each sequence.
  private mutating func beginning(input position: Int, _ sequence: String) throws -> String {
    let width = try needInput(position).shape.last ?? 0
    let batch = step("Shape", [sequence], [.int("start", 1), .int("end", 2)])
    let shape = step("Concat", [batch, try list([width])], [.int("axis", 0)])
    return step("Unsqueeze", [step("Expand", [try state(input: position), shape]), try list([0])])
  }

  /// Makes ONNX's result, with an axis of directions behind the time's, the operator's.
  private mutating func finish(sequence name: String, _ order: SequenceOrder) throws {
    switch order {
    case .timeFirst: try finish(step("Squeeze", [name, list([1])]))
    case .batchFirst: try finish(step("Transpose", [step("Squeeze", [name, list([1])])], [.ints("perm", [1, 0, 2])]))
    case .oneStep: try finish(step("Squeeze", [name, list([0, 1])]))
    }
  }

  /// Gates' matrices or vectors one below another, with an axis of one direction in front. The gate that is absent is the
  /// complement of another one: σ(-x) = 1 - σ(x).
  private mutating func stacked(_ positions: [Int?], complementOf other: Int = 0) throws -> String {
    let parts = try positions.map { position in
      if let position { return try plain(input: position) }
      return step("Neg", [try plain(input: other)])
    }
    return step("Unsqueeze", [step("Concat", parts, [.int("axis", 0)]), try list([0])])
  }

  private mutating func zeros(_ count: Int) throws -> String {
    step("Expand", [try scalar(0), try list([1, count])])
  }

  private static let activations = [0: "Affine", 1: "Relu", 4: "Tanh"]

  private mutating func longMemory(order: SequenceOrder) throws {
    // TensorFlow's converter writes a clip of 10, which Keras does not have, and which cells do not reach.
    let clip = try float(1)
    guard input(16) == nil, (20..<24).allSatisfy({ input($0) == nil }), clip == 0 || clip >= 8,
      let activation = Self.activations[try choice(0)]
    else { throw ZooError(.unsupported, "an LSTM with a projection, normalized gates, or cells that are clipped") }
    let isCoupled = input(1) == nil
    let hidden = try needInput(6).shape.last ?? 0
    let sequence = try sequence(order)
    // ONNX's order: input, output, forget, cell.
    func gates(_ first: Int) throws -> String {
      try stacked([isCoupled ? nil : first, first + 3, first + 1, first + 2], complementOf: first + 1)
    }
    let bias = step("Concat", [try gates(12), try zeros(4 * hidden)], [.int("axis", 1)])
    var inputs = [sequence, try gates(1), try gates(5), bias, ""]
    inputs += [try beginning(input: 18, sequence), try beginning(input: 19, sequence)]
    if input(10) != nil { inputs.append(try stacked([isCoupled ? nil : 9, 11, 10], complementOf: 10)) }
    let place = try output().name
    let names = ["/sequence", "/state", "/cell"].map { writer.name(place + $0) }
    let attributes: [Attribute] = [
      .int("hidden_size", hidden),
      Attribute("activations", .strings(["Sigmoid", activation, activation].map { Array($0.utf8) })),
    ]
    writer.nodes("LSTM", inputs, attributes, name: place + "/LSTM", outputs: names)
    try setState(input: 18, step("Squeeze", [names[1], list([0])]))
    try setState(input: 19, step("Squeeze", [names[2], list([0])]))
    try finish(sequence: names[0], order)
  }

  private mutating func recurrence(order: SequenceOrder, activation: Int) throws {
    guard let activation = Self.activations[activation] else {
      throw ZooError(.unsupported, "the fused activation \(activation) of a recurrence")
    }
    let hidden = try needInput(2).shape.last ?? 0
    let sequence = try sequence(order)
    let bias = step("Concat", [try stacked([3]), try zeros(hidden)], [.int("axis", 1)])
    let inputs = [sequence, try stacked([1]), try stacked([2]), bias, "", try beginning(input: 4, sequence)]
    let place = try output().name
    let names = ["/sequence", "/state"].map { writer.name(place + $0) }
    var attributes: [Attribute] = [
      .int("hidden_size", hidden), Attribute("activations", .strings([Array(activation.utf8)])),
    ]
    if activation == "Affine" { attributes.append(Attribute("activation_alpha", .floats([1]))) }
    writer.nodes("RNN", inputs, attributes, name: place + "/RNN", outputs: names)
    try setState(input: 4, step("Squeeze", [names[1], list([0])]))
    try finish(sequence: names[0], order)
  }

  /// Each filter's products with the newest inputs, weighted by how long ago they were (Nakkiran et al. 2015).
  private mutating func filter() throws {
    let (weight, time, rank) = (try needInput(1).shape, try needInput(2).shape, try option(0))
    guard weight.count == 2, time.count == 2, time[0] == weight[0], rank > 0, time[0] % rank == 0, time[1] > 0 else {
      throw ZooError(.badData, "weights of the shapes \(weight) and \(time) do not fit a rank of \(rank)")
    }
    let newest = step("MatMul", [try plain(input: 0), try weights(1, [1, 0])])
    let memory = step("Reshape", [try state(input: 4), try list([-1] + time)])
    let kept = step("Slice", [memory, try list([1]), try list([Int(Int32.max)]), try list([2])])
    let ends = [step("Shape", [newest], [.int("end", 1)]), step("Shape", [kept], [.int("start", 1)])]
    let shape = step("Concat", ends, [.int("axis", 0)])
    let moved = step(
      "Concat", [step("Expand", [kept, shape]), step("Unsqueeze", [newest, try list([2])])], [.int("axis", 2)])
    try setState(input: 4, step("Reshape", [moved, list([-1, time[0] * time[1]])]))
    let filtered = step(
      "ReduceSum", [step("Mul", [moved, try plain(input: 2)]), try list([2])], [.int("keepdims", 0)])
    var result = step("Reshape", [filtered, try list([-1, time[0] / rank, rank])])
    result = step("ReduceSum", [result, try list([2])], [.int("keepdims", 0)])
    if input(3) != nil { result = step("Add", [result, try plain(input: 3)]) }
    try finish(activate(result, choice(1)))
  }
}
