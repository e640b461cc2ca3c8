import GraphWriter
import ZooCore

/// Operators that have StableHLO's meaning ("StableHLO specification").
extension LiteConverter {
  static let stableHLO: [String: Rule] = [
    "STABLEHLO_ADD": { try $0.binary("Add") },
    "STABLEHLO_SUBTRACT": { try $0.binary("Sub") },
    "STABLEHLO_MULTIPLY": { try $0.binary("Mul") },
    "STABLEHLO_DIVIDE": { try $0.binary("Div") },
    "STABLEHLO_MAXIMUM": { try $0.binary("Max") },
    "STABLEHLO_MINIMUM": { try $0.binary("Min") },
    "STABLEHLO_POWER": { try $0.binary("Pow") },
    "STABLEHLO_AND": { try $0.binary($0.needInput(0).type == .bool ? "And" : "BitwiseAnd") },
    "STABLEHLO_OR": { try $0.binary($0.needInput(0).type == .bool ? "Or" : "BitwiseOr") },
    "STABLEHLO_SHIFT_LEFT": { try $0.shift(isLeft: true) },
    "STABLEHLO_REMAINDER": {
      try $0.finish($0.step("Mod", $0.plainInputs(), [.int("fmod", 1)]))
    },
    "STABLEHLO_ABS": { try $0.unary([("Abs", [])]) },
    "STABLEHLO_NEGATE": { try $0.unary([("Neg", [])]) },
    "STABLEHLO_COSINE": { try $0.unary([("Cos", [])]) },
    "STABLEHLO_EXPONENTIAL": { try $0.unary([("Exp", [])]) },
    "STABLEHLO_FLOOR": { try $0.unary([("Floor", [])]) },
    "STABLEHLO_LOG": { try $0.unary([("Log", [])]) },
    "STABLEHLO_LOGISTIC": { try $0.unary([("Sigmoid", [])]) },
    "STABLEHLO_RSQRT": { try $0.unary([("Sqrt", []), ("Reciprocal", [])]) },
    "STABLEHLO_TANH": { try $0.unary([("Tanh", [])]) },
    "STABLEHLO_CBRT": { try $0.cubeRoot() },
    "STABLEHLO_CONVERT": { try $0.unary([("Cast", [.int("to", Int($0.output().type.rawValue))])]) },
    "STABLEHLO_COMPARE": { try $0.compare() },
    "STABLEHLO_SELECT": { try $0.finish($0.step("Where", $0.plainInputs())) },
    "STABLEHLO_CLAMP": {
      let raised = try $0.step("Max", [$0.plain(input: 0), $0.plain(input: 1)])
      try $0.finish($0.step("Min", [raised, $0.plain(input: 2)]))
    },
    "STABLEHLO_RESHAPE": { try $0.finish($0.step("Reshape", [$0.plain(input: 0), $0.list($0.fixedOutput())])) },
    "STABLEHLO_TRANSPOSE": {
      try $0.finish($0.step("Transpose", [$0.plain(input: 0)], [.ints("perm", $0.permutation())]))
    },
    "STABLEHLO_CONCATENATE": {
      try $0.finish($0.step("Concat", $0.plainInputs(), [.int("axis", $0.long(0))]))
    },
    "STABLEHLO_BROADCAST_IN_DIM": { try $0.broadcastInDimensions() },
    "STABLEHLO_SLICE": { try $0.sliceByOptions() },
    "STABLEHLO_DYNAMIC_SLICE": { try $0.sliceFromStarts() },
    "STABLEHLO_DYNAMIC_UPDATE_SLICE": { try $0.updateSlice(starts: $0.starts(from: 2)) },
    "STABLEHLO_PAD": { try $0.padBetween() },
    "STABLEHLO_IOTA": { try $0.count() },
    "STABLEHLO_REDUCE": { try $0.reduceByGraph() },
    "STABLEHLO_DOT_GENERAL": { try $0.generalProduct() },
  ]

