import ZooNumbers

/// How far an output is from what another model, or another precision, gives.
public struct OutputDifference: Sendable, Hashable, Codable {
  public var name: String
  public var shape: [Int]
  /// The largest difference of two elements.
  public var largest: Double
  /// `largest` relative to the largest magnitude in the reference.
  public var relative: Double
  /// The mean difference relative to the largest magnitude in the reference.
  public var mean: Double
  /// The cosine of the angle between the outputs as vectors: 1 for the same direction.
  public var cosine: Double
}

extension Model {
  /// Runs this model and `reference` on the same inputs and tells how far apart their outputs are.
  ///
  /// ```swift
  /// let exact = try Model(contentsOf: path)
  /// let fast = try Model(contentsOf: path, options: .init(precision: .int8))
  /// for output in try fast.differences(from: exact, on: exact.definition.randomInputs(seed: 1)) {
  ///   print(output.name, output.relative)
  /// }
  /// ```
  ///
  /// A difference that is no number, such as NaN beside 1, counts as infinite.
  ///
  /// - Throws: `ZooError`, as `run(_:)`; `usage` for models with outputs of different names or shapes; `unsupported` for
  ///   outputs that are no numbers.
  public func differences(from reference: Model, on inputs: [String: Tensor]) throws(ZooError) -> [OutputDifference] {
    do {
      let (found, expected) = (try run(inputs), try reference.run(inputs))
      return try outputs.map { output in
        guard let tensor = found[output.name], let wanted = expected[output.name], tensor.shape == wanted.shape else {
          throw ZooError(
            .usage, "the models don't both have an output of this name and shape", at: output.name,
            advice: "compare a model with another form of itself")
        }
        var counts = DifferenceCounts()
        let (values, expectedValues) = (try tensor.numbers(), try wanted.numbers())
        tensor.withUnsafeBytes { bytes in
          wanted.withUnsafeBytes { others in
            counts.add(values, expectedValues) { index in
              tensor.type == wanted.type ? Numbers.distance(tensor.type, bytes, others, index) : nil
            }
          }
        }
        return OutputDifference(
          name: output.name, shape: tensor.shape, largest: counts.largest, relative: counts.relative,
          mean: counts.relativeMean, cosine: counts.cosine)
      }
    } catch { throw ZooError(error) }
  }
}

/// Adds up how far numbers are from others.
package struct DifferenceCounts {
  package init() {}

  private(set) var largest = 0.0
  private var sum = 0.0
  private var count = 0
  /// The largest magnitude of the reference.
  private var scale = 0.0
  private var (product, squares, expectedSquares) = (0.0, 0.0, 0.0)

  /// - Parameter exact: How far apart two elements are, where that is not the difference of their numbers.
  package mutating func add(_ values: [Double], _ expected: [Double], exact: (_ index: Int) -> Double? = { _ in nil }) {
    for (index, (value, wanted)) in zip(values, expected).enumerated() {
      let isSame = value == wanted || (value.isNaN && wanted.isNaN)
      let difference = exact(index) ?? (isSame ? 0 : (value - wanted).magnitude)
      largest = max(largest, difference.isNaN ? .infinity : difference)
      sum += difference.isNaN ? .infinity : difference
      if wanted.isFinite { scale = max(scale, wanted.magnitude) }
      product += value * wanted
      squares += value * value
      expectedSquares += wanted * wanted
    }
    count += values.count
  }

  package var relative: Double { relative(largest) }
  package var relativeMean: Double { relative(count > 0 ? sum / Double(count) : 0) }

  /// Two vectors of zeros have the same direction.
  var cosine: Double {
    if largest == 0 { return 1 }
    let lengths = squares.squareRoot() * expectedSquares.squareRoot()
    return lengths > 0 ? product / lengths : 0
  }

  private func relative(_ difference: Double) -> Double {
    difference == 0 ? 0 : scale > 0 ? difference / scale : .infinity
  }
}
