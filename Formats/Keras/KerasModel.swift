import JSON
import ZooCore

/// A Sequential or functional model: layers, and which is called with what.
struct KerasModel {
  let name: String
  let className: String
  var isSequential: Bool { className == "Sequential" }
  let layers: [KerasLayer]
  /// Of a functional model.
  let inputs: [KerasReference]
  let outputs: [KerasReference]
  /// The input's shape, as a Sequential model or its first layer has it.
  private(set) var inputShape: [Int?]?

  static let classNames = ["Sequential", "Functional", "Model"]

  /// The most models in one another.
  fileprivate static let greatestDepth = 32

  init(_ json: JSON, version: Int, name: String? = nil, depth: Int = 0) throws {
    className = json["class_name"]?.text ?? "an unknown class"
    let config = json["config"] ?? .null
    self.name = name ?? config["name"]?.text ?? "model"
    // The oldest Sequential models are no more than lists of layers.
    guard Self.classNames.contains(className), depth < Self.greatestDepth,
      let list = config["layers"]?.list ?? (className == "Sequential" ? config.list : nil)
    else {
      throw ZooError(
        .unsupported, "the model is of the class \(className), whose layers the file does not list", at: self.name,
        advice: "only Sequential and functional models can be read; build the same network as one of these")
    }
    layers = try list.map { try KerasLayer($0, version: version, depth: depth + 1) }
    var names: Set<String> = []
    for layer in layers where !names.insert(layer.name).inserted {
      throw ZooError(.badData, "two layers have one name", at: layer.name)
    }
    inputs = try KerasReference.list(config["input_layers"])
    outputs = try KerasReference.list(config["output_layers"])
    guard className == "Sequential" || !inputs.isEmpty && !outputs.isEmpty else {
      throw ZooError(.badData, "the model has no inputs or no outputs", at: self.name)
    }
    let first = layers.first?.config
    inputShape = try Self.shape(
      first?["batch_input_shape"] ?? first?["batch_shape"] ?? config["build_input_shape"])
  }

  /// Extents, of which some may be unknown.
  static func shape(_ json: JSON?) throws -> [Int?]? {
    guard let list = json?.list else { return nil }
    return try list.map { item in
      if item.isNull { return nil }
      guard let extent = item.integer, extent >= 0, extent < 1 << 40 else {
        throw ZooError(.badData, "the configuration holds a shape that is none")
      }
      return extent
    }
  }
}

/// A layer as the configuration describes it.
struct KerasLayer {
  let name: String
  let className: String
  let config: JSON
  /// What it is called with, call by call.
  let calls: [KerasCall]
  /// A model that is a layer of another.
  let model: KerasModel?
  /// The layer that a TimeDistributed one puts each step through, in a list of one at most.
  private let wrapped: [KerasLayer]
  var inner: KerasLayer? { wrapped.first }
  let isTrainable: Bool

  init(_ json: JSON, version: Int, depth: Int) throws {
    guard let className = json["class_name"]?.text, let config = json["config"],
      let name = json["name"]?.text ?? config["name"]?.text ?? (config.list == nil ? nil : "sequential")
    else { throw ZooError(.badData, "the configuration has a layer without a name or a class") }
    (self.name, self.className) = (name, className)
    self.config = version == 1 ? KerasOne.translated(config) : config
    calls = try (json["inbound_nodes"]?.list ?? []).map { try KerasCall($0) }
    model =
      KerasModel.classNames.contains(className)
      ? try KerasModel(json, version: version, name: name, depth: depth) : nil
    isTrainable = config["trainable"]?.bool ?? true
    guard depth < KerasModel.greatestDepth else {
      throw ZooError(.badData, "more than \(KerasModel.greatestDepth) layers in one another", at: name)
    }
    wrapped =
      className == "TimeDistributed"
      ? try config["layer"].map { [try KerasLayer($0, version: version, depth: depth + 1)] } ?? [] : []
  }
}

/// One output of one call of a layer.
struct KerasReference: Hashable {
  var layer: String
  var call: Int
  var output: Int

  init(layer: String, call: Int, output: Int) {
    (self.layer, self.call, self.output) = (layer, call, output)
  }

