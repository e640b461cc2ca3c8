import JSON
import ZooCore

extension KerasLayers {
  static let recurrent: [String: Writer] = {
    var all: [String: Writer] = ["Bidirectional": { try $0.bidirectional($1) }]
    for cell in KerasCell.allCases {
      all[cell.rawValue] = { builder, call in
        try builder.recurrent(call, cell, [(call.settings, call.variables)], mode: "concat")
      }
    }
    return all
  }()
}

/// A recurrent layer's cell.
enum KerasCell: String, CaseIterable {
  case lstm = "LSTM"
  case gru = "GRU"
  case simple = "SimpleRNN"

  var operatorType: String { self == .simple ? "RNN" : rawValue }

  /// Keras' gates in ONNX's order: LSTM has input, forget, cell, output there, input, output, forget, cell here.
  var gates: [Int] {
    switch self {
    case .lstm: [0, 3, 1, 2]
    case .gru: [0, 1, 2]
    case .simple: [0]
    }
  }
}

extension KerasBuilder {
  /// Both directions of a layer.
  fileprivate mutating func bidirectional(_ call: KerasLayerCall) throws -> KerasValue {
    func inner(_ name: String) -> (name: String, settings: KerasSettings)? {
      guard let layer = call.settings.value(name), let className = layer["class_name"]?.text,
        let config = layer["config"]
      else { return nil }
      return (className, KerasSettings(config: config, place: className))
    }
    guard let forward = inner("layer"), let cell = KerasCell(rawValue: forward.name) else {
      throw ZooError(.unsupported, "only LSTM, GRU and SimpleRNN can be read in both directions")
    }
    let backward = inner("backward_layer") ?? forward
    guard backward.name == forward.name else {
      throw ZooError(.unsupported, "the directions have different layers")
    }
    guard try !forward.settings.bool("go_backwards", or: false) else {
      throw ZooError(.unsupported, "the first direction goes backwards")
    }
    let mode = try call.settings.text("merge_mode", or: "concat")
    guard ["concat", "sum", "mul", "ave"].contains(mode) else { return try call.settings.wrong("merge_mode") }
    let half = call.variables.count / 2
    return try recurrent(
      call, cell,
      [
        (forward.settings, Array(call.variables.prefix(half))),
        (backward.settings, Array(call.variables.dropFirst(half))),
      ], mode: mode)
  }

  /// A recurrent layer of one direction or two.
  ///
  /// - Parameter mode: What becomes of the directions: one behind the other, or their sum, product or mean.
  fileprivate mutating func recurrent(
    _ call: KerasLayerCall, _ cell: KerasCell, _ directions: [(KerasSettings, [NamedTensor])], mode: String
  ) throws -> KerasValue {
    let settings = directions[0].0
    let input = try plain(call.input)
    guard input.rank == 3, call.values.count == 1 else {
      throw ZooError(.unsupported, "the layer is called with a state of its own, or not with a sequence")
    }
    for unknown in ["return_state", "stateful", "time_major"] where try settings.bool(unknown, or: false) {
      throw ZooError(.unsupported, "recurrent layers with \(unknown) can't be read")
    }
    let features = try call.known(input.shape[2], "the number of features")
    let units = try settings.count("units")
    let isBackwards = try settings.bool("go_backwards", or: false)
    let returnsAll = try settings.bool("return_sequences", or: false)
    let resetsAfter = try cell == .gru && settings.bool("reset_after", or: true)
    var (kernels, recurrents, biases): ([Float], [Float], [Float]) = ([], [], [])
    var activations: [String] = []
    var (alphas, betas): ([Float], [Float]) = ([], [])
    for (settings, variables) in directions {
      let part = try weights(
        call, cell, variables, features: features, units: units, hasBias: settings.bool("use_bias", or: true),
        resetsAfter: resetsAfter)
      kernels += part.kernel
      recurrents += part.recurrent
      biases += part.bias
      var functions: [RecurrentFunction] = []
      if cell != .simple {
        let usual = version >= 2 ? "sigmoid" : "hard_sigmoid"
        functions.append(try function(settings, "recurrent_activation", or: usual))
      }
      let state = try function(settings, "activation", or: "tanh")
      functions += cell == .lstm ? [state, state] : [state]
      activations += functions.map(\.name)
      // Parameters are listed in the order of the functions that have some.
      alphas += functions.compactMap { $0.parameters?.alpha }
      betas += functions.compactMap { $0.parameters?.beta }
    }
    let (count, rows) = (directions.count, cell.gates.count * units)
    let weights = [
      try constant("\(call.name)/kernel", kernels, shape: [count, rows, features]),
      try constant("\(call.name)/recurrent_kernel", recurrents, shape: [count, rows, units]),
      try constant("\(call.name)/bias", biases, shape: [count, 2 * rows]),
    ]
    var attributes = [
      Attribute("hidden_size", .int(Int64(units))),
      Attribute.text("direction", count == 2 ? "bidirectional" : isBackwards ? "reverse" : "forward"),
      Attribute("activations", .strings(activations.map { Array($0.utf8) })),
    ]
    if resetsAfter { attributes.append(Attribute("linear_before_reset", .int(1))) }
    if !alphas.isEmpty {
      attributes += [Attribute("activation_alpha", .floats(alphas)), Attribute("activation_beta", .floats(betas))]
    }
    let (batch, steps) = (input.shape[0], input.shape[1])
    let counting = try mask(for: call).map { try countingSteps(call, input, $0) }
    // ONNX has the steps first.
    let turned = node(
      "Transpose", "\(call.name)/steps_first", [counting?.input.name ?? input.name],
      [Attribute("perm", .ints([1, 0, 2]))],
      shape: [steps, batch, features])
    let inputs = [turned.name] + weights + (counting.map { [$0.lengths] } ?? [])
    guard returnsAll else {
      let last = node(
        cell.operatorType, "\(call.name)/last", inputs, attributes, output: 1,
        shape: [count, batch, units])
      return try joined(call, last, order: [1, 0, 2], shape: [batch], directions: count, units: units, mode: mode)
    }
    var all = node(
      cell.operatorType, "\(call.name)/all", inputs, attributes, shape: [steps, count, batch, units])
    // Keras wants zeros of layers that it runs in both directions.
    let zeros = try count > 1 || settings.bool("zero_output_for_mask", or: false)
    if let counting {
      all = try spread(call, all, counting, isReverse: count == 1 ? [isBackwards] : [false, true], zeros: zeros)
    }
    if isBackwards {
      // Keras gives the steps in the order in which it went through them.
      let range = [
        try constant("\(call.name)/starts", [-1]), try constant("\(call.name)/ends", [Int.min + 1]),
        try constant("\(call.name)/axes", [0]), try constant("\(call.name)/steps", [-1]),
      ]
      all = node("Slice", "\(call.name)/reversed", [all.name] + range, like: all)
    }
    return try joined(
      call, all, order: [2, 0, 1, 3], shape: [batch, steps], directions: count, units: units, mode: mode)
  }

