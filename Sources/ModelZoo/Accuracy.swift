@_exported import Datasets

/// How often a classifier is right.
public struct ClassificationAccuracy: Sendable, Hashable, Codable {
  /// Samples that were counted.
  public var images = 0
  /// The share whose label is the most probable class, 0…1.
  public var top1 = 0.0
  /// The share whose label is among the five most probable classes.
  public var top5 = 0.0
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
    guard metadata.task == .imageClassification, let input = inputs.first?.name else {
      throw ZooError(
        .usage, "the model states no task that can be measured", at: metadata.name.isEmpty ? nil : metadata.name,
        advice: "convert it with --task image-classification")
    }
    let datasets = try paths.map {
      try LabelledDataset($0, labels: metadata.labels, classCount: metadata.labels.isEmpty ? classCount : nil)
    }
    let all = datasets.reduce(0) { $0 + $1.count }
    var images = 0
    var first = 0
    var amongFive = 0
    for dataset in datasets {
      try dataset.forEachBatch(of: 64) { samples in
        let answers = try predict(
          samples.map { sample in
            switch sample.content {
            case .image(let image): .image(image)
            case .tensor(let tensor): .tensors([input: try tensor.reshaped([1] + tensor.shape)])
            }
          })
        for (sample, answer) in zip(samples, answers) {
          guard case .classes(let classes) = answer else { continue }
          images += 1
          if classes.first?.index == sample.label { first += 1 }
          if classes.prefix(5).contains(where: { $0.index == sample.label }) { amongFive += 1 }
        }
        progress(images, all)
      }
    }
    guard images > 0 else { throw ZooError(.badData, "there are no samples", at: paths.joined(separator: ", ")) }
    return ClassificationAccuracy(
      images: images, top1: Double(first) / Double(images), top5: Double(amongFive) / Double(images))
  }

  /// The classes that the model's output declares; `nil` where it leaves them open.
  private var classCount: Int? {
    guard case .tensor(_, let shape?)? = outputs.first?.type?.form, shape.count > 1,
      case .fixed(let extent) = shape[1].extent
    else { return nil }
    return Int(exactly: extent)
  }
}
