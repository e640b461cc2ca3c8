import ZooCore

/// The extents of a node's outputs, as far as they are plain to see; a missing rank only makes fewer nodes convertible.
func inferredShapes(_ node: Node, _ bench: Workbench) throws -> [[Int?]?] {
  let shape = bench.shape(node.input(0))
  let rank = shape?.count
  func axis(_ name: String, default usual: Int, rank: Int) -> Int? {
    let axis = node.int(name) ?? usual
    let place = axis < 0 ? axis + rank : axis
    return (0..<rank).contains(place) ? place : nil
  }
  /// Axes that an attribute or an input gives; `nil` where they are not constant.
  func axes(input: Int) throws -> [Int]?? {
    if let attribute = node.ints("axes") { return attribute }
    if node.input(input).isEmpty { return .some(nil) }
    return try bench.integers(node.input(input)).map { .some($0) }
  }
  /// A shape of as many extents as that constant, or at least that vector, has.
  func counted(_ name: String) throws -> [Int?]? {
    if let extents = try bench.integers(name) { return extents.map { $0 > 0 ? KnownValue.extent($0) : nil } }
    guard let vector = bench.shape(name), vector.count == 1, let count = vector[0], count <= greatestRank else {
      return nil
    }
    return Array(repeating: nil, count: count)
  }

  switch node.operatorType {
  case "Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less", "GreaterOrEqual",
    "LessOrEqual", "Max", "Min", "Sum", "Mean", "Mod", "Where", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor":
    return [broadcast(node.inputs.map { bench.shape($0) })]
  case "Shape":
    guard let rank else { return [[nil]] }
    let range = shapeRange(node, rank: rank)
    return [[range.count]]
  case "Size": return [[]]
  case "Constant":
    if let value = node.constantTensor { return [value.shape] }
    if let values = node.ints("value_ints") { return [[values.count]] }
    if case .floats(let values)? = node[attribute: "value_floats"] { return [[values.count]] }
    if case .strings(let values)? = node[attribute: "value_strings"] { return [[values.count]] }
    return [[]]
  case "ConstantOfShape": return [try counted(node.input(0))]
  case "RandomNormal", "RandomUniform": return [node.ints("shape").map { $0.map(Optional.some) }]
  case "Reshape":
    if let extents = try node.ints("shape") ?? bench.integers(node.input(1)) {
      return [
        extents.enumerated().map { index, extent in
          if extent > 0 { return KnownValue.extent(extent) }
          if extent == 0, node.int("allowzero") ?? 0 == 0, let shape, index < shape.count { return shape[index] }
          return nil
        }
      ]
    }
    return [try counted(node.input(1)).map { $0.map { _ in nil } }]
  case "Expand":
    let wanted = try counted(node.input(1))
    return [broadcast([shape, wanted])]
  case "Tile":
    return [shape.map { $0.map { _ in nil } }]
  case "Transpose":
    guard let shape else { return [node.ints("perm").map { $0.map { _ in nil } }] }
    guard let order = node.ints("perm") else { return [shape.reversed()] }
    guard order.allSatisfy(shape.indices.contains) else { return [nil] }
    return [order.map { shape[$0] }]
  case "Flatten":
    let axis = node.int("axis") ?? 1
    guard let shape, (-shape.count...shape.count).contains(axis) else { return [[nil, nil]] }
    let place = axis < 0 ? axis + shape.count : axis
    return [[product(shape[..<place]), product(shape[place...])]]
  case "Squeeze":
    guard let shape, let list = try axes(input: 1) else { return [nil] }
    guard let list else {
      let known = shape.compactMap(\.self)
      return [known.count == shape.count ? known.filter { $0 != 1 } : nil]
    }
    let places = Set(list.map { $0 < 0 ? $0 + shape.count : $0 })
    return [shape.enumerated().filter { !places.contains($0.offset) }.map(\.element)]
  case "Unsqueeze":
    guard let shape else { return [nil] }
    guard let list = try axes(input: 1) ?? nil else {
      let count = bench.shape(node.input(1)).flatMap { $0.count == 1 ? $0[0] : nil }
      return [count.flatMap { $0 <= greatestRank ? Array(repeating: nil, count: shape.count + $0) : nil }]
    }
    let total = shape.count + list.count
    let places = Set(list.map { $0 < 0 ? $0 + total : $0 })
    guard places.count == list.count, places.allSatisfy((0..<total).contains) else { return [nil] }
    var rest = shape[...]
    return [(0..<total).map { places.contains($0) ? 1 : rest.removeFirst() }]
  case "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSum", "ReduceSumSquare":
    guard let shape else { return [nil] }
    let keeps = node.int("keepdims") ?? 1 != 0
    guard let list = try axes(input: 1) else { return [keeps ? shape.map { _ in nil } : nil] }
    if list ?? [] == [], node.int("noop_with_empty_axes") ?? 0 != 0 { return [shape] }
    let chosen = list.flatMap { $0.isEmpty ? nil : $0 } ?? Array(shape.indices)
    return [reduced(shape, Set(chosen.map { $0 < 0 ? $0 + shape.count : $0 }), keeps)]
  case "ArgMax", "ArgMin":
    guard let shape, let axis = axis("axis", default: 0, rank: shape.count) else { return [nil] }
    return [reduced(shape, [axis], node.int("keepdims") ?? 1 != 0)]
  case "Concat":
    let shapes = node.inputs.compactMap { bench.shape($0) }
    guard let some = shapes.first, let axis = axis("axis", default: 1, rank: some.count) else { return [nil] }
    guard shapes.allSatisfy({ $0.count == some.count }) else { return [nil] }
    var result = some
    for index in some.indices where index != axis { result[index] = shapes.lazy.compactMap { $0[index] }.first }
    let parts = shapes.compactMap { $0[axis] }
    result[axis] = parts.count == node.inputs.count ? KnownValue.extent(parts.reduce(0, &+)) : nil
    return [result]
  case "Split":
    guard var shape, let axis = axis("axis", default: 0, rank: shape.count) else { return [] }
    let sizes = try node.ints("split") ?? bench.integers(node.input(1))
    return node.outputs.indices.map { index in
      let count = node.outputs.count
      let whole = bench.shape(node.input(0))?[axis]
      shape[axis] =
        if let sizes { index < sizes.count ? KnownValue.extent(sizes[index]) : nil } else {
          whole.map {
            let piece = ($0 + count - 1) / count
            return max(0, min(piece, $0 - piece * index))
          }
        }
      return shape
    }
  case "Slice", "Pad", "Resize", "Upsample", "ScatterElements", "ScatterND", "Scatter", "CenterCropPad", "Col2Im":
    if node.operatorType.hasPrefix("Scatter") { return [shape] }
    if node.operatorType == "Col2Im" { return [nil] }
    return [shape.map { $0.map { _ in nil } }]
  case "Gather":
    guard let shape, let indices = bench.shape(node.input(1)),
      let axis = axis("axis", default: 0, rank: shape.count)
    else { return [nil] }
    return [Array(shape[..<axis]) + indices + Array(shape[(axis + 1)...])]
  case "GatherElements": return [bench.shape(node.input(1))]
  case "GatherND":
    guard let rank, let indices = bench.shape(node.input(1)), let last = indices.last ?? nil,
      (0...rank).contains(node.int("batch_dims") ?? 0)
    else { return [nil] }
    let count = indices.count - 1 + rank - last - (node.int("batch_dims") ?? 0)
    return [count >= 0 ? Array(repeating: nil, count: count) : nil]
  case "MatMul", "MatMulInteger", "QLinearMatMul":
    let other = bench.shape(node.input(node.operatorType == "QLinearMatMul" ? 3 : 1))
    return [matrixProduct(shape, other)]
  case "Gemm":
    let a = shape.flatMap { $0.count == 2 ? $0[node.int("transA") ?? 0 != 0 ? 1 : 0] : nil }
    let b = bench.shape(node.input(1)).flatMap { $0.count == 2 ? $0[node.int("transB") ?? 0 != 0 ? 0 : 1] : nil }
    return [[a, b]]
  case "Conv", "ConvInteger", "QLinearConv", "ConvTranspose":
    guard let shape, shape.count >= 2 else { return [nil] }
    let weights = bench.shape(node.input(node.operatorType == "QLinearConv" ? 3 : 1))
    guard node.operatorType != "ConvTranspose", let weights, weights.count == shape.count else {
      return [[shape[0], nil] + shape.dropFirst(2).map { _ in nil }]
    }
    let kernel = weights.dropFirst(2).compactMap(\.self)
    let window = node.setting(.list("kernel_shape", kernel))
    return [[shape[0], weights[0]] + pooledExtents(window, Array(shape[2...]))]
  case "MaxPool", "AveragePool", "LpPool":
    guard let shape, shape.count >= 2 else { return [nil] }
    let result: [Int?] = Array(shape[..<2]) + pooledExtents(node, Array(shape[2...]))
    return node.outputs.map { _ in result }
  case "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool":
    guard let shape, shape.count >= 2 else { return [nil] }
    return [Array(shape[..<2]) + shape.dropFirst(2).map { _ in 1 }]
  case "MaxUnpool", "DepthToSpace", "SpaceToDepth", "GridSample", "RoiAlign", "MaxRoiPool", "DeformConv":
    return [shape.map { $0.map { _ in nil } }]
  case "Dropout", "CastLike", "BatchNormalization":
    return [shape, node.operatorType == "Dropout" ? shape : nil]
  case "LayerNormalization":
    guard let shape, let axis = axis("axis", default: -1, rank: shape.count) else { return [shape] }
    let statistics: [Int?] = Array(shape[..<axis]) + shape[axis...].map { _ in 1 }
    return [shape, statistics, statistics]
  case "LSTM", "GRU", "RNN":
    return [Array(repeating: nil, count: 4), [nil, nil, nil], [nil, nil, nil]]
  case "OneHot":
    return [rank.map { Array(repeating: nil, count: $0 + 1) }]
  case "TopK":
    guard var shape, let axis = axis("axis", default: -1, rank: shape.count) else { return [] }
    shape[axis] = nil
    return [shape, shape]
  case "NonZero": return [[rank, nil]]
  case "NonMaxSuppression": return [[nil, 3]]
  case "Range", "Compress", "Unique":
    guard node.operatorType != "Range", node[attribute: "axis"] != nil else { return [[nil]] }
    return [shape.map { $0.map { _ in nil } }]
  case "Attention":
    guard let shape else { return [nil] }
    return [shape.dropLast() + [nil], [nil, nil, nil, nil], [nil, nil, nil, nil], [nil, nil, nil, nil]]
  case "BlackmanWindow", "HammingWindow", "HannWindow": return [[nil]]
  case "Einsum":
    return [einsumRank(node).map { Array(repeating: nil, count: $0) }]
  case "DynamicQuantizeLinear": return [shape, [], []]
  case "Loop", "Scan", "If", "SequenceAt", "ConcatFromSequence", "SequenceLength", "SequenceMap", "OptionalGetElement",
    "Det", "DFT", "STFT", "MelWeightMatrix", "StringSplit", "TfIdfVectorizer", "StringNormalizer", "ImageDecoder",
    "AffineGrid", "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss", "SequenceEmpty", "SequenceInsert",
    "SequenceErase", "SequenceConstruct", "SplitToSequence", "Optional", "OptionalHasElement", "Multinomial",
    "CausalConvWithState", "LinearAttention", "BitCast":
    return []
  default:
    // Everything else works element by element.
    return [shape]
  }
}

