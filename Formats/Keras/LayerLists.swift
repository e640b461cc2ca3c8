import HDF5Format
import JSON
import ZooCore
import TensorFiles

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
    // Without a model nobody knows in which order its layers come, by which Keras goes.
    guard let configuration = texts["model_config"] else { return }
    let version = texts["keras_version"]?.split(separator: ".").first.flatMap { Int($0) } ?? 1
    let names = file.tensors.map(\.name)
    let others = names.filter { $0.hasPrefix("\(Self.optimizer)/") }
    let own = names.filter { !$0.hasPrefix("\(Self.optimizer)/") }
    guard let model = try? KerasModel(JSON(configuration), version: version), let layers = Self.lists(own, model.layers)
    else {
      self.file.metadata.removeAll { Self.modelTexts.contains($0.key) }
      return
    }
    lists = layers
    if !others.isEmpty { lists.append(Self.list("weight_names", others, in: Self.optimizer)) }
  }

  /// The lists for tensors of those names; `nil` where they are not the weights of these layers.
  private static func lists(_ names: [String], _ layers: [KerasLayer]) -> [HDF5List]? {
    // A layer's name may have slashes, so the longest one counts.
    let paths = layers.map(\.name.pathParts)
    let longestFirst = paths.indices.sorted { paths[$0].count > paths[$1].count }
    var found = [[String]](repeating: [], count: layers.count)
    for name in names {
      let parts = name.pathParts
      guard parts[0] == weights,
        let layer = longestFirst.first(where: {
          parts.count > paths[$0].count + 1 && parts.dropFirst().starts(with: paths[$0])
        })
      else { return nil }
      // A file of Keras gives a layer's weights in their order.
      found[layer].append(name)
    }
    for (layer, names) in zip(layers, found) {
      guard KerasVariables.roles(of: layer)?.count ?? names.count == names.count else { return nil }
    }
    let all = zip(layers, found).map { list("weight_names", $1, in: "\(weights)/\($0.name)") }
    let own = all.filter { !$0.texts.isEmpty }
    return [
      HDF5List(group: weights, name: "layer_names", texts: zip(layers, found).filter { !$1.isEmpty }.map(\.0.name))
    ]
      + own
  }

  private static func list(_ name: String, _ paths: [String], in group: String) -> HDF5List {
    let texts = paths.map { String(decoding: $0.utf8.dropFirst(group.utf8.count + 1), as: UTF8.self) }
    return HDF5List(group: group, name: name, texts: texts)
  }
}
