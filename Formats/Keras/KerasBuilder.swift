import GraphWriter
import JSON
import ZooCore
import ZooNumbers

/// Writes a model of Keras as a graph of ONNX operators, layer by layer.
struct KerasBuilder {
  let weights: any KerasWeights
  /// The first number of Keras' version.
  let version: Int
  private var graph = Graph()
  private var names = UniqueNames()
  private var constants: Set<String> = []
  /// Values that were brought into the other order of axes.
  private var transposed: [String: KerasValue] = [:]
  /// What became of names that outputs wanted.
  private var renamed: [String: String] = [:]

  /// The first set of operators with Gelu.
  private static let operatorSet: Int64 = 20

  init(weights: any KerasWeights, version: Int) {
    (self.weights, self.version) = (weights, version)
  }

  // MARK: - Models

  mutating func build(_ model: KerasModel) throws -> ModelDefinition {
    let outputs: [KerasValue]
    var outputNames: [String]
    if model.isSequential {
      guard let shape = model.inputShape, let first = model.layers.first else {
        throw ZooError(
          .unsupported, "the file does not say which shape the model's input has", at: model.name,
          advice: "begin the model with keras.Input(shape) and save it again")
      }
      let name = first.className == "InputLayer" ? first.name : "\(first.name)_input"
      let input = try input(name, shape, first.config)
      outputs = try call(model, [input], path: [], models: [])
      outputNames = [model.layers.last?.name ?? "output"]
    } else {
      let inputs = try model.inputs.map { reference in
        guard let layer = model.layers.first(where: { $0.name == reference.layer }),
          let shape = try KerasModel.shape(layer.config["batch_shape"] ?? layer.config["batch_input_shape"])
        else { throw ZooError(.badData, "the input has no shape", at: reference.layer) }
        return try input(layer.name, shape, layer.config)
      }
      outputs = try call(model, inputs, path: [], models: [])
      outputNames = model.outputs.map(\.layer)
    }
    for index in outputs.indices { output(outputs[index], &outputNames[index]) }
    prune()
    graph.name = model.name
    var definition = ModelDefinition(graph, operatorSets: [OperatorSet(version: Self.operatorSet)])
    definition.metadata.name = model.name
    return definition
  }

  /// The outputs of `model`, called with `inputs`.
  ///
  /// - Parameters:
  ///   - path: The layers that it is in, itself last; none for the whole.
  ///   - models: The models that these are in.
  private mutating func call(
    _ model: KerasModel, _ inputs: [KerasValue], path: [KerasLayer], models: [KerasModel]
  ) throws -> [KerasValue] {
    let models = models + [model]
    if model.isSequential {
      var values = inputs
      for layer in model.layers where layer.className != "InputLayer" {
        values = try call(
          layer, KerasArguments(operands: values.map(KerasOperand.value)), path: path + [layer], models: models)
      }
      return values
    }
    guard inputs.count == model.inputs.count else {
      throw ZooError(.badData, "the model is called with \(inputs.count) values", at: "layer \"\(model.name)\"")
    }
    var found: [KerasReference: KerasValue] = [:]
    for (reference, value) in zip(model.inputs, inputs) {
      found[KerasReference(layer: reference.layer, call: 0, output: 0)] = value
    }
    // Calls run when all that they read is there: the file's order need not be one.
    var waiting = model.layers.flatMap { layer in layer.calls.indices.map { (layer, $0) } }
    let shifts = Self.shifts(of: model)
    while !waiting.isEmpty {
      let before = waiting.count
      var left: [(KerasLayer, Int)] = []
      for (layer, number) in waiting {
        let call = layer.calls[number]
        let read = call.tensors.map { $0.shifted(shifts) }
        guard read.allSatisfy({ found[$0] != nil }) else {
          left.append((layer, number))
          continue
        }
        func operand(_ argument: KerasCall.Argument) -> KerasOperand? {
          switch argument {
          case .number(let number): .number(number)
          case .tensor(let reference): found[reference.shifted(shifts)].map(KerasOperand.value)
          }
        }
        let arguments = KerasArguments(
          operands: call.arguments.compactMap(operand), named: call.named.compactMapValues(operand),
          mask: call.mask.flatMap { found[$0.shifted(shifts)] }, flags: call.flags)
        let outputs = try self.call(layer, arguments, path: path + [layer], models: models)
        for (index, value) in outputs.enumerated() {
          found[KerasReference(layer: layer.name, call: number, output: index)] = value
        }
      }
      guard left.count < before else {
        throw ZooError(
          .badData, "the layer is called with something that no layer gives", at: "layer \"\(left[0].0.name)\"")
      }
      waiting = left
    }
    return try model.outputs.map { reference in
      guard let value = found[reference.shifted(shifts)] else {
        throw ZooError(.badData, "no layer gives the model's output", at: reference.layer)
      }
      return value
    }
  }

