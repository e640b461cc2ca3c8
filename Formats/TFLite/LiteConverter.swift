import GraphWriter
import ZooCore
import ZooNumbers

/// Makes ONNX's operators of TensorFlow Lite's, one after another; each kind in a file of Operators/.
///
/// TensorFlow Lite has channels last, ONNX's convolutions have them behind the batch. So a value of four axes may be there
/// in either order, or both: operators that don't care take the order that is there, and a Transpose is written when
/// somebody asks for the other one. Between two convolutions there is none.
///
/// Quantized values are held as the real numbers that they stand for, rounded by QuantizeLinear and DequantizeLinear
/// behind each operator. The model's inputs and outputs have the types and orders of the file.
struct LiteConverter {
  /// A tensor's value in the graph, by the name that it has in each order of axes.
  struct Value {
    /// As the file has them; channels last.
    var plain: String?
    /// Channels behind the batch; of four axes only.
    var channelsFirst: String?
  }

  static let channelsFirst = [0, 3, 1, 2]
  private static let channelsLast = [0, 2, 3, 1]

  let source: LiteModel
  /// The model's graph, with the tensors of those that it calls behind its own.
  var lite: LiteModel.Graph
  var writer: GraphWriter
  /// The operator that is being written.
  var current = LiteModel.Operator(code: 0, inputs: [], outputs: [])
  var values: [Value?]
  private var constants: [ConstantKey: String] = [:]
  /// Names of values that are rounded before products.
  var roundedValues: [RoundedValue: String] = [:]
  var states = States()
  var tables = Tables()
  var calls = Calls()
  /// By the tensor that has them.
  var places: [Int: Places] = [:]
  /// The set of operators that the graph needs: the oldest of those that this reader writes for, unless a node asks for more.
  var operatorSet: Int64 = 20

  private struct ConstantKey: Hashable {
    var tensor: Int
    var form: [Int]
  }

  init(_ model: LiteModel) throws {
    source = model
    lite = try model.graph(0)
    writer = GraphWriter(name: lite.name)
    values = Array(repeating: nil, count: lite.tensors.count)
  }

  mutating func model() throws -> ModelDefinition {
    for index in lite.inputs + lite.outputs { writer.reserve(lite.tensors[index].name) }
    let (inputs, outputs) = (Set(lite.inputs), Set(lite.outputs))
    guard inputs.count == lite.inputs.count, outputs.count == lite.outputs.count,
      Set((lite.inputs + lite.outputs).map { lite.tensors[$0].name }).count == inputs.union(outputs).count
    else { throw ZooError(.badData, "two inputs or outputs have one name") }
    for index in lite.inputs + lite.outputs where lite.tensors[index].isHandle {
      throw ZooError(.unsupported, "\"\(lite.tensors[index].name)\" is a variable or a table and no tensor")
    }
    states.findAssigned(in: lite)
    for index in lite.inputs {
      let tensor = lite.tensors[index]
      writer.input(tensor.name, tensor.type, dimensions(tensor))
      values[index] = Value(plain: tensor.isQuantized ? try dequantize(tensor.name, tensor) : tensor.name)
    }
    try write(lite.operators)
    for index in lite.outputs {
      let tensor = lite.tensors[index]
      guard tensor.type != .complex64 else {
        throw ZooError(.unsupported, "the output \"\(tensor.name)\" holds complex numbers")
      }
      let value = try plain(index)
      if tensor.isQuantized {
        try quantize(value, tensor, output: tensor.name)
      } else if !inputs.contains(index) {
        _ = writer.node("Identity", [value], name: tensor.name + "/output", output: tensor.name)
      }
      writer.output(tensor.name, tensor.type, dimensions(tensor))
    }
    writeStates()
    // Only the newer set rounds to 16 bits; the older one is understood by more.
    if lite.tensors.contains(where: { $0.isQuantized && $0.type == .int16 }) { operatorSet = max(operatorSet, 21) }
    return writer.model(writer.graph, operatorSet: operatorSet, producer: "TensorFlow Lite")
  }

  /// Writes a graph's operators, whose tensors are among `lite`'s.
  mutating func write(_ operators: [LiteModel.Operator]) throws {
    for (number, item) in operators.enumerated() {
      current = item
      do { try write() } catch let error as ZooError {
        let name = item.customName.isEmpty ? OperatorCodes.name(item.code) : "\"\(item.customName)\""
        throw error.located("operator \(number), \(name)")
      }
    }
  }

  func dimensions(_ tensor: LiteTensor) -> [ShapeDimension] {
    tensor.shape.enumerated().map { axis, extent in
      guard tensor.openAxes.contains(axis) else { return ShapeDimension(.fixed(Int64(extent))) }
      return axis == 0 ? ShapeDimension(.symbol("N")) : ShapeDimension(.unknown)
    }
  }

