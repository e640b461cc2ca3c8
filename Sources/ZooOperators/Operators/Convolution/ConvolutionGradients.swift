import ZooCore

/// The windows of a convolution on a fixed shape, with its padding in numbers.
private struct FixedWindows {
  var kernel: [Int] = []
  var strides: [Int] = []
  var dilations: [Int] = []
  var before: [Int] = []
  var after: [Int] = []
  /// How many positions there are on each axis.
  var positions: [Int] = []

  /// - Parameters:
  ///   - weights: The kernel's extents where they are those of weights.
  ///   - extents: Those of what windows move over.
  init(_ node: Inference, kernel weights: [Dim]?, extents: [Int], positions: [Int]) throws {
    let windows = try node.windows(axes: extents.count, kernel: weights)
    let isLower = try node.text("auto_pad") == "SAME_LOWER"
    for (index, window) in windows.enumerated() {
      guard let span = window.span.number, let extent = window.kernel.number else { throw NotKnown() }
      switch window.padding {
      case .explicit(let first, let last):
        before.append(first)
        after.append(last)
      case .same:
        let all = max((positions[index] - 1) * window.stride + span - extents[index], 0)
        before.append(isLower ? all - all / 2 : all / 2)
        after.append(all - before[index])
      }
      kernel.append(extent)
      strides.append(window.stride)
      dilations.append(window.dilation)
    }
    self.positions = positions
  }

  func span(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// Elements behind the padding that the last window covers, so that exactly so many positions are there.
  func covered(beyond extents: [Int]) -> [Int] {
    extents.indices.map { (positions[$0] - 1) * strides[$0] + span($0) - before[$0] - extents[$0] }
  }
}

extension FunctionBody {
  /// Those of Conv: of the input, a transposed convolution of the gradient; of the weights, a convolution of the input by it.
  mutating func gradientsOfConvolution() throws -> [Value?] {
    try node.checkSizesForFunction()
    let (x, w, y) = (try node.fixedShape(0), try node.shape(1), try fixedOutputShape())
    let windows = try FixedWindows(
      node, kernel: Array(w[2...]), extents: Array(x[2...]), positions: Array(y[2...]))
    let groups = try node.groups()
    let rest = windows.covered(beyond: Array(x[2...])).enumerated().map { windows.after[$0] - $1 }
    let input = self(
      "ConvTranspose", gradient, try input(1),
      attributes: [
        "group": .int(Int64(groups)), "strides": .ints(windows.strides), "dilations": .ints(windows.dilations),
        "pads": .ints(windows.before + windows.after), "output_padding": .ints(rest),
      ])
    let weights = try gradientOfWeights(self.x, x, gradient, y, windows, groups)
    return [input, weights, node.has(2) ? try gradientOfBias(rank: y.count) : nil]
  }

  /// Those of ConvTranspose, which is the derivative of a convolution: of the input, that convolution of the gradient.
  mutating func gradientsOfTransposedConvolution() throws -> [Value?] {
    try node.checkSizesForFunction()
    let (x, w, y) = (try node.fixedShape(0), try node.shape(1), try fixedOutputShape())
    guard ["NOTSET", "", "VALID"].contains(try node.text("auto_pad") ?? ""), try node.ints("output_shape") == nil else {
      throw node.noDerivative("with an output shape in place of pads")
    }
    let windows = try FixedWindows(
      node, kernel: Array(w[2...]), extents: Array(y[2...]), positions: Array(x[2...]))
    let groups = try node.groups()
    let after = windows.covered(beyond: Array(y[2...]))
    let input = self(
      "Conv", try cropped(gradient, after), try input(1),
      attributes: [
        "group": .int(Int64(groups)), "strides": .ints(windows.strides), "dilations": .ints(windows.dilations),
        "pads": .ints(windows.before + after.map { max($0, 0) }),
      ])
    let weights = try gradientOfWeights(gradient, y, self.x, x, windows, groups)
    return [input, weights, node.has(2) ? try gradientOfBias(rank: y.count) : nil]
  }