  /// How much the numbers of calls are larger than their places in the list: models that are layers were called once
  /// before, when they were made.
  private static func shifts(of model: KerasModel) -> [String: Int] {
    var greatest: [String: Int] = [:]
    var least: [String: Int] = [:]
    for reference in model.layers.flatMap({ $0.calls.flatMap(\.tensors) }) + model.outputs {
      greatest[reference.layer] = max(greatest[reference.layer] ?? 0, reference.call)
      least[reference.layer] = min(least[reference.layer] ?? .max, reference.call)
    }
    var shifts: [String: Int] = [:]
    for layer in model.layers where layer.model != nil {
      guard let most = greatest[layer.name], let fewest = least[layer.name], fewest > 0 else { continue }
      if most >= layer.calls.count || layer.model?.isSequential == false { shifts[layer.name] = 1 }
    }
    return shifts
  }

  mutating func call(
    _ layer: KerasLayer, _ arguments: KerasArguments, path: [KerasLayer], models: [KerasModel]
  ) throws -> [KerasValue] {
    let name = path.map(\.name).joined(separator: "/")
    let place = "layer \"\(name)\""
    do {
      if let model = layer.model {
        let values = (arguments.operands + arguments.named.values).compactMap(\.value)
        return try call(model, values, path: path, models: models)
      }
      // What a layer in it has, that one asks for itself.
      let variables = layer.inner == nil ? try weights.variables(of: path, in: models) : []
      let call = KerasLayerCall(
        layer: layer, name: name, arguments: arguments,
        settings: KerasSettings(config: layer.config, place: layer.className), variables: variables, path: path,
        models: models)
      var output = try KerasLayers.writer(of: layer, name)(&self, call)
      output.mask = try mask(of: output, after: call)
      return [output]
    } catch let error as ZooError {
      throw error.location?.hasPrefix("layer ") == true ? error : error.located(place)
    }
  }

  // MARK: - Inputs and outputs

  private mutating func input(_ name: String, _ shape: [Int?], _ config: JSON) throws -> KerasValue {
    guard !shape.isEmpty else { throw ZooError(.badData, "the input has no axes", at: name) }
    let name = names.name(name)
    let stored: ElementType =
      switch config["dtype"]?.text ?? "float32" {
      case "uint8": .uint8
      case "int8": .int8
      case "int16": .int16
      case "int32": .int32
      case "int64": .int64
      case "bool": .bool
      default: .float32
      }
    // The batch is free whatever the model was made with.
    let extents = shape.enumerated().map { axis, extent in
      axis == 0 ? "N" : extent.map { ShapeDimension(.fixed(Int64($0))) } ?? ShapeDimension(.symbol("\(name)_\(axis)"))
    }
    graph.inputs.append(ValueInfo(name: name, elementType: stored, shape: extents))
    let value = KerasValue(name: name, shape: [nil] + shape.dropFirst())
    guard stored != .float32 else { return value }
    return node("Cast", "\(name)/float", [value.name], [Attribute("to", .int(1))], like: value)
  }

