extension OperatorDeclaration {
  /// ONNX Slice: stretches along axes, with steps of either sign.
  static let slice = OperatorDeclaration(
    "Slice", .keepsZero, shapeInputs: [1, 2, 3, 4],
    elements: { node in
      let shape = try node.fixedShape(0)
      var runs = shape.map { SliceRun(first: 0, count: $0, step: 1) }
      for stretch in try node.stretches(rank: shape.count) {
        guard let run = stretch.run(in: shape[stretch.axis]) else { throw NotKnown() }
        runs[stretch.axis] = run
      }
      return try node.moved(0, to: runs.map(\.count)) { place in zip(place, runs).map { $1.first + $0 * $1.step } }
    }, elementsOfAnyType: true
  ) { node in
    var shape = try node.shape(0)
    guard let stretches = try node.ifKnown({ try node.stretches(rank: shape.count) }) else {
      return [node.unknownShape(shape.count)]
    }
    for stretch in stretches { shape[stretch.axis] = stretch.extent(of: shape[stretch.axis]) }
    return [shape]
  }.derivative { f in [try f.gradientOfMoved()] }
    .pickingChannels { node in
      let shape = try node.fixedShape(0)
      let stretches = try node.stretches(rank: shape.count)
      guard stretches.map(\.axis) == [1], let run = stretches[0].run(in: shape[1]) else { return nil }
      return [(0..<run.count).map { Channel(input: 0, number: run.first + $0 * run.step) }]
    }
    .takingParts { node in
      let shape = try node.fixedShape(0)
      var parts: [Part] = []
      for stretch in try node.stretches(rank: shape.count) {
        guard let run = stretch.run(in: shape[stretch.axis]), run.step == 1 || run.count == 1 else { return nil }
        if run.count != shape[stretch.axis] { parts.append(Part(stretch.axis, run.first..<run.first + run.count)) }
      }
      return parts.count == 1 ? parts : nil
    }
}

/// The places that a slice takes along one axis.
private struct SliceRun {
  var first: Int
  var count: Int
  var step: Int
}

/// What a slice says of one axis.
private struct SliceStretch {
  var axis: Int
  var start: Dim
  var end: Dim
  /// Not 0.
  var step: Dim

  /// Numbers from here on are written for the end of an extent, whatever it is.
  private static let far = Int(Int32.max)

  /// In numbers; `nil` where symbols take part.
  func run(in extent: Int) -> SliceRun? {
    guard let start = start.number, let end = end.number, let step = step.number else { return nil }
    // Backwards, the place before the first element is a valid end.
    let (low, high) = step > 0 ? (0, extent) : (-1, extent - 1)
    func place(_ value: Int) -> Int { min(max(value < 0 ? value + extent : value, low), high) }
    let (first, last) = (place(start), place(end))
    let distance = step > 0 ? last - first : first - last
    return SliceRun(first: first, count: distance <= 0 ? 0 : (distance - 1) / abs(step) + 1, step: step)
  }

  /// How much of `extent` it takes.
  func extent(of extent: Dim) -> Dim {
    if let number = extent.number, let run = run(in: number) { return Dim(run.count) }
    guard let step = step.number else { return .unknown() }
    guard step > 0 else {
      // All of it in reverse.
      guard start == -1 || (start.number ?? 0) >= Self.far, (end.number ?? 0) <= -Self.far else { return .unknown() }
      return extent.ceilingDivided(by: Dim(-step))
    }
    return forwardDistance(of: extent)?.ceilingDivided(by: Dim(step)) ?? .unknown()
  }

  private func forwardDistance(of extent: Dim) -> Dim? {
    guard let first = place(start, in: extent), let last = place(end, in: extent) else { return nil }
    if first == 0 { return last }
    guard last == extent, let number = start.number else { return Dim.maximum(last - first, 0) }
    return number > 0 ? Dim.maximum(extent - start, 0) : Dim.minimum(-start, extent)
  }

  /// `value` as a place from 0 to `extent`; `nil` where its sign is not known.
  private func place(_ value: Dim, in extent: Dim) -> Dim? {
    if value == extent { return extent }
    guard let number = value.number else { return value.isNonNegative ? Dim.minimum(value, extent) : nil }
    if number >= Self.far { return extent }
    if number == 0 || number <= -Self.far { return 0 }
    return number >= 0 ? Dim.minimum(value, extent) : Dim.maximum(extent + value, 0)
  }
}

extension Inference {
  /// - Throws: `NotKnown` where the axes are not known.
  fileprivate func stretches(rank: Int) throws -> [SliceStretch] {
    let (starts, ends) = (try bounds("starts", 1), try bounds("ends", 2))
    let named = try opset < 10 ? ints("axes") : has(3) ? integers(3) : nil
    let axes = try normalized(axes: named ?? Array(starts.indices), rank: rank)
    let steps = try opset >= 10 && has(4) ? elements(4) : starts.map { _ in 1 }
    try require(
      ends.count == starts.count && axes.count == starts.count && steps.count == starts.count,
      "starts, ends, axes and steps differ in length")
    try require(!steps.contains(0), "a step must not be 0")
    return axes.indices.map { SliceStretch(axis: axes[$0], start: starts[$0], end: ends[$0], step: steps[$0]) }
  }

  private func bounds(_ attribute: String, _ input: Int) throws -> [Dim] {
    guard opset < 10 else { return try elements(input) }
    guard let numbers = try ints(attribute) else { throw invalid("attribute \(attribute) is missing") }
    return numbers.map { Dim($0) }
  }
}