  /// Batches become channels and channels batches, of both: what is left is a convolution whose steps are the kernel's
  /// dilations, and the other way round.
  private mutating func gradientOfWeights(
    _ input: Value, _ x: [Int], _ output: Value, _ y: [Int], _ windows: FixedWindows, _ groups: Int
  ) throws -> Value {
    let (batch, channels, spatial) = (x[0], x[1] / groups, Array(x[2...]))
    let axes = Array(spatial.indices)
    let grouped = try reshape(input, [batch, groups, channels] + spatial)
    let turned = transpose(grouped, [2, 1, 0] + axes.map { $0 + 3 })
    let images = try reshape(turned, [channels, groups * batch] + spatial)
    let kernels = transpose(output, [1, 0] + axes.map { $0 + 2 })
    let product = self(
      "Conv", images, kernels,
      attributes: [
        "group": .int(Int64(groups)), "strides": .ints(windows.dilations), "dilations": .ints(windows.strides),
        "pads": .ints(windows.before + windows.covered(beyond: spatial).map { max($0, 0) }),
      ])
    // Where windows leave the end of an axis out, there are positions that are none of the kernel's.
    let kernel = self(
      "Slice", product, try integers(axes.map { _ in 0 }), try integers(windows.kernel),
      try integers(axes.map { $0 + 2 }))
    return transpose(kernel, [1, 0] + axes.map { $0 + 2 })
  }

  private mutating func gradientOfBias(rank: Int) throws -> Value {
    try sum(gradient, axes: [0] + Array(2..<rank), keepsDimensions: false)
  }

  /// That of MaxPool goes where the greatest elements are.
  mutating func gradientOfMaxima() throws -> Value {
    let kept: Set<String> = ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides"]
    let places = add("MaxPool", [x], outputs: 2, keeping: kept)[1]
    let zeros = self("Expand", try number(0), try unsqueeze(self("Size", x), [0]))
    let sums = self(
      "ScatterElements", zeros, try reshape(places, [-1]), try reshape(gradient, [-1]),
      attributes: ["reduction": .text("add")])
    return reshape(sums, like: x)
  }

  /// AveragePool as sums under windows, divided by how many elements there are.
  mutating func average() throws -> Value {
    let x = try node.fixedShape(0)
    let (spatial, type) = (Array(x[2...]), try node.elementType(0))
    let windows = try FixedWindows(
      node, kernel: nil, extents: spatial, positions: node.pooledShape()[2...].map { $0.number ?? 0 })
    let kernel = try ones([1, 1] + windows.kernel, type)
    func sums(_ value: Value, _ before: [Int], _ after: [Int], _ f: inout FunctionBody) throws -> Value {
      f(
        "Conv", try f.cropped(value, after), kernel,
        attributes: [
          "strides": .ints(windows.strides), "dilations": .ints(windows.dilations),
          "pads": .ints(before + after.map { max($0, 0) }),
        ])
    }
    let after = windows.covered(beyond: spatial)
    let planes = try reshape(self.x, [x[0] * x[1], 1] + spatial)
    let total = try sums(planes, windows.before, after, &self)
    let counted: Value
    if try node.flag("count_include_pad") {
      let padded = spatial.indices.map { spatial[$0] + windows.before[$0] + windows.after[$0] }
      let beyond = spatial.indices.map { after[$0] - windows.after[$0] }
      counted = try sums(ones([1, 1] + padded, type), spatial.map { _ in 0 }, beyond, &self)
    } else {
      counted = try sums(ones([1, 1] + spatial, type), windows.before, after, &self)
    }
    return try reshape(self("Div", total, counted), x[..<2] + windows.positions)
  }

  /// `value` without what windows leave out at the end of axes.
  private mutating func cropped(_ value: Value, _ after: [Int]) throws -> Value {
    guard after.contains(where: { $0 < 0 }) else { return value }
    let pads = try integers(after.map { _ in 0 } + after.map { min($0, 0) })
    return self("Pad", value, pads, nil, try integers(after.indices.map { $0 + 2 }))
  }

  private mutating func ones(_ shape: [Int], _ type: ElementType) throws -> Value {
    self("Expand", try number(1, type), try integers(shape))
  }

  private func fixedOutputShape() throws -> [Int] {
    try outputShape().map { extent in
      guard let number = extent.number else { throw NotKnown() }
      return number
    }
  }
}

extension Attribute.Value {
  fileprivate static func ints(_ numbers: [Int]) -> Attribute.Value { .ints(numbers.map(Int64.init)) }
}
