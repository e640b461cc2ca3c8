/// Photographs in, classes out: what `predict` does for a model whose task is image classification.
package struct ImageClassifier: Predictor {
  /// At most as many values go into one run, so that memory stays bounded whatever the number of photographs.
  private static let largestBatch = 1 << 22

  /// How far outside of 0…1 a probability may be by rounding.
  private static let rounding: Float = 1e-3

  private let model: Model
  private let preprocessing: ImagePreprocessing
  package let input: String
  private let output: String
  /// Photographs that the network takes at once, where its input has a fixed first extent.
  private let fixedBatch: Int?

  package init(_ model: Model) throws {
    let inputs = model.inputs
    guard let preprocessing = model.metadata.image, inputs.count == 1, let output = model.outputs.first else {
      throw ZooError(
        .badData, "the model claims to classify photographs, but it does not say how one becomes its input",
        at: model.metadata.location, advice: "package it again")
    }
    self.model = model
    self.preprocessing = preprocessing
    self.input = inputs[0].name
    self.output = output.name
    if case .tensor(_, let shape?)? = inputs[0].type?.form, case .fixed(let extent)? = shape.first?.extent {
      guard let batch = Int(exactly: extent), batch > 0, batch <= 1 << 16 else {
        throw ZooError(.badData, "the model takes \(extent) photographs at once", at: inputs[0].name)
      }
      fixedBatch = batch
    } else {
      fixedBatch = nil
    }
  }

  func predict(_ inputs: [Input]) throws -> [Prediction] {
    try scores(of: inputs).map { .classes(try classes(of: $0)) }
  }

  /// What the network gives for each of `inputs`: a number for every class.
  package func scores(of inputs: [Input]) throws -> [[Float]] {
    var answers: [[Float]] = []
    answers.reserveCapacity(inputs.count)
    var photos: [Image] = []
    func flush() throws {
      guard !photos.isEmpty else { return }
      let outputs = try model.compiled.run(tensors(of: photos))
      answers += try rows(of: outputs[output], count: fixedBatch ?? photos.count).prefix(photos.count)
      photos = []
    }
    for input in inputs {
      if case .tensors(let tensors) = input.content {
        try flush()
        let outputs = try model.compiled.run(tensors)
        answers += try rows(of: outputs[output], count: 1)
        continue
      }
      guard let photo = try input.picture() else {
        throw ZooError(
          .usage, "the model classifies photographs, not text", at: model.metadata.name, advice: "give it image files")
      }
      photos.append(photo)
      if photos.count == batchSize { try flush() }
    }
    try flush()
    return answers
  }

  /// Photographs that go through the network at once.
  package var batchSize: Int {
    let values = max(1, 3 * preprocessing.height * preprocessing.width)
    return fixedBatch ?? min(64, max(1, Self.largestBatch / values))
  }

  /// The network's input for at most `batchSize` photographs.
  package func tensors(of photos: [Image]) throws -> [String: Tensor] {
    var batch = photos
    // A network of fixed batch computes the rest in vain.
    if let fixedBatch { batch += Array(repeating: photos[0], count: fixedBatch - photos.count) }
    return [input: try preprocessing.tensor(from: batch)]
  }

  /// The scores of each of `count` photographs.
  private func rows(of tensor: Tensor?, count: Int) throws -> [[Float]] {
    guard let tensor else { throw ZooError(.defect, "the run gave no output", at: output) }
    let total = tensor.count
    guard tensor.type == .float32, tensor.shape.first == count, count > 0, total > 0, total % count == 0 else {
      throw ZooError(
        .badData, "a \(tensor.type.name) output of shape \(tensor.shape) is no class scores of \(count) photographs",
        at: output, advice: count == 1 ? "use run for tensors that hold more than one" : nil)
    }
    let classCount = total / count
    let labels = model.metadata.labels
    guard labels.isEmpty || labels.count == classCount else {
      throw ZooError(
        .badData, "the network has \(classCount) classes, but the model names \(labels.count)", at: output,
        advice: "package it again with a label for each class")
    }
    let scores = try tensor.elements(Float.self)
    return (0..<count).map { Array(scores[$0 * classCount..<($0 + 1) * classCount]) }
  }

  /// The classes by their scores, the most probable first.
  package func classes(of scores: [Float]) throws -> [Classification] {
    let probabilities = model.metadata.outputsProbabilities ? scores : softmax(scores)
    guard probabilities.allSatisfy(\.isFinite) else {
      throw ZooError(.badData, "the network's scores are no finite numbers", at: output)
    }
    if model.metadata.outputsProbabilities { try checkProbabilities(scores) }
    let labels = model.metadata.labels
    return probabilities.enumerated().map { index, probability in
      Classification(
        index: index, label: labels.isEmpty ? "class \(index)" : labels[index], probability: probability)
    }.sorted { ($1.probability, $0.index) < ($0.probability, $1.index) }
  }

  /// Refuses what a model wrongly calls probabilities. A model is one or the other: to take the softmax of some outputs
  /// only would give numbers that mean nothing together. They need not add up to 1, which independent classes don't.
  private func checkProbabilities(_ scores: [Float]) throws {
    guard scores.allSatisfy({ (-Self.rounding...1 + Self.rounding).contains($0) }) else {
      throw ZooError(
        .badData,
        "the model claims that its outputs are probabilities, but they lie between \(scores.min() ?? 0) and "
          + "\(scores.max() ?? 0)", at: output,
        advice: "zoo convert with --scores logits makes a package that has predict take their softmax")
    }
  }
}

/// exp(xᵢ) / Σ exp(xⱼ), from which the largest x is taken first so that nothing overflows.
func softmax(_ scores: [Float]) -> [Float] {
  let largest = scores.max() ?? 0
  let powers = scores.map { Double(exp($0 - largest)) }
  let sum = powers.reduce(0, +)
  return powers.map { Float($0 / sum) }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