  // MARK: Inputs

  /// The tensor of the operator's input `position`; `nil` for one that is absent.
  func input(_ position: Int) -> LiteTensor? {
    guard position < current.inputs.count, current.inputs[position] >= 0 else { return nil }
    return lite.tensors[current.inputs[position]]
  }

  func needInput(_ position: Int) throws -> LiteTensor {
    guard let input = input(position) else { throw ZooError(.badData, "it lacks its input \(position)") }
    return input
  }

  func output(_ position: Int = 0) throws -> LiteTensor {
    guard position < current.outputs.count else { throw ZooError(.badData, "it lacks its output \(position)") }
    return lite.tensors[current.outputs[position]]
  }

  func option(_ id: Int, _ fallback: Int32 = 0) throws -> Int {
    try current.options?.int(id, fallback) ?? Int(fallback)
  }
  func flag(_ id: Int) throws -> Bool { try current.options?.bool(id) ?? false }
  func choice(_ id: Int) throws -> Int { try current.options?.byte(id) ?? 0 }
  func float(_ id: Int, _ fallback: Float = 0) throws -> Float { try current.options?.number(id, fallback) ?? fallback }

  /// Whether the value is there with channels first, and not as the file has it: that order is to be kept.
  func isChannelsFirst(_ position: Int) -> Bool {
    guard position < current.inputs.count, current.inputs[position] >= 0 else { return false }
    return values[current.inputs[position]]?.channelsFirst != nil
  }

  /// Makes the first output the same constant as the first input. Says whether that is one.
  mutating func passConstant() -> Bool {
    guard let source = input(0), let constant = source.constant, let target = current.outputs.first else {
      return false
    }
    lite.tensors[target].constant = constant
    lite.tensors[target].type = source.type
    lite.tensors[target].quantization = source.quantization
    return true
  }

  /// The name of the operator's input in the file's order of axes, as real numbers.
  mutating func plain(input position: Int) throws -> String {
    _ = try needInput(position)
    return try plain(current.inputs[position])
  }

  /// All inputs in the file's order of axes.
  mutating func plainInputs() throws -> [String] { try current.inputs.indices.map { try plain(input: $0) } }

  /// The same as `plain` with channels first.
  mutating func channelsFirst(input position: Int) throws -> String {
    _ = try needInput(position)
    return try channelsFirst(current.inputs[position])
  }

  mutating func plain(_ index: Int) throws -> String {
    let tensor = lite.tensors[index]
    if let constant = tensor.constant { return try real(index, constant, form: []) }
    guard let value = values[index] else { throw ZooError(.badData, "no operator before computes \"\(tensor.name)\"") }
    if let plain = value.plain { return plain }
    let name = writer.node(
      "Transpose", [value.channelsFirst ?? ""], [.ints("perm", Self.channelsLast)], name: "\(tensor.name)/channels_last"
    )
    values[index]?.plain = name
    return name
  }

  private mutating func channelsFirst(_ index: Int) throws -> String {
    let tensor = lite.tensors[index]
    guard tensor.shape.count == 4 else { throw ZooError(.badData, "\"\(tensor.name)\" has not four axes") }
    if let constant = tensor.constant {
      return try real(index, constant.permuted(Self.channelsFirst), form: Self.channelsFirst)
    }
    guard let value = values[index] else { throw ZooError(.badData, "no operator before computes \"\(tensor.name)\"") }
    if let name = value.channelsFirst { return name }
    let name = writer.node(
      "Transpose", [value.plain ?? ""], [.ints("perm", Self.channelsFirst)], name: "\(tensor.name)/channels_first")
    values[index]?.channelsFirst = name
    return name
  }

  /// The name of a constant input under another shape or order of axes.
  ///
  /// - Parameters:
  ///   - permutation: By axis of the result, the axis of `shape`.
  ///   - shape: What the constant's extents are taken to be: the same elements, with axes of 1 more or less.
  mutating func constant(_ position: Int, permutation: [Int]? = nil, shape: [Int]? = nil) throws -> String? {
    guard let tensor = input(position), let constant = tensor.constant else { return nil }
    guard permutation != nil || shape != nil else { return try plain(input: position) }
    let shape = shape ?? tensor.shape
    guard try Tensor.elementCount(of: shape) == Tensor.elementCount(of: tensor.shape),
      permutation == nil || permutation?.count == shape.count
    else { throw ZooError(.badData, "\"\(tensor.name)\" of shape \(tensor.shape) can't be used as \(shape)") }
    let reshaped = try constant.reshaped(shape)
    return try real(
      current.inputs[position], permutation.map { try reshaped.permuted($0) } ?? reshaped,
      form: (permutation ?? Array(shape.indices)) + [-1] + shape)
  }

