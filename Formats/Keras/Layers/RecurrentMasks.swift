import ZooCore

/// The steps of a sequence that count, brought to its front.
struct CountingSteps {
  /// The input with these steps first, in their order.
  var input: KerasValue
  /// How many there are in each row.
  var lengths: String
  /// For each step, how many count up to it, itself included; and whether it counts, as a number.
  var upTo: String
  var counts: String
}

extension KerasBuilder {
  /// A recurrent layer passes over steps that don't count. ONNX's operators know lengths alone, so those that count come
  /// first, as sorting by their places does it.
  mutating func countingSteps(_ call: KerasLayerCall, _ input: KerasValue, _ mask: String) throws -> CountingSteps {
    let plane = Array(input.shape.prefix(2))
    func place(_ what: String) -> String { "\(call.name)/mask/\(what)" }
    func int(_ what: String, _ value: Int64) throws -> String {
      try constant(place(what), StoredTensor(Tensor([value], shape: [])))
    }
    let counts = node("Cast", place("counts"), [mask], [Attribute("to", .int(7))], shape: plane)
    let upTo = node("CumSum", place("up_to"), [counts.name, try int("axis", 1)], shape: plane)
    let lengths = node(
      "ReduceSum", place("length"), [counts.name, try constant(place("axes"), [1])], [Attribute("keepdims", .int(0))],
      shape: [plane[0]])
    let short = node("Cast", place("lengths"), [lengths.name], [Attribute("to", .int(6))], shape: [plane[0]])
    // Places, those that don't count behind all others.
    let extents = node("Shape", place("shape"), [input.name], shape: [3])
    let steps = node("Gather", place("steps"), [extents.name, try int("second", 1)], shape: [])
    let range = node("Range", place("places"), [try int("zero", 0), steps.name, try int("one", 1)], shape: [nil])
    let behind = node("Sub", place("behind"), [try int("one", 1), counts.name], shape: plane)
    let far = node("Mul", place("far"), [behind.name, steps.name], shape: plane)
    let keys = node("Add", place("keys"), [range.name, far.name], shape: plane)
    let all = node("Reshape", place("all"), [steps.name, try constant(place("one_number"), [1])], shape: [1])
    let order = node(
      "TopK", place("order"), [keys.name, all.name], [Attribute("axis", .int(1)), Attribute("largest", .int(0))],
      output: 1, isOptional: false, shape: plane)
    let column = node(
      "Unsqueeze", place("column"), [order.name, try constant(place("last"), [2])], shape: plane + [1])
    let wide = node("Expand", place("wide"), [column.name, extents.name], shape: input.shape)
    let sorted = node(
      "GatherElements", place("sorted"), [input.name, wide.name], [Attribute("axis", .int(1))], shape: input.shape)
    return CountingSteps(input: sorted, lengths: short.name, upTo: upTo.name, counts: counts.name)
  }

  /// Outputs of the steps that count, (steps, directions, batch, units), at the places of all: one that does not count
  /// repeats what came before it in the layer's direction, at first zeros; or is zeros.
  mutating func spread(
    _ call: KerasLayerCall, _ all: KerasValue, _ steps: CountingSteps, isReverse: [Bool], zeros: Bool
  ) throws -> KerasValue {
    let directions = try isReverse.enumerated().map { number, isReverse in
      try spread(call, all, steps, number, isReverse, zeros)
    }
    guard directions.count > 1 else { return directions[0] }
    return node("Concat", "\(call.name)/mask/all", directions.map(\.name), [Attribute("axis", .int(1))], like: all)
  }

  private mutating func spread(
    _ call: KerasLayerCall, _ all: KerasValue, _ steps: CountingSteps, _ number: Int, _ isReverse: Bool, _ zeros: Bool
  ) throws -> KerasValue {
    func place(_ what: String) -> String { "\(call.name)/mask/\(what)_\(number)" }
    let shape = [all.shape[0], 1, all.shape[2], all.shape[3]]
    let own = node(
      "Slice", place("own"),
      [
        all.name, try constant(place("starts"), [number]), try constant(place("ends"), [number + 1]),
        try constant(place("direction"), [1]),
      ], shape: shape)
    // Forward, the last that counts up to here; backward, the first that counts from here on.
    let one = try constant(place("one"), StoredTensor(Tensor([Int64(1)], shape: [])))
    let zero = try constant(place("zero"), StoredTensor(Tensor([Int64(0)], shape: [])))
    let index = node("Sub", place("index"), [steps.upTo, isReverse ? steps.counts : one], shape: [])
    // Where no step is that counts there is none behind the outputs' end either: those are zeros.
    let isThere =
      zeros
      ? node("Cast", place("there"), [steps.counts], [Attribute("to", .int(9))], shape: [])
      : isReverse
        ? node("Less", place("there"), [index.name, try columnOfLengths(call, steps, number)], shape: [])
        : node("GreaterOrEqual", place("there"), [index.name, zero], shape: [])
    let valid = node("Where", place("valid"), [isThere.name, index.name, zero], shape: [])
    // (batch, steps) as (steps, 1, batch, 1).
    func spreadAxes(_ name: String, _ what: String) throws -> String {
      let turned = node("Transpose", place("\(what)_turned"), [name], [Attribute("perm", .ints([1, 0]))], shape: [])
      return node(
        "Unsqueeze", place(what), [turned.name, try constant(place("\(what)_axes"), [1, 3])], shape: []
      ).name
    }
    let extents = node("Shape", place("extents"), [own.name], shape: [4])
    let wide = node("Expand", place("wide"), [try spreadAxes(valid.name, "rows"), extents.name], shape: shape)
    let taken = node(
      "GatherElements", place("taken"), [own.name, wide.name], [Attribute("axis", .int(0))], shape: shape)
    let none = try constant(place("none"), [0], shape: [])
    return node(
      "Where", place("spread"), [try spreadAxes(isThere.name, "shown"), taken.name, none], shape: shape)
  }

  private mutating func columnOfLengths(_ call: KerasLayerCall, _ steps: CountingSteps, _ number: Int) throws -> String
  {
    let place = "\(call.name)/mask/long_\(number)"
    let long = node("Cast", place, [steps.lengths], [Attribute("to", .int(7))], shape: [nil])
    return node("Unsqueeze", "\(place)_column", [long.name, try constant("\(place)_axes", [1])], shape: []).name
  }
}