/// No tensor that anything can compute with has more dimensions.
private let greatestRank = 64

/// The dimensions that Shape gives.
func shapeRange(_ node: Node, rank: Int) -> Range<Int> {
  func place(_ value: Int) -> Int { min(max(value < 0 ? value + rank : value, 0), rank) }
  let start = place(node.int("start") ?? 0)
  return start..<max(start, place(node.int("end") ?? rank))
}

private func broadcast(_ shapes: [[Int?]?]) -> [Int?]? {
  let known = shapes.compactMap(\.self)
  guard known.count == shapes.count else { return nil }
  let rank = known.map(\.count).max() ?? 0
  return (0..<rank).map { index in
    var extent: Int? = 1
    for shape in known {
      let place = index - (rank - shape.count)
      guard place >= 0 else { continue }
      // An extent which isn't 1 decides, known or not.
      if let own = shape[place] { if own != 1 { extent = own } } else if extent == 1 { extent = nil }
    }
    return extent
  }
}

private func product(_ extents: ArraySlice<Int?>) -> Int? {
  var result = 1
  for extent in extents {
    guard let extent else { return nil }
    let (next, overflows) = result.multipliedReportingOverflow(by: extent)
    guard !overflows else { return nil }
    result = next
  }
  return KnownValue.extent(result)
}