  private func longs(_ id: Int) throws -> [Int] {
    try current.options?.numbers(id, Int64.self).map { Int(truncatingIfNeeded: $0) } ?? []
  }

  private func long(_ id: Int) throws -> Int {
    Int(truncatingIfNeeded: try current.options?.number(id, Int64(0)) ?? 0)
  }

  /// The output's shape, which the file knows.
  private func fixedOutput() throws -> [Int] {
    let tensor = try output()
    guard tensor.openAxes.isEmpty else { throw ZooError(.unsupported, "an output of an open shape") }
    return tensor.shape
  }

  private func permutation() throws -> [Int] {
    let (order, rank) = (try longs(0), try needInput(0).shape.count)
    guard order.count == rank, Set(order) == Set(0..<rank) else {
      throw ZooError(.badData, "\(order.prefix(20)) is no order of \(rank) axes")
    }
    return order
  }

  private mutating func cubeRoot() throws {
    let name = try plain(input: 0)
    let root = step("Pow", [step("Abs", [name]), try scalar(1 / 3, output().computedType)])
    try finish(step("Mul", [step("Sign", [name]), root]))
  }

  private mutating func compare() throws {
    let names = [try plain(input: 0), try plain(input: 1)]
    switch try option(0) {
    case 0: try finish(step("Equal", names))
    case 1: try finish(step("Not", [step("Equal", names)]))
    case 2: try finish(step("GreaterOrEqual", names))
    case 3: try finish(step("Greater", names))
    case 4: try finish(step("LessOrEqual", names))
    case 5: try finish(step("Less", names))
    case let other: throw ZooError(.badData, "the comparison \(other) is not known")
    }
  }

  private mutating func broadcastInDimensions() throws {
    let (axes, input, shape) = (try longs(0), try needInput(0), try fixedOutput())
    // Older files have the axes as an input.
    let places = try axes.isEmpty && self.input(1) != nil ? integers(1) : axes
    guard places.count == input.shape.count, Set(places).count == places.count,
      places.allSatisfy(shape.indices.contains), places == places.sorted()
    else { throw ZooError(.unsupported, "axes \(places.prefix(20)) for a shape \(input.shape)") }
    var spread = shape.map { _ in 1 }
    for (axis, extent) in zip(places, input.shape) { spread[axis] = extent }
    let name = step("Reshape", [try plain(input: 0), try list(spread)])
    try finish(step("Expand", [name, list(shape)]), isRounded: keepsQuantization())
  }

  private mutating func sliceByOptions() throws {
    let (starts, ends, strides) = (try longs(0), try longs(1), try longs(2))
    let rank = try needInput(0).shape.count
    guard [starts, ends, strides].allSatisfy({ $0.count == rank }), (starts + ends).allSatisfy({ $0 >= 0 }),
      strides.allSatisfy({ $0 > 0 })
    else { throw ZooError(.badData, "the slice does not fit \(rank) axes") }
    let inputs = [
      try plain(input: 0), try list(starts), try list(ends), try list(Array(0..<rank)), try list(strides),
    ]
    try finish(step("Slice", inputs), isRounded: keepsQuantization())
  }

  /// Where a slice begins, an input for each axis.
  private mutating func starts(from position: Int) throws -> [Extent] {
    try (0..<needInput(0).shape.count).map { try elements(position + $0, count: 1)[0] }
  }

  /// As many elements as the options say, from places on that are held where they all fit.
  private mutating func sliceFromStarts() throws {
    let (input, sizes) = (try needInput(0), try longs(0))
    guard input.openAxes.isEmpty, sizes.count == input.shape.count,
      zip(sizes, input.shape).allSatisfy({ 0...$1 ~= $0 })
    else { throw ZooError(.badData, "a slice of \(sizes.prefix(20)) of a shape \(input.shape)") }
    let room = try list(zip(input.shape, sizes).map { $0 - $1 })
    let begin = step("Max", [step("Min", [try list(starts(from: 1)), room]), try scalar(0, .int64)])
    let end = step("Add", [begin, try list(sizes)])
    let sliced = step("Slice", [try plain(input: 0), begin, end, try list(Array(sizes.indices))])
    // Says how long the slice is, which its places leave open.
    try finish(step("Reshape", [sliced, list(sizes)]), isRounded: keepsQuantization())
  }