  /// Brings the batch to the front and makes one of the directions.
  private mutating func joined(
    _ call: KerasLayerCall, _ value: KerasValue, order: [Int], shape: [Int?], directions: Int, units: Int, mode: String
  ) throws -> KerasValue {
    let turned = node(
      "Transpose", "\(call.name)/batch_first", [value.name], [Attribute("perm", .ints(order.map(Int64.init)))],
      shape: shape + [directions, units])
    let reduction = ["sum": "ReduceSum", "mul": "ReduceProd", "ave": "ReduceMean"][mode]
    if let reduction {
      return node(
        reduction, call.name, [turned.name, try constant("\(call.name)/directions", [shape.count])],
        [Attribute("keepdims", .int(0))], shape: shape + [units])
    }
    let extents = [Int](repeating: 0, count: shape.count) + [directions * units]
    return node(
      "Reshape", call.name, [turned.name, try constant("\(call.name)/extents", extents)],
      shape: shape + [directions * units])
  }

  /// The variables of one direction as ONNX has them: gates in its order, outputs before inputs, both biases one behind
  /// the other.
  private func weights(
    _ call: KerasLayerCall, _ cell: KerasCell, _ variables: [NamedTensor], features: Int, units: Int, hasBias: Bool,
    resetsAfter: Bool
  ) throws -> (kernel: [Float], recurrent: [Float], bias: [Float]) {
    let rows = cell.gates.count * units
    var shapes = [[features, rows], [units, rows]]
    if hasBias { shapes.append(resetsAfter ? [2, rows] : [rows]) }
    var one = call
    one.variables = variables
    let tensors = try one.variables(shapes).map { try $0.load().elements(Float.self) }
    // Columns of the file, in the order of ONNX's gates.
    var columns: [Int] = []
    for gate in cell.gates { columns += gate * units..<(gate + 1) * units }
    func turned(_ values: [Float], _ depth: Int) -> [Float] {
      var result: [Float] = []
      result.reserveCapacity(columns.count * depth)
      for column in columns {
        for row in 0..<depth { result.append(values[row * rows + column]) }
      }
      return result
    }
    var bias = [Float](repeating: 0, count: 2 * rows)
    if hasBias {
      for half in 0..<(resetsAfter ? 2 : 1) {
        for (place, column) in columns.enumerated() { bias[half * rows + place] = tensors[2][half * rows + column] }
      }
    }
    return (turned(tensors[0], features), turned(tensors[1], units), bias)
  }

  private typealias RecurrentFunction = (name: String, parameters: (alpha: Float, beta: Float)?)

  /// ONNX's name of an activation in a recurrent layer, and its parameters if it has some.
  private func function(_ settings: KerasSettings, _ setting: String, or usual: String) throws -> RecurrentFunction {
    let value = settings.value(setting)
    let name = value?.text ?? value?["config"]?.text ?? (value == nil ? usual : "of its own")
    switch name {
    case "tanh": return ("Tanh", nil)
    case "sigmoid": return ("Sigmoid", nil)
    case "relu": return ("Relu", nil)
    case "softsign": return ("Softsign", nil)
    case "softplus": return ("Softplus", nil)
    case "hard_sigmoid": return ("HardSigmoid", (version >= 3 ? 1.0 / 6 : 0.2, 0.5))
    case "linear": return ("Affine", (1, 0))
    default: throw ZooError(.unsupported, "the activation \(name) of a recurrent layer can't be read")
    }
  }
}
