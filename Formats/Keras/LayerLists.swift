import HDF5Format
import JSON
import ZooCore

/// The lists by which Keras finds weights in an `.h5` file of the older form: the layers, and the weights of each.
struct LayerLists {
  /// What is written. A model is left out that the weights are not of: renamed, or with some missing.
  private(set) var file: TensorFile
  private(set) var lists: [HDF5List] = []

  private static let (weights, optimizer) = ("model_weights", "optimizer_weights")
  /// Texts that are about the model, and make no sense without it.
  private static let modelTexts = ["model_config", "training_config"]

  init(_ file: TensorFile) {
    self.file = file
    let texts = Dictionary(file.metadata.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    guard let configuration = texts["model_config"] else {
      // Weights that Keras saved by their layers' names.
      guard texts["keras_version"] != nil, texts["backend"] != nil else { return }
      lists = Self.layers(file.tensors.map(\.name), in: "", layers: nil) ?? []
      return
    }
    let version = texts["keras_version"]?.split(separator: ".").first.flatMap { Int($0) } ?? 1
    let model = try? KerasModel(JSON(configuration), version: version)
    let names = file.tensors.map(\.name)
    let (others, own) = (
      names.filter { $0.hasPrefix("\(Self.optimizer)/") }, names.filter { !$0.hasPrefix("\(Self.optimizer)/") }
    )
    guard let model, let layers = Self.layers(own, in: Self.weights, layers: model.layers) else {
      self.file.metadata.removeAll { Self.modelTexts.contains($0.key) }
      return
    }
    lists = layers
    if !others.isEmpty { lists.append(Self.list("weight_names", others, in: Self.optimizer)) }
  }

  /// The lists for tensors of those names, in `group`; `nil` where they are not the weights of such layers.
  private static func layers(_ names: [String], in group: String, layers: [KerasLayer]?) -> [HDF5List]? {
    let known = layers.map { layers in layers.map { $0.name.pathParts }.sorted { $0.count > $1.count } }
    let depth = group.isEmpty ? 0 : 1
    var found = NameTable<Int>()
    var weights: [[String]] = []
    for name in names {
      let parts = name.pathParts
      guard parts.count > depth + 1, depth == 0 || parts[0] == group, parts[0] != "layers" else { return nil }
      let rest = parts.dropFirst(depth)
      let layer = known.map { $0.first { rest.starts(with: $0) } ?? [] } ?? [parts[depth]]
      guard !layer.isEmpty, layer.count < rest.count else { return nil }
      let key = layer.joined(separator: "/")
      if found[key] == nil {
        _ = found.add(key, weights.count)
        weights.append([])
      }
      weights[found[key] ?? 0].append(name)
    }
    for layer in layers ?? [] {
      guard let roles = KerasVariables.roles(of: layer) else { continue }
      guard roles.count == found[layer.name].map({ weights[$0].count }) ?? 0 else { return nil }
    }
    let prefix = group.isEmpty ? "" : "\(group)/"
    return [HDF5List(group: group, name: "layer_names", texts: found.entries.map(\.name))]
      + found.entries.map { list("weight_names", weights[$0.value], in: "\(prefix)\($0.name)") }
  }

  private static func list(_ name: String, _ paths: [String], in group: String) -> HDF5List {
    let texts = paths.map { String(decoding: $0.utf8.dropFirst(group.utf8.count + 1), as: UTF8.self) }
    return HDF5List(group: group, name: name, texts: texts)
  }
}
