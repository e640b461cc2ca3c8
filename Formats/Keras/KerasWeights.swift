import HDF5Format
import JSON
import ZooCore

/// Where a model's variables are found.
protocol KerasWeights {
  /// The variables of a layer, in the order in which it makes them.
  ///
  /// - Parameter path: The models that the layer is in, the outermost first but without it, and the layer.
  func variables(of path: [KerasLayer], in models: [KerasModel]) throws -> [NamedTensor]
}

/// A `.weights.h5` file: each layer's variables by number, at a path of classes and numbers of the layers.
struct PathWeights: KerasWeights {
  private let root: HDF5Group

  init(_ root: HDF5Group) { self.root = root }

  func variables(of path: [KerasLayer], in models: [KerasModel]) throws -> [NamedTensor] {
    var place = ""
    var outer: KerasLayer?
    for (layer, model) in zip(path, models) {
      place += outer?.inner == nil ? "layers/\(Self.key(of: layer, in: model))/" : "layer/"
      outer = layer
    }
    // As Keras 2.13 had it.
    let places = [place, place.replacing("layers/", with: "_layer_checkpoint_dependencies/")]
    for place in places {
      let found = try Self.parts(of: path.last).flatMap { try numbered("\(place)\($0)vars") }
      if !found.isEmpty { return found }
    }
    return []
  }

  /// Where a layer has its variables: a recurrent one in its cell, or in those of both directions.
  private static func parts(of layer: KerasLayer?) -> [String] {
    guard let name = layer?.className else { return [""] }
    if name == "MultiHeadAttention" { return ["query_dense/", "key_dense/", "value_dense/", "output_dense/"] }
    if KerasCell(rawValue: name) != nil { return ["cell/"] }
    return name == "Bidirectional" ? ["forward_layer/cell/", "backward_layer/cell/"] : [""]
  }

  private func numbered(_ place: String) throws -> [NamedTensor] {
    guard let group = root.group(place) else { return [] }
    return try group.members.indices.map { index in
      let name = "\(place)/\(index)"
      guard let dataset = root.dataset(name) else {
        throw ZooError(.badData, "the variables are not numbered", at: place)
      }
      return NamedTensor(name: name, tensor: try dataset.stored(name))
    }
  }

  /// The layer's class, with a number if there are several of that class before.
  private static func key(of layer: KerasLayer, in model: KerasModel) -> String {
    let name = snakeCase(layer.className)
    let before = model.layers.prefix { $0.name != layer.name }.count { snakeCase($0.className) == name }
    return before == 0 ? name : "\(name)_\(before)"
  }

  /// `BatchNormalization` as `batch_normalization`, and `Conv2D` as `conv2d`.
  static func snakeCase(_ name: String) -> String {
    let letters = Array(name.unicodeScalars).filter {
      $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_"
    }
    var result = ""
    for (index, letter) in letters.enumerated() {
      if index > 0, letter.properties.isUppercase {
        let startsWord = index + 1 < letters.count && letters[index + 1].properties.isLowercase
        if startsWord || letters[index - 1].properties.isLowercase { result += "_" }
      }
      result.unicodeScalars.append(letter)
    }
    return result.lowercased()
  }
}

/// An `.h5` file of the older form: a group for each layer of the model, which lists its variables. A model within the
/// model is one layer, whose variables come one after another, the trainable ones first.
struct LayerWeights: KerasWeights {
  private var found: [String: [NamedTensor]] = [:]

  init(_ group: HDF5Group, _ model: KerasModel) throws {
    guard let names = try Self.texts(group, "layer_names") else {
      throw ZooError(.badData, "the file does not list the layers of its weights")
    }
    for name in names {
      guard let layer = group.group(name) else {
        throw ZooError(.badData, "the weights of a layer are missing", at: "layer \"\(name)\"")
      }
      found[name] = try (Self.texts(layer, "weight_names") ?? []).map { path in
        guard let dataset = layer.dataset(path) else {
          throw ZooError(.badData, "the weight \(path) is missing", at: "layer \"\(name)\"")
        }
        return NamedTensor(name: path, tensor: try dataset.stored(path))
      }
    }
    // Keras itself goes by the order of the layers that have weights, whatever their names.
    if model.layers.contains(where: { found[$0.name] == nil && !($0.className == "InputLayer") }) {
      let saved = names.filter { found[$0]?.isEmpty == false }
      let own = model.layers.filter { !(KerasVariables.roles(of: $0) ?? []).isEmpty }
      guard saved.count == own.count else {
        throw ZooError(
          .badData, "the file has weights of \(saved.count) layers, the model has \(own.count) with weights")
      }
      var renamed: [String: [NamedTensor]] = [:]
      for (name, layer) in zip(saved, own) { renamed[layer.name] = found[name] }
      found = renamed
    }
  }

