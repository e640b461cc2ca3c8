import ZooCore

extension KerasLayers {
  static let merges: [String: Writer] = {
    var all: [String: Writer] = [:]
    // Keras 3 has operations of the same names, one side of which may be a number.
    for (name, type) in [
      ("Add", "Add"), ("Subtract", "Sub"), ("Multiply", "Mul"), ("Divide", "Div"), ("TrueDivide", "Div"),
      ("Maximum", "Max"), ("Minimum", "Min"), ("Average", "Mean"),
    ] { all[name] = { try $0.merge($1, type, $1.operands + $1.named.sorted { $0.key < $1.key }.map(\.value)) } }
    all["Concatenate"] = { try $0.concatenation($1) }
    all["TFOpLambda"] = { try $0.operation($1) }
    return all
  }()
}

extension KerasBuilder {
  /// Elements of several values, brought together one by one.
  fileprivate mutating func merge(
    _ call: KerasLayerCall, _ type: String, _ operands: [KerasOperand]
  ) throws -> KerasValue {
    let isVariadic = ["Max", "Min", "Mean"].contains(type)
    guard operands.count >= 1, operands.count == 2 || isVariadic || type == "Add" || type == "Mul" else {
      throw ZooError(.badData, "the layer is called with \(operands.count) values")
    }
    let rank = operands.compactMap { $0.value?.rank }.max() ?? 0
    let isChannelsFirst = operands.contains { $0.value?.isChannelsFirst ?? false }
    var shape: [Int?] = []
    var names: [String] = []
    for (index, operand) in operands.enumerated() {
      switch operand {
      case .number(let number):
        names.append(try constant("\(call.name)/operand_\(index)", [Float(number)], shape: []))
      case .value(var value):
        // Keras puts the axes that are missing behind the batch.
        if value.rank < rank {
          value = plain(value)
          let axes = Array(1...rank - value.rank)
          value = node(
            "Unsqueeze", "\(call.name)/unsqueezed_\(index)",
            [value.name, try constant("\(call.name)/axes_\(index)", axes)],
            shape: [value.shape[0]] + axes.map { _ in 1 } + value.shape.dropFirst())
        }
        value = isChannelsFirst ? channelsFirst(value) : plain(value)
        names.append(value.name)
        shape = shape.isEmpty ? value.shape : try Self.broadcast(shape, value.shape)
      }
    }
    if isVariadic || names.count == 2 {
      return node(type, call.name, names, shape: shape, isChannelsFirst: isChannelsFirst)
    }
    var result = KerasValue(name: names[0], shape: shape, isChannelsFirst: isChannelsFirst)
    for (index, name) in names.enumerated().dropFirst() {
      let own = index == names.count - 1 ? call.name : "\(call.name)/\(index)"
      result = node(type, own, [result.name, name], like: result)
    }
    return result
  }

  private static func broadcast(_ left: [Int?], _ right: [Int?]) throws -> [Int?] {
    try zip(left, right).map { left, right in
      if left == right || right == 1 { return left }
      guard let left, let right, left != 1 else { return left == nil ? (right == nil ? nil : right) : right }
      throw ZooError(.badData, "extents of \(left) and \(right) don't go together")
    }
  }

  fileprivate mutating func concatenation(_ call: KerasLayerCall) throws -> KerasValue {
    let values = call.values
    guard let first = values.first, values.allSatisfy({ $0.rank == first.rank }) else {
      throw ZooError(.badData, "values of several ranks can't be put one after another")
    }
    let axes = try call.settings.axes("axis", or: -1, rank: first.rank)
    guard axes.count == 1, let axis = axes.first else { return try call.settings.wrong("axis") }
    let isChannelsFirst = values.contains(where: \.isChannelsFirst)
    let placed = values.map { isChannelsFirst ? channelsFirst($0) : plain($0) }
    var shape = first.shape
    shape[axis] = values.reduce(0) { sum, value in
      guard let sum, let extent = value.shape[axis] else { return nil }
      return sum + extent
    }
    return node(
      "Concat", call.name, placed.map(\.name), [Attribute("axis", .int(Int64(placed[0].place(ofAxis: axis))))],
      shape: shape, isChannelsFirst: isChannelsFirst)
  }

  /// A function of TensorFlow in a model of Keras 2: arithmetic only.
  fileprivate mutating func operation(_ call: KerasLayerCall) throws -> KerasValue {
    let function = try call.settings.text("function", or: "")
    let types = [
      "add": "Add", "subtract": "Sub", "sub": "Sub", "multiply": "Mul", "mul": "Mul", "truediv": "Div",
      "divide": "Div", "maximum": "Max", "minimum": "Min",
    ]
    let parts = function.split(separator: ".").map(String.init)
    guard parts.count == 2, ["math", "__operators__"].contains(parts[0]), let type = types[parts[1]] else {
      throw ZooError(
        .unsupported, "the function \(function) of TensorFlow can't be read",
        advice: "build the model with layers of Keras in its place, or export the model to ONNX")
    }
    return try merge(call, type, call.operands + [call.named["y"]].compactMap { $0 })
  }
}