  /// A constant as real numbers, for which standard operators undo what rounded it.
  private mutating func real(_ index: Int, _ stored: StoredTensor, form: [Int]) throws -> String {
    let key = ConstantKey(tensor: index, form: form)
    if let known = constants[key] { return known }
    let tensor = lite.tensors[index]
    let name: String
    if [.float16, .bfloat16].contains(tensor.type) {
      let rounded = writer.constant(stored, "\(tensor.name)/\(tensor.type.name)")
      name = writer.node("Cast", [rounded], [.int("to", 1)], name: tensor.name)
    } else if tensor.isQuantized, let quantization = tensor.quantization, [.int8, .uint8].contains(tensor.type) {
      let integers = writer.constant(stored, "\(tensor.name)/\(tensor.type.name)")
      name = try dequantize(integers, tensor, axis: axis(of: quantization, tensor, in: stored.shape, form: form))
    } else if tensor.quantization != nil, let numbers = try tensor.dequantizedBias(stored.reshaped(tensor.shape)) {
      guard form.isEmpty || stored.shape == tensor.shape || tensor.shape.count <= 1 else {
        throw ZooError(.unsupported, "the constant \"\(tensor.name)\" is of a quantized type that is not known here")
      }
      name = writer.constant(try numbers.reshaped(stored.shape), tensor.name)
    } else {
      name = writer.constant(stored, tensor.name)
    }
    constants[key] = name
    return name
  }

  /// Where the axis that scales belong to lies in another form of the constant.
  private func axis(
    of quantization: LiteTensor.Quantization, _ tensor: LiteTensor, in shape: [Int], form: [Int]
  ) throws -> Int {
    let count = quantization.scales.count
    guard count > 1, !form.isEmpty else { return quantization.axis }
    // The order of axes, and the shape before it, which may have more axes of 1 at the front.
    let split = form.firstIndex(of: -1) ?? form.count
    let rank = form.count > split ? form.count - split - 1 : form.count
    let axis = quantization.axis + rank - tensor.shape.count
    guard let moved = form[..<split].firstIndex(of: axis), shape.indices.contains(moved), shape[moved] == count else {
      throw ZooError(.unsupported, "the scales of \"\(tensor.name)\" do not fit the use of it")
    }
    return moved
  }

  /// The whole numbers of a constant input, such as axes.
  func integers(_ position: Int) throws -> [Int] {
    let tensor = try needInput(position)
    guard let constant = tensor.constant else {
      throw ZooError(.unsupported, "its input \"\(tensor.name)\" is not constant")
    }
    guard constant.shape.reduce(1, *) <= 1 << 16 else { throw ZooError(.badData, "\"\(tensor.name)\" is too long") }
    switch constant.type {
    case .int32: return try constant.load().elements(Int32.self).map(Int.init)
    case .int64: return try constant.load().elements(Int64.self).map(Int.init)
    default: throw ZooError(.badData, "\"\(tensor.name)\" has elements of type \(constant.type.name)")
    }
  }