  /// The paths of all variables that a file of the older form lists, in its order.
  static func paths(in root: HDF5Group) throws -> [String] {
    var paths: [String] = []
    for place in ["model_weights", ""] {
      guard let group = root.group(place), let names = try texts(group, "layer_names") else { continue }
      for name in names {
        let prefix = place.isEmpty ? name : "\(place)/\(name)"
        paths += try (root.group(prefix).flatMap { try texts($0, "weight_names") } ?? []).map { "\(prefix)/\($0)" }
      }
    }
    let optimizer = try root.group("optimizer_weights").flatMap { try texts($0, "weight_names") } ?? []
    return paths + optimizer.map { "optimizer_weights/\($0)" }
  }

  /// A list of texts that may be spread over several attributes, because one may not be larger than 64 KiB.
  private static func texts(_ group: HDF5Group, _ name: String) throws -> [String]? {
    if let value = group.attributes[name] { return value.texts ?? [] }
    var texts: [String]?
    var number = 0
    while let part = group.attributes["\(name)\(number)"]?.texts {
      texts = (texts ?? []) + part
      number += 1
    }
    return texts
  }

  func variables(of path: [KerasLayer], in models: [KerasModel]) throws -> [NamedTensor] {
    guard let top = path.first else { return [] }
    let all = found[top.name] ?? []
    guard path.count > 1 else { return all }
    // Which numbers among all of the outer layer's variables are this layer's.
    var slots: [(path: [String], isTrainable: Bool)] = []
    func visit(_ layer: KerasLayer, _ path: [String], _ isTrainable: Bool) {
      let trains = isTrainable && layer.isTrainable
      if let inner = layer.model?.layers ?? layer.inner.map({ [$0] }) {
        for layer in inner { visit(layer, path + [layer.name], trains) }
      } else {
        slots += (KerasVariables.roles(of: layer) ?? []).map { (path, trains && $0) }
      }
    }
    visit(top, [top.name], true)
    guard slots.count == all.count else {
      throw ZooError(
        .badData, "the file has \(all.count) weights of the model, which has \(slots.count)",
        at: "layer \"\(top.name)\"")
    }
    let order = slots.indices.filter { slots[$0].isTrainable } + slots.indices.filter { !slots[$0].isTrainable }
    let wanted = path.map(\.name)
    return zip(order, all).filter { slots[$0.0].path == wanted }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}

/// Which variables a layer has.
enum KerasVariables {
  /// For each variable whether it is trainable, in the order in which the layer makes them; `nil` for a layer of which
  /// that is not known.
  static func roles(of layer: KerasLayer) -> [Bool]? {
    if let inner = layer.model?.layers ?? layer.inner.map({ [$0] }) {
      let roles = inner.map(roles)
      return roles.contains { $0 == nil } ? nil : roles.flatMap { $0 ?? [] }
    }
    guard KerasLayers.all[layer.className] != nil else { return nil }
    func has(_ setting: String) -> Bool { layer.config[setting]?.bool ?? true }
    func cell(_ config: JSON?) -> [Bool] { config?["use_bias"]?.bool ?? true ? [true, true, true] : [true, true] }
    switch layer.className {
    case "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "Conv1DTranspose", "Conv2DTranspose",
      "Conv3DTranspose", "Dense", "Convolution1D", "Convolution2D", "Convolution3D", "Deconvolution2D",
      "AtrousConvolution2D":
      return has("use_bias") ? [true, true] : [true]
    case "SeparableConv1D", "SeparableConv2D", "SeparableConvolution2D":
      return has("use_bias") ? [true, true, true] : [true, true]
    case "BatchNormalization", "SyncBatchNormalization":
      return (has("scale") ? [true] : []) + (has("center") ? [true] : []) + [false, false]
    case "LayerNormalization", "GroupNormalization": return (has("scale") ? [true] : []) + (has("center") ? [true] : [])
    case "PReLU", "Embedding", "LayerScale": return [true]
    case "MultiHeadAttention": return [Bool](repeating: true, count: has("use_bias") ? 8 : 4)
    case "LSTM", "GRU", "SimpleRNN": return cell(layer.config)
    case "Bidirectional":
      let forward = layer.config["layer"]?["config"]
      return cell(forward) + cell(layer.config["backward_layer"]?["config"] ?? forward)
    case "Normalization":
      let isGiven = layer.config["mean"].map { !$0.isNull } ?? false
      return isGiven ? [] : [false, false, false]
    default: return []
    }
  }
}