  /// Elements between others, and around them or off the edges.
  private mutating func padBetween() throws {
    let (low, high, between) = (try longs(0), try longs(1), try longs(2))
    let rank = try needInput(0).shape.count
    let limit = -(1 << 24)...(1 << 24)
    guard [low, high, between].allSatisfy({ $0.count == rank && $0.allSatisfy(limit.contains) }),
      between.allSatisfy({ $0 >= 0 })
    else { throw ZooError(.badData, "the padding does not fit \(rank) axes") }
    let filling = step("Reshape", [try plain(input: 1), try list([Int]())])
    let spread = try dilated(plain(input: 0), by: between.map { $0 + 1 }, filling: filling)
    try finish(step("Pad", [spread, list(low + high), filling]))
  }

  private mutating func count() throws {
    let (shape, axis) = (try fixedOutput(), try long(0))
    guard shape.indices.contains(axis) else { throw ZooError(.badData, "there is no axis \(axis)") }
    let range = step("Range", [try scalar(0, .int64), try scalar(Double(shape[axis]), .int64), try scalar(1, .int64)])
    let row = step("Reshape", [range, try list([-1] + Array(repeating: 1, count: shape.count - 1 - axis))])
    let numbers = step("Cast", [row], [.int("to", Int(try output().computedType.rawValue))])
    try finish(step("Expand", [numbers, list(shape)]))
  }

  /// A graph of one operator says how.
  private mutating func reduceByGraph() throws {
    let body = try called(option(1))
    let reductions = [
      "ADD": ("ReduceSum", "Add"), "MULTIPLY": ("ReduceProd", "Mul"), "MUL": ("ReduceProd", "Mul"),
      "MAXIMUM": ("ReduceMax", "Max"), "MINIMUM": ("ReduceMin", "Min"), "AND": ("ReduceMin", "And"),
      "OR": ("ReduceMax", "Or"), "LOGICAL_AND": ("ReduceMin", "And"), "LOGICAL_OR": ("ReduceMax", "Or"),
    ]
    let name = body.operators.first.map { OperatorCodes.name($0.code).replacing("STABLEHLO_", with: "") } ?? ""
    guard body.operators.count == 1, current.inputs.count == 2, let (reduction, joined) = reductions[name] else {
      throw ZooError(.unsupported, "a reduction by a graph that is not one operator on one value")
    }
    let axes = try axes(longs(0), rank: needInput(0).shape.count)
    let reduced = try reduce(reduction, plain(input: 0), axes: axes, keepsAxes: false)
    try finish(step(joined, [reduced, plain(input: 1)]))
  }

  /// Sums over some axes of both inputs; the result has the batch's axes, then what is left of the one and of the other.
  private mutating func generalProduct() throws {
    let (left, right) = (try needInput(0).shape.count, try needInput(1).shape.count)
    let lists = try (0..<4).map { try longs($0) }
    guard lists[0].count == lists[1].count, lists[2].count == lists[3].count,
      (lists[0] + lists[2]).allSatisfy((0..<left).contains), (lists[1] + lists[3]).allSatisfy((0..<right).contains),
      left + right <= 26
    else { throw ZooError(.badData, "the axes do not fit factors of \(left) and \(right) axes") }
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz")
    let first = Array(alphabet[..<left])
    var second = Array(alphabet[left..<left + right])
    for (mine, other) in zip(lists[0] + lists[2], lists[1] + lists[3]) { second[other] = first[mine] }
    let summed = Set(lists[2].map { first[$0] }), batch = lists[0].map { first[$0] }
    let rest = (first + second).filter { !summed.contains($0) && !batch.contains($0) }
    let equation = "\(String(first)),\(String(second))->\(String(batch + rest))"
    try finish(step("Einsum", [plain(input: 0), plain(input: 1)], [.text("equation", equation)]))
  }
}