private func reduced(_ shape: [Int?], _ places: Set<Int>, _ keeps: Bool) -> [Int?] {
  shape.enumerated().compactMap { index, extent -> Int?? in
    guard places.contains(index) else { return .some(extent) }
    return keeps ? .some(1) : nil
  }
}

private func matrixProduct(_ a: [Int?]?, _ b: [Int?]?) -> [Int?]? {
  guard let a, let b, !a.isEmpty, !b.isEmpty else { return nil }
  let batch = broadcast([Array(a.dropLast(2)), Array(b.dropLast(2))]) ?? []
  return batch + (a.count > 1 ? [a[a.count - 2]] : []) + (b.count > 1 ? [b[b.count - 1]] : [])
}

/// The extents behind a pooling (ONNX's MaxPool).
func pooledExtents(_ node: Node, _ extents: [Int?]) -> [Int?] {
  guard let kernel = node.ints("kernel_shape"), kernel.count == extents.count else { return extents.map { _ in nil } }
  let strides = node.ints("strides") ?? kernel.map { _ in 1 }
  let dilations = node.ints("dilations") ?? kernel.map { _ in 1 }
  let pads = node.ints("pads") ?? (kernel + kernel).map { _ in 0 }
  guard node.text("auto_pad") ?? "NOTSET" == "NOTSET", strides.count == kernel.count, dilations.count == kernel.count,
    pads.count == 2 * kernel.count, strides.allSatisfy({ $0 > 0 && $0 < 1 << 31 }),
    (kernel + dilations + pads).allSatisfy({ (-1 << 31...1 << 31).contains($0) })
  else { return extents.map { _ in nil } }
  return extents.enumerated().map { index, extent in
    guard let extent, extent < 1 << 40 else { return nil }
    let free = extent + pads[index] + pads[index + kernel.count] - dilations[index] * (kernel[index] - 1) - 1
    guard free >= 0 else { return nil }
    // With ceil_mode, the last window may be dropped again; only even divisions are plain.
    guard node.int("ceil_mode") ?? 0 == 0 || free % strides[index] == 0 else { return nil }
    return free / strides[index] + 1
  }
}

private func einsumRank(_ node: Node) -> Int? {
  guard let equation = node.text("equation"), !equation.contains("."), let arrow = equation.range(of: "->") else {
    return nil
  }
  return equation[arrow.upperBound...].filter(\.isLetter).count
}

extension String {
  /// Foundation's `range(of:)` for a short text, without Foundation.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
      index = self.index(after: index)
    }
    return nil
  }
}