  private mutating func output(_ value: KerasValue, _ name: inout String) {
    var value = value
    value.name = renamed[value.name] ?? value.name
    value = plain(value)
    value.name = renamed[value.name] ?? value.name
    let taken = (graph.inputs + graph.outputs).contains { $0.name == value.name || $0.name == name }
    if taken {
      let fresh = names.name("\(name)_output")
      graph.nodes.append(Node("Identity", name: fresh, inputs: [value.name], outputs: [fresh]))
      name = fresh
    } else if value.name != name {
      // What has the name now is mostly the same value in the other order of axes.
      if names.contains(name) { rename(name, names.name("\(name)/inner")) }
      rename(value.name, name)
    }
    let extents = value.shape.enumerated().map { axis, extent in
      axis == 0 ? "N" : extent.map { ShapeDimension(.fixed(Int64($0))) } ?? ShapeDimension(.unknown)
    }
    graph.outputs.append(ValueInfo(name: name, elementType: .float32, shape: extents))
  }

  private mutating func rename(_ old: String, _ new: String) {
    renamed[old] = new
    for node in graph.nodes.indices {
      graph.nodes[node].inputs = graph.nodes[node].inputs.map { $0 == old ? new : $0 }
      graph.nodes[node].outputs = graph.nodes[node].outputs.map { $0 == old ? new : $0 }
    }
    for index in graph.initializers.indices where graph.initializers[index].name == old {
      graph.initializers[index].name = new
    }
    names.reserve(new)
  }

  /// Drops what nothing reads.
  private mutating func prune() {
    var wanted = Set(graph.outputs.map(\.name))
    var kept: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: { wanted.contains($0) }) {
      wanted.formUnion(node.inputs)
      kept.append(node)
    }
    graph.nodes = kept.reversed()
    graph.initializers.removeAll { !wanted.contains($0.name) }
  }

  // MARK: - Nodes

  /// A node of one output, which has the node's name.
  mutating func node(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [Attribute] = [], shape: [Int?],
    isChannelsFirst: Bool = false
  ) -> KerasValue {
    let name = names.name(name)
    graph.nodes.append(Node(type, name: name, inputs: inputs, outputs: [name], attributes: attributes))
    return KerasValue(name: name, shape: shape, isChannelsFirst: isChannelsFirst)
  }

  /// A node of which only output `place` is used; it has the node's name.
  ///
  /// - Parameter isOptional: Whether the operator can do without the outputs before.
  mutating func node(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [Attribute], output place: Int,
    isOptional: Bool = true, shape: [Int?]
  ) -> KerasValue {
    let name = names.name(name)
    let outputs = (0..<place).map { isOptional ? "" : names.name("\(name)/unused_\($0)") } + [name]
    graph.nodes.append(Node(type, name: name, inputs: inputs, outputs: outputs, attributes: attributes))
    return KerasValue(name: name, shape: shape)
  }

  /// A node whose output has the shape of `value` and lies as it does.
  mutating func node(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [Attribute] = [], like value: KerasValue
  ) -> KerasValue {
    node(type, name, inputs, attributes, shape: value.shape, isChannelsFirst: value.isChannelsFirst)
  }

  /// A constant; a layer that is called twice has it once.
  mutating func constant(_ name: String, _ tensor: @autoclosure () throws -> StoredTensor) rethrows -> String {
    guard constants.insert(name).inserted else { return name }
    names.reserve(name)
    graph.initializers.append(NamedTensor(name: name, tensor: try tensor()))
    return name
  }

  /// A constant list of whole numbers, as shapes and axes are given.
  mutating func constant(_ name: String, _ numbers: [Int]) throws -> String {
    try constant(name, StoredTensor(Tensor(numbers.map(Int64.init), shape: [numbers.count])))
  }

  /// A constant of floating-point numbers.
  mutating func constant(_ name: String, _ numbers: [Float], shape: [Int]) throws -> String {
    try constant(name, StoredTensor(Tensor(numbers, shape: shape)))
  }

  // MARK: - The order of axes

  /// The value with the axes in Keras' order.
  mutating func plain(_ value: KerasValue) -> KerasValue {
    guard value.isChannelsFirst else { return value }
    return transposed(value, [0] + Array(2..<value.rank) + [1])
  }

  /// The value with Keras' last axis in the second place; one of fewer than three axes stays as it is.
  mutating func channelsFirst(_ value: KerasValue) -> KerasValue {
    guard !value.isChannelsFirst, value.rank > 2 else { return value }
    return transposed(value, [0, value.rank - 1] + Array(1..<value.rank - 1))
  }

  private mutating func transposed(_ value: KerasValue, _ order: [Int]) -> KerasValue {
    if let known = transposed[value.name] { return known }
    let result = node(
      "Transpose", "\(value.name)/\(value.isChannelsFirst ? "channels_last" : "channels_first")", [value.name],
      [Attribute("perm", .ints(order.map(Int64.init)))], shape: value.shape, isChannelsFirst: !value.isChannelsFirst)
    transposed[value.name] = result
    transposed[result.name] = value
    return result
  }

  /// The value as ONNX' operators for pictures want it: the channels second.
  mutating func picture(_ value: KerasValue, _ format: KerasDataFormat) -> KerasValue {
    format == .channelsLast ? channelsFirst(value) : plain(value)
  }
}

