import ZooRuntime

/// Photographs in, vectors out.
struct PictureEmbedder: Sendable {
  /// At most as many values go into one run, so that memory stays bounded whatever the number of photographs.
  private static let largestBatch = 1 << 22

  private let network: CompiledModel
  private let preprocessing: ImagePreprocessing
  private let input: String
  private let output: String

  init(_ model: Model, _ preprocessing: ImagePreprocessing) throws {
    self.preprocessing = preprocessing
    let names = model.outputs.map(\.name)
    guard let output = names.first(where: { $0 == "image_embeds" }) ?? names.last else {
      throw ZooError(.badData, "the model has no output", at: model.metadata.location)
    }
    let (network, inputs) = try model.network(leadingTo: output)
    guard let input = inputs.first, inputs.count == 1 else {
      throw ZooError(
        .badData, "the model claims to embed photographs, but it has \(inputs.count) inputs for one",
        at: model.metadata.location, advice: "package it again")
    }
    (self.network, self.input, self.output) = (network, input, output)
  }

  func vectors(of inputs: [Input]) throws -> [[Float]] {
    let count = min(64, max(1, Self.largestBatch / max(1, 3 * preprocessing.height * preprocessing.width)))
    return try stride(from: 0, to: inputs.count, by: count).flatMap { start in
      let photos = try inputs[start..<min(start + count, inputs.count)].compactMap { try $0.picture() }
      let vectors = try network.run([input: preprocessing.tensor(from: photos)])[output]
      guard let vectors, vectors.type == .float32, vectors.shape.count == 2, vectors.shape[0] == photos.count else {
        throw ZooError(
          .badData, "the output holds no vector for each photograph", at: output, advice: "package the model again")
      }
      let numbers = try vectors.elements(Float.self)
      guard numbers.allSatisfy(\.isFinite) else {
        throw ZooError(.badData, "the vector's components are no finite numbers", at: output)
      }
      let width = vectors.shape[1]
      return photos.indices.map { Array(numbers[$0 * width..<($0 + 1) * width]) }
    }
  }
}
