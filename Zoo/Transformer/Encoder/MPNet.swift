import GraphBuilder
import HuggingFace
import ZooCore

/// BERT without token types, whose attention knows how far tokens are from each other (Song et al. 2020, "MPNet").
package struct MPNet: TextEncoder {
  package static let modelTypes = ["mpnet"]
  static let prefixes = ["mpnet."]
  static let parts = ["embeddings.", "encoder."]

  let embeddings: TextEmbeddings
  let layers: Int
  let layer: EncoderLayer
  /// Rows of the table of relative positions.
  let distances: Int

  var title: String { "MPNet" }
  var width: Int { layer.width }
  var usablePositions: Int { embeddings.usablePositions }
  var hasTypes: Bool { false }

  /// What the published code counts with, whatever config.json says: distances are told apart in so many ways.
  private static let buckets = 32

  init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    layers = try settings.count("num_hidden_layers", default: 12, most: 1000)
    distances = try settings.count("relative_attention_num_buckets", default: 32)
    layer = try EncoderLayer(
      settings,
      names: EncoderLayer.Names(
        query: "attention.attn.q", key: "attention.attn.k", value: "attention.attn.v",
        attentionOutput: "attention.attn.o", attentionNormalization: "attention.LayerNorm",
        inner: "intermediate.dense", outer: "output.dense", outputNormalization: "output.LayerNorm"))
    embeddings = TextEmbeddings(
      vocabulary: try settings.count("vocab_size", default: 30527), width: layer.width,
      positions: try settings.count("max_position_embeddings", default: 512), firstPosition: 2,
      epsilon: layer.epsilon)
    try embeddings.check(folder)
    guard distances >= Self.buckets, embeddings.positions <= 1 << 16 else {
      throw ZooError(
        .badData, "\"relative_attention_num_buckets\" is \(distances), which is less than \(Self.buckets)",
        at: "\(folder.path)/config.json")
    }
  }

  func states(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    var value = try embeddings.value(inputs, &network)
    let mask = try mask(inputs, &network)
    for index in 0..<layers { value = try network.layer(value, "encoder.layer.\(index)", layer, mask: mask) }
    return value
  }

  /// What is added to the products of queries and keys, (N, heads, S, S): by how far they are from each other, and almost
  /// -∞ for padding.
  private func mask(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    let name = "encoder.relative_attention_bias"
    let table = try network.parameter("\(name).weight", [distances, layer.heads])
    let most = usablePositions - 1
    let buckets = try network.graph.constant((-most...most).map { Int64(Self.bucket($0)) }, "\(name).buckets")
    let byDistance = network.graph.node("Gather", "\(name).by_distance", [table, buckets])
    let distance = try network.distances(inputs.ids, name)
    let row = network.graph.add(distance, try network.graph.constant([Int64(most)], "\(name).most"), "\(name).row")
    let biases = network.graph.node(
      "Transpose", "\(name).heads", [network.graph.node("Gather", name, [byDistance, row])],
      [Attribute("perm", .ints([2, 0, 1]))])
    return network.graph.node(
      "Where", "\(name).mask",
      [
        try network.graph.visibleKeys(inputs.mask, "attention_mask"), biases,
        try network.graph.constant(-.greatestFiniteMagnitude, "\(name).hidden"),
      ])
  }

  /// The row for a key that lies `distance` behind the query (Raffel et al. 2020, section 2.1): one each for short
  /// distances, wider and wider ranges up to 128 for others, before and behind.
  static func bucket(_ distance: Int) -> Int {
    let (half, exact) = (buckets / 2, buckets / 4)
    let behind = distance > 0 ? half : 0
    guard abs(distance) >= exact else { return behind + abs(distance) }
    // In single precision, as the published code has it: numbers that hit a boundary fall as they do there.
    let share = log(Float(abs(distance)) / Float(exact)) / Float(log(128 / Double(exact)))
    return behind + min(exact + Int(share * Float(half - exact)), half - 1)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