/// What a layer is called with.
enum KerasOperand {
  case value(KerasValue)
  case number(Double)

  var value: KerasValue? { if case .value(let value) = self { value } else { nil } }
}

/// What one call of a layer passes to it.
struct KerasArguments {
  var operands: [KerasOperand]
  var named: [String: KerasOperand] = [:]
  /// Which steps count, where the call says so itself.
  var mask: KerasValue?
  /// Options that are on.
  var flags: Set<String> = []
}

/// One call of one layer.
struct KerasLayerCall {
  let layer: KerasLayer
  /// The layer's name, after those of the models that it is in.
  let name: String
  let arguments: KerasArguments
  let settings: KerasSettings
  var variables: [NamedTensor]
  /// The layers and models that it is in, itself last.
  let path: [KerasLayer]
  let models: [KerasModel]

  var operands: [KerasOperand] { arguments.operands }
  var named: [String: KerasOperand] { arguments.named }

  var values: [KerasValue] { operands.compactMap(\.value) }

  /// The one value that the layer takes.
  var input: KerasValue {
    get throws {
      guard let value = operands.first?.value ?? named["inputs"]?.value else {
        throw ZooError(.badData, "the layer is called with \(values.count) values, not with one")
      }
      return value
    }
  }

  /// Checks the variables: how many there are, and their shapes.
  func variables(_ shapes: [[Int]]) throws -> [StoredTensor] {
    guard variables.count == shapes.count else {
      throw ZooError(.badData, "the file has \(variables.count) weights of the layer, which has \(shapes.count)")
    }
    return try zip(variables, shapes).map { item, shape in
      guard item.tensor.shape == shape else {
        throw ZooError(.badData, "the weight \(item.name) has the shape \(item.tensor.shape), not \(shape)")
      }
      guard item.tensor.type != .float32 else { return item.tensor }
      guard let widened = try item.tensor.asFloat32() else {
        throw ZooError(.unsupported, "the weight \(item.name) is of \(item.tensor.type.name)")
      }
      return widened
    }
  }

  /// An extent that has to be known.
  func known(_ extent: Int?, _ what: String) throws -> Int {
    guard let extent else {
      throw ZooError(.unsupported, "\(what) is not known", advice: "build the model with an input of a fixed shape")
    }
    return extent
  }
}

extension KerasReference {
  func shifted(_ shifts: [String: Int]) -> KerasReference {
    KerasReference(layer: layer, call: max(0, call - (shifts[layer] ?? 0)), output: output)
  }
}
