import GraphBuilder
import HuggingFace
import ZooCore

/// The patches of a picture as tokens (Dosovitskiy et al. 2021, section 3.1).
package struct PatchEmbeddings: Sendable {
  package var height, width, patchHeight, patchWidth: Int
  package var channels: Int
  /// Numbers that stand for a patch.
  package var features: Int

  package var rows: Int { height / patchHeight }
  package var columns: Int { width / patchWidth }
  package var patches: Int { rows * columns }

  /// - Throws: `ZooError` (`badData`) for sizes that make no sense.
  package init(_ settings: PretrainedSettings, patchSize: Int, features: Int) throws {
    (height, width) = try settings.sides("image_size", default: 224)
    (patchHeight, patchWidth) = try settings.sides("patch_size", default: patchSize)
    channels = try settings.count("num_channels", default: 3)
    self.features = features
    guard rows > 0, columns > 0 else {
      throw ZooError(
        .badData, "pictures of \(width) by \(height) pixels have no patch of \(patchWidth) by \(patchHeight)",
        at: "config.json")
    }
  }

  /// (N, channels, height, width)
  package var shape: [ShapeDimension] {
    ["N"] + [channels, height, width].map { ShapeDimension(.fixed(Int64($0))) }
  }

  /// The patches' projections: (N, patches, features).
  package func value(
    of image: GraphBuilder.Value, _ name: String, hasBias: Bool = true, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    var inputs = [image]
    inputs.append(try network.parameter("\(name).weight", [features, channels, patchHeight, patchWidth]))
    if hasBias { inputs.append(try network.parameter("\(name).bias", [features], .shift)) }
    let kernel = Attribute.Value.ints([Int64(patchHeight), Int64(patchWidth)])
    let projected = network.graph.node(
      "Conv", name, inputs, [Attribute("kernel_shape", kernel), Attribute("strides", kernel)])
    let shape = try network.graph.constant([0, Int64(features), Int64(patches)], "\(name).shape")
    return network.graph.node(
      "Transpose", "\(name).patches", [network.graph.node("Reshape", "\(name).rows", [projected, shape])],
      [Attribute("perm", .ints([0, 2, 1]))])
  }

  /// `patches` behind the tokens (1, 1, features) that every picture has.
  package func joining(
    _ tokens: [GraphBuilder.Value], _ patches: GraphBuilder.Value, of image: GraphBuilder.Value,
    _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let batch = network.graph.node(
      "Shape", "embeddings.batch", [image], [Attribute("start", .int(0)), Attribute("end", .int(1))])
    let extents = try network.graph.constant([1, Int64(features)], "embeddings.token.extents")
    let shape = network.graph.node("Concat", "embeddings.token.shape", [batch, extents], [Attribute("axis", .int(0))])
    let all = tokens.map { network.graph.node("Expand", "\($0.name).all", [$0, shape]) }
    return network.graph.node("Concat", "embeddings.tokens", all + [patches], [Attribute("axis", .int(1))])
  }
}
