import ModelZoo
import ZooRuntime

extension Model {
  /// Runs the model on samples and tells the ranges of what its products read, for 8-bit arithmetic.
  ///
  /// ```swift
  /// let model = try Model(contentsOf: "resnet50.zoo")
  /// var definition = model.definition
  /// definition.metadata.calibration = try model.calibration(on: ["photos"])
  /// try definition.write(to: "resnet50-calibrated.zoo", format: .package)
  /// ```
  ///
  /// A range is the one that loses the least, in squares, with 256 steps over all samples: a few elements may lie
  /// outside, and are clamped.
  ///
  /// - Parameters:
  ///   - paths: For a classifier of images: images, folders of images, and datasets as `accuracy(on:)` takes them,
  ///     whose labels don't matter. For any model: `.npy` files for the only input, `.npz` files with an array for each
  ///     input, and folders of those. Arrays may hold several samples along the first axis.
  ///   - inputs: Samples that are tensors already.
  ///   - limit: At most this many samples are run, evenly spread over those that there are.
  ///   - progress: Called now and then with the number of samples that are done, and of all.
  /// - Throws: `ZooError`: `usage` for a model with another precision than float32, or no samples; `notFound` and
  ///   `badData` for samples that can't be read or don't fit; `unsupported` for a model whose products are never rounded.
  public func calibration(
    on paths: [String], inputs: [[String: Tensor]] = [], limit: Int = 256,
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> Calibration {
    guard compiled.options.arithmetic.precision == .float32 else {
      throw ZooError(.usage, "a model is calibrated in fp32", advice: "open it without another precision")
    }
    guard limit > 0 else { throw ZooError(.usage, "a calibration needs at least one sample, not \(limit)") }
    let sources = try paths.map { try SampleTensors($0, for: self) }
    let all = inputs.count + sources.reduce(0) { $0 + $1.count }
    let step = max(1, (all + limit - 1) / limit)
    var estimators: [String: RangeEstimator] = [:]
    var done = 0

    func run(_ tensors: [String: Tensor], samples: Int) throws {
      try compiled.observeProducts(tensors) { estimators[$0, default: RangeEstimator()].add($1) }
      done += samples
      progress(done, (all + step - 1) / step)
    }

    for index in stride(from: 0, to: inputs.count, by: step) { try run(inputs[index], samples: 1) }
    for source in sources { try source.forEach(every: step, run) }
    guard done > 0 else { throw ZooError(.usage, "there are no samples", advice: "give images or tensors") }
    return Calibration(
      samples: done,
      ranges: try estimators.sorted { $0.key < $1.key }.compactMap { name, estimator in
        guard !estimator.isBroken else {
          throw ZooError(
            .badData, "a sample makes numbers of it that are not finite", at: "value \"\(name)\"",
            advice: "leave that sample out")
        }
        return estimator.range.map {
          Calibration.ValueRange(value: name, least: $0.lowerBound, greatest: $0.upperBound)
        }
      })
  }
}