  init?(_ items: [JSON]) {
    guard items.count >= 3, let layer = items[0].text, let call = items[1].integer, let output = items[2].integer,
      call >= 0, output >= 0
    else { return nil }
    (self.layer, self.call, self.output) = (layer, call, output)
  }

  /// A list of references, which for one alone may be that itself.
  static func list(_ json: JSON?) throws -> [KerasReference] {
    guard let items = json?.list, !items.isEmpty else { return [] }
    if let one = KerasReference(items) { return [one] }
    return try items.map { item in
      guard let items = item.list, let reference = KerasReference(items) else {
        throw ZooError(.badData, "the model's inputs or outputs are no references to layers")
      }
      return reference
    }
  }
}

/// What a layer is called with.
struct KerasCall {
  enum Argument {
    case tensor(KerasReference)
    case number(Double)
  }

  private(set) var arguments: [Argument] = []
  /// By name; those that are no tensors nor numbers are left out.
  private(set) var named: [String: Argument] = [:]
  /// Which steps count, where the call says so itself.
  private(set) var mask: KerasReference?
  /// Options that are on.
  private(set) var flags: Set<String> = []

  init(_ json: JSON) throws {
    if let args = json["args"] {
      try collect(args)
      for member in json["kwargs"]?.members ?? [] { note(member) }
    } else {
      // Before Keras 3: references, each with the other arguments as a fourth item.
      guard let items = json.list else { throw ZooError(.badData, "a layer's inbound_nodes are none") }
      let references = KerasReference(items) != nil ? [json] : items
      for item in references {
        guard let parts = item.list, let reference = KerasReference(parts) else {
          throw ZooError(.badData, "a layer's inbound_nodes are none")
        }
        arguments.append(.tensor(reference))
        for member in parts.dropFirst(3).first?.members ?? [] { note(member) }
      }
    }
  }

  var tensors: [KerasReference] {
    (arguments + named.sorted { $0.key < $1.key }.map(\.value)).compactMap {
      if case .tensor(let reference) = $0 { reference } else { nil }
    } + (mask.map { [$0] } ?? [])
  }

  private mutating func note(_ member: JSON.Member) {
    // What these say is of no concern when a model only predicts.
    guard !["training", "name"].contains(member.name) else { return }
    let reference = Self.tensor(member.value) ?? member.value.list.flatMap { KerasReference($0) }
    if member.name == "mask" {
      mask = reference
    } else if member.value.bool == true {
      flags.insert(member.name)
    } else if let number = member.value.number {
      named[member.name] = .number(number)
    } else if let reference {
      named[member.name] = .tensor(reference)
    }
  }

  private mutating func collect(_ json: JSON) throws {
    if let reference = Self.tensor(json) {
      arguments.append(.tensor(reference))
    } else if let list = json.list {
      for item in list { try collect(item) }
    } else if let number = json.number {
      arguments.append(.number(number))
    }
  }

  /// Keras 3's way to write a reference.
  private static func tensor(_ json: JSON) -> KerasReference? {
    guard json["class_name"]?.text == "__keras_tensor__" else { return nil }
    return json["config"]?["keras_history"]?.list.flatMap { KerasReference($0) }
  }
}

/// The names that settings had in Keras 1.
enum KerasOne {
  private static let names = [
    "nb_filter": "filters", "subsample": "strides", "border_mode": "padding", "dim_ordering": "data_format",
    "output_dim": "units", "bias": "use_bias", "subsample_length": "strides", "filter_length": "kernel_size",
    "pool_length": "pool_size", "stride": "strides", "p": "rate", "atrous_rate": "dilation_rate",
  ]

  /// `config` with the names that Keras 2 gave its settings.
  static func translated(_ config: JSON) -> JSON {
    guard let members = config.members else { return config }
    var result: [JSON.Member] = []
    for member in members {
      var value = member.value
      if member.name == "dim_ordering" { value = .text(value.text == "th" ? "channels_first" : "channels_last") }
      result.append(JSON.Member(name: names[member.name] ?? member.name, value: value))
    }
    if let rows = config["nb_row"], let columns = config["nb_col"] {
      result.append(JSON.Member(name: "kernel_size", value: .list([rows, columns])))
    }
    return .object(result)
  }
}
