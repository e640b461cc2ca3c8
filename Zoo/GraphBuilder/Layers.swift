import ZooCore

/// The layers that networks are made of. Images are (N, C, H, W).
extension GraphBuilder {
  /// Two-dimensional convolution by `weight` (M, C / groups, height, width) and `bias` (M).
  package mutating func conv(
    _ value: Value, _ name: String, weight: StoredTensor, bias: StoredTensor? = nil, stride: Int = 1,
    padding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) -> Value {
    var inputs: [Value?] = [value, constant(weight, "\(name).weight")]
    if let bias { inputs.append(constant(bias, "\(name).bias")) }
    return node(
      "Conv", name, inputs,
      [
        Self.ints("kernel_shape", Array(weight.shape.dropFirst(2))), Self.ints("strides", [stride, stride]),
        Self.ints("pads", [padding, padding, padding, padding]), Self.ints("dilations", [dilation, dilation]),
        Attribute("group", .int(Int64(groups))),
      ])
  }

  /// Batch normalization with fixed statistics (Ioffe and Szegedy 2015); all four tensors are (C).
  package mutating func batchNormalization(
    _ value: Value, _ name: String, scale: StoredTensor, shift: StoredTensor, mean: StoredTensor,
    variance: StoredTensor, epsilon: Float = 1e-5
  ) -> Value {
    let inputs = [
      value, constant(scale, "\(name).weight"), constant(shift, "\(name).bias"),
      constant(mean, "\(name).running_mean"), constant(variance, "\(name).running_var"),
    ]
    return node("BatchNormalization", name, inputs, [Attribute("epsilon", .float(epsilon))])
  }

  /// max(value, 0).
  package mutating func relu(_ value: Value, _ name: String) -> Value { node("Relu", name, [value]) }

  /// The sum, element by element.
  package mutating func add(_ left: Value, _ right: Value, _ name: String) -> Value {
    node("Add", name, [left, right])
  }

  /// Local response normalization across channels (Krizhevsky et al. 2012, section 3.3):
  /// x / (bias + alpha / size · Σ x²)^beta over `size` channels around each. The paper's α is `alpha` / `size`.
  package mutating func localResponseNormalization(
    _ value: Value, _ name: String, size: Int, alpha: Float, beta: Float, bias: Float
  ) -> Value {
    node(
      "LRN", name, [value],
      [
        Attribute("size", .int(Int64(size))), Attribute("alpha", .float(alpha)), Attribute("beta", .float(beta)),
        Attribute("bias", .float(bias)),
      ])
  }

  /// The largest of each window of `kernel` by `kernel`.
  package mutating func maxPool(_ value: Value, _ name: String, kernel: Int, stride: Int, padding: Int = 0) -> Value {
    node(
      "MaxPool", name, [value],
      [
        Self.ints("kernel_shape", [kernel, kernel]), Self.ints("strides", [stride, stride]),
        Self.ints("pads", [padding, padding, padding, padding]),
      ])
  }

  /// The mean of each channel: (N, C, 1, 1).
  package mutating func globalAveragePool(_ value: Value, _ name: String) -> Value {
    node("GlobalAveragePool", name, [value])
  }

  /// (N, C, H, W) as (N, C · H · W).
  package mutating func flatten(_ value: Value, _ name: String) -> Value {
    node("Flatten", name, [value], [Attribute("axis", .int(1))])
  }

  /// value · weightᵀ + bias, with `weight` (outputs, inputs) as PyTorch's `Linear` keeps it.
  package mutating func gemm(_ value: Value, _ name: String, weight: StoredTensor, bias: StoredTensor) -> Value {
    let inputs = [value, constant(weight, "\(name).weight"), constant(bias, "\(name).bias")]
    return node("Gemm", name, inputs, [Attribute("transB", .int(1))])
  }

  /// A fully connected layer with the parameters `name.weight` (outputs, inputs) and `name.bias` (outputs).
  package mutating func linear(
    _ value: Value, _ name: String, inputs: Int, outputs: Int, _ parameters: inout Parameters
  ) throws -> Value {
    try gemm(
      value, name, weight: parameters.take("\(name).weight", [outputs, inputs], .weight),
      bias: parameters.take("\(name).bias", [outputs], .shift))
  }

  /// Every `step`-th element along each of `axes`.
  package mutating func slice(_ value: Value, _ name: String, axes: [Int], step: Int) throws -> Value {
    let inputs = [
      value, try constant(axes.map { _ in 0 }, "\(name).starts"), try constant(axes.map { _ in .max }, "\(name).ends"),
      try constant(axes.map(Int64.init), "\(name).axes"), try constant(axes.map { _ in Int64(step) }, "\(name).steps"),
    ]
    return node("Slice", name, inputs)
  }

  /// Zeros around `value`: `before` and `after` count them by axis.
  package mutating func pad(_ value: Value, _ name: String, before: [Int], after: [Int]) throws -> Value {
    node("Pad", name, [value, try constant((before + after).map(Int64.init), "\(name).pads")])
  }

  private static func ints(_ name: String, _ values: [Int]) -> Attribute {
    Attribute(name, .ints(values.map(Int64.init)))
  }
}