  /// Axes of a tensor; negative ones count from the end.
  func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    try axes.map { axis in
      guard (-rank..<rank).contains(axis) else { throw ZooError(.badData, "there is no axis \(axis) of \(rank)") }
      return axis < 0 ? axis + rank : axis
    }
  }

  /// The name of an input of whole numbers as 64-bit ones, as ONNX has shapes.
  mutating func int64(input position: Int) throws -> String {
    let name = try plain(input: position)
    if try needInput(position).type == .int64 { return name }
    return step("Cast", [name], [.int("to", 7)])
  }

  // MARK: Nodes

  /// A node in the middle of the operator.
  mutating func step(_ operatorType: String, _ inputs: [String], _ attributes: [Attribute] = []) -> String {
    let place = current.outputs.first.map { lite.tensors[$0].name } ?? ""
    return writer.node(operatorType, inputs, attributes, name: "\(place)/\(operatorType)")
  }

  mutating func list(_ numbers: [Int]) throws -> String {
    let place = current.outputs.first.map { lite.tensors[$0].name } ?? ""
    return try writer.constant(numbers.map(Int64.init), "\(place)/list")
  }

  mutating func scalar(_ number: Float) throws -> String {
    let place = current.outputs.first.map { lite.tensors[$0].name } ?? ""
    return try writer.constant([number], shape: [], "\(place)/number")
  }

  /// A number of a type that a value has in the graph.
  mutating func scalar(_ number: Double, _ type: ElementType) throws -> String {
    if type == .float32 { return try scalar(Float(number)) }
    let place = current.outputs.first.map { lite.tensors[$0].name } ?? ""
    switch type {
    case .int64: return try writer.constant([Int64(number)], shape: [], "\(place)/number")
    case .int32: return try writer.constant([Int32(number)], shape: [], "\(place)/number")
    case .uint64: return try writer.constant([UInt64(number)], shape: [], "\(place)/number")
    default:
      let wide = try writer.constant([number], shape: [], "\(place)/number")
      return step("Cast", [wide], [.int("to", Int(type.rawValue))])
    }
  }

  /// Zero, or what stands for it, of a type.
  mutating func zero(_ type: ElementType) throws -> String { try scalar(0, type) }

  /// The extents of an input, as 64-bit numbers.
  mutating func shape(of position: Int) throws -> String {
    let name = try plain(input: position)
    let tensor = try needInput(position)
    return tensor.openAxes.isEmpty ? try list(tensor.shape) : step("Shape", [name])
  }

  /// Says that `name` is the operator's output, and rounds it where the tensor is quantized.
  ///
  /// - Parameter isRounded: Whether the numbers are already such as the output's quantization has: those of an input with the
  ///   same one.
  mutating func finish(
    _ name: String, channelsFirst: Bool = false, position: Int = 0, isRounded: Bool = false
  ) throws {
    let tensor = try output(position)
    guard !channelsFirst || tensor.shape.count == 4 else { throw ZooError(.badData, "its output has not four axes") }
    var name = name
    if tensor.isQuantized, !isRounded {
      let integers = try quantize(name, tensor)
      name = try dequantize(integers, tensor)
    }
    values[current.outputs[position]] = channelsFirst ? Value(channelsFirst: name) : Value(plain: name)
  }

  /// Whether the first output has the quantization of the input, so that moved numbers need no rounding.
  func keepsQuantization(_ position: Int = 0, output number: Int = 0) throws -> Bool {
    let (input, output) = (try needInput(position), try output(number))
    return input.type == output.type && input.quantization == output.quantization
  }

  /// Applies the activation that is fused into an operator (schema, ActivationFunctionType).
  mutating func activate(_ name: String, _ activation: Int) throws -> String {
    switch activation {
    case 0: return name
    case 1: return step("Relu", [name])
    case 2: return step("Clip", [name, try scalar(-1), try scalar(1)])
    case 3: return step("Clip", [name, try scalar(0), try scalar(6)])
    case 4: return step("Tanh", [name])
    default: throw ZooError(.unsupported, "the fused activation \(activation) is not known")
    }
  }

  // MARK: Quantization

  @discardableResult
  mutating func quantize(_ name: String, _ tensor: LiteTensor, output: String? = nil) throws -> String {
    let (scale, zeroPoint) = try quantizationConstants(tensor)
    return writer.node(
      "QuantizeLinear", [name, scale, zeroPoint], name: "\(tensor.name)/quantized", output: output)
  }

  mutating func dequantize(_ name: String, _ tensor: LiteTensor, axis: Int = 0) throws -> String {
    let (scale, zeroPoint) = try quantizationConstants(tensor)
    let isScalar = tensor.quantization?.scales.count == 1
    return writer.node(
      "DequantizeLinear", [name, scale, zeroPoint], isScalar ? [] : [.int("axis", axis)], name: "\(tensor.name)/real")
  }

  private mutating func quantizationConstants(_ tensor: LiteTensor) throws -> (scale: String, zeroPoint: String) {
    guard let quantization = tensor.quantization else { throw ZooError(.defect, "the tensor is not quantized") }
    let shape = quantization.scales.count == 1 ? [] : [quantization.scales.count]
    let scale = try writer.constant(quantization.scales, shape: shape, "\(tensor.name)/scale")
    func zeroPoints<Integer: FixedWidthInteger>(_: Integer.Type) throws -> [Integer] {
      try quantization.zeroPoints.map {
        guard let zeroPoint = Integer(exactly: $0) else {
          throw ZooError(.badData, "the zero point \($0) of \"\(tensor.name)\" is no \(tensor.type.name)")
        }
        return zeroPoint
      }
    }
    let name = "\(tensor.name)/zero_point"
    switch tensor.type {
    case .int8: return (scale, try writer.constant(zeroPoints(Int8.self), shape: shape, name))
    case .uint8: return (scale, try writer.constant(zeroPoints(UInt8.self), shape: shape, name))
    default: return (scale, try writer.constant(zeroPoints(Int16.self), shape: shape, name))
    }
  }
}
