@_exported import Datasets
import ModelZoo

/// How often a classifier is right.
public struct ClassificationAccuracy: Sendable, Hashable, Codable {
  /// Samples that were counted.
  public var images = 0
  /// The share whose label is the most probable class, 0…1.
  public var top1 = 0.0
  /// The share whose label is among the five most probable classes.
  public var top5 = 0.0
}

/// What a model's answers are beside those of another.
public struct AccuracyComparison: Sendable, Hashable {
  public var accuracy: ClassificationAccuracy
  /// Of the other model.
  public var reference: ClassificationAccuracy
  /// The share of samples for which both find the same class the most probable, 0…1.
  public var agreement: Double
  /// The largest difference of two scores, relative to the other model's largest score.
  public var largestDifference: Double
  /// The mean difference of two scores, relative to the other model's largest score.
  public var meanDifference: Double
}

/// Counts what `ClassificationAccuracy` tells.
private struct AccuracyCounts {
  private(set) var images = 0
  private var first = 0
  private var amongFive = 0

  mutating func add(_ classes: [Classification], label: Int) {
    images += 1
    if classes.first?.index == label { first += 1 }
    if classes.prefix(5).contains(where: { $0.index == label }) { amongFive += 1 }
  }

  var accuracy: ClassificationAccuracy {
    let all = Double(max(images, 1))
    return ClassificationAccuracy(images: images, top1: Double(first) / all, top5: Double(amongFive) / all)
  }
}

extension Model {
  /// Measures how often the model's classes are those of the datasets at `paths`, all taken together.
  ///
  /// Images are prepared as the model's metadata says, without regard to EXIF orientation, as published accuracies are
  /// measured. See `LabelledDataset` for what a dataset is.
  ///
  /// - Parameter progress: Called now and then with the number of samples that are done, and of all.
  /// - Throws: `ZooError`: `usage` for a model that is no classifier of images, `notFound` and `badData` for a dataset.
  public func accuracy(
    on paths: [String], progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> ClassificationAccuracy {
    let classifier = try measurableClassifier()
    var counts = AccuracyCounts()
    try forEachBatch(of: paths, progress: progress) { inputs, labels in
      for (scores, label) in zip(try classifier.scores(of: inputs), labels) {
        counts.add(try classifier.classes(of: scores), label: label)
      }
    }
    return counts.accuracy
  }

  /// Measures what it costs to compute as this model does: its accuracy beside that of `reference`, the same network
  /// with other weights or in another precision, and how far apart their outputs are.
  ///
  /// ```swift
  /// let exact = try Model(contentsOf: path)
  /// let fast = try Model(contentsOf: path, options: .init(precision: .int8))
  /// let cost = try fast.accuracy(on: ["test.tar.gz"], comparedWith: exact)
  /// ```
  ///
  /// - Throws: as `accuracy(on:)`; `usage` also for models with different classes.
  public func accuracy(
    on paths: [String], comparedWith reference: Model, progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> AccuracyComparison {
    let (own, other) = (try measurableClassifier(), try reference.measurableClassifier())
    guard metadata.labels == reference.metadata.labels else {
      throw ZooError(.usage, "the models don't have the same labels", at: reference.metadata.name)
    }
    var (counts, exact) = (AccuracyCounts(), AccuracyCounts())
    var difference = DifferenceCounts()
    var agreed = 0
    try forEachBatch(of: paths, progress: progress) { inputs, labels in
      for ((scores, wanted), label) in zip(zip(try own.scores(of: inputs), try other.scores(of: inputs)), labels) {
        guard scores.count == wanted.count else {
          throw ZooError(.usage, "the models have \(scores.count) and \(wanted.count) classes")
        }
        let (classes, expected) = (try own.classes(of: scores), try other.classes(of: wanted))
        counts.add(classes, label: label)
        exact.add(expected, label: label)
        if classes.first?.index == expected.first?.index { agreed += 1 }
        difference.add(scores.map(Double.init), wanted.map(Double.init))
      }
    }
    return AccuracyComparison(
      accuracy: counts.accuracy, reference: exact.accuracy,
      agreement: Double(agreed) / Double(max(counts.images, 1)), largestDifference: difference.relative,
      meanDifference: difference.relativeMean)
  }

  /// What `accuracy` asks about its samples.
  private func measurableClassifier() throws -> ImageClassifier {
    guard metadata.task == .imageClassification, !inputs.isEmpty else {
      throw ZooError(
        .usage, "the model states no task that can be measured", at: metadata.location,
        advice: "convert it with --task image-classification")
    }
    return try ImageClassifier(self)
  }

  /// Calls `body` with the samples of the datasets and their labels, some at a time.
  private func forEachBatch(
    of paths: [String], progress: (_ done: Int, _ all: Int) -> Void, _ body: ([Input], [Int]) throws -> Void
  ) throws {
    let input = inputs[0].name
    let datasets = try paths.map {
      try LabelledDataset($0, labels: metadata.labels, classCount: metadata.labels.isEmpty ? classCount : nil)
    }
    let all = datasets.reduce(0) { $0 + $1.count }
    var done = 0
    for dataset in datasets {
      try dataset.forEachBatch(of: 64) { samples in
        let inputs = try samples.map { sample -> Input in
          switch sample.content {
          case .image(let image): .image(image)
          case .tensor(let tensor): .tensors([input: try tensor.reshaped([1] + tensor.shape)])
          }
        }
        try body(inputs, samples.map(\.label))
        done += samples.count
        progress(done, all)
      }
    }
    guard done > 0 else { throw ZooError(.badData, "there are no samples", at: paths.joined(separator: ", ")) }
  }

  /// The classes that the model's output declares; `nil` where it leaves them open.
  private var classCount: Int? {
    guard case .tensor(_, let shape?)? = outputs.first?.type?.form, shape.count > 1,
      case .fixed(let extent) = shape[1].extent
    else { return nil }
    return Int(exactly: extent)
  }
}
