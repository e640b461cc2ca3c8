import Foundation
import Testing
import ZooCore
import ZooRuntime

/// Operators that draw numbers: what they draw has the type and the shape that is asked for, comes of the right distribution,
/// and is the same again for the same seed only.
@Suite struct RandomTests {
  private static let count = 40_000

  /// Runs one node twice in one model; the numbers of its output are float64.
  private func draw(
    _ type: String, _ attributes: [Attribute], seed: Float? = nil, inputs: [(name: String, tensor: Tensor)] = []
  ) throws -> (type: ElementType, shape: [Int], runs: [[Double]]) {
    var sample = Sample()
    sample.inputs = inputs
    let seeds = seed.map { [Attribute("seed", .float($0))] } ?? []
    sample.nodes = [
      Node(type, name: "drawn", inputs: inputs.map(\.name), outputs: ["y"], attributes: attributes + seeds),
      Node("Cast", name: "cast", inputs: ["y"], outputs: ["z"], attributes: [Attribute("to", .int(11))]),
    ]
    sample.outputs = ["y", "z"]
    let model = try sample.compiled(.generic)
    let given = Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, $0.tensor) })
    let results = try (0..<2).map { _ in try model.run(given) }
    let y = try #require(results[0]["y"])
    return (y.type, y.shape, try results.map { try #require($0["z"]).elements(Double.self) })
  }

  /// The same seed gives the same numbers, in this model and in another; no seed gives other numbers each time.
  private func expectSeeds(
    _ type: String, _ attributes: [Attribute], inputs: [(name: String, tensor: Tensor)] = []
  ) throws {
    let one = try draw(type, attributes, seed: 1, inputs: inputs).runs
    #expect(one[0] == one[1], "\(type)")
    #expect(try draw(type, attributes, seed: 1, inputs: inputs).runs[0] == one[0], "\(type)")
    #expect(try draw(type, attributes, seed: 2, inputs: inputs).runs[0] != one[0], "\(type)")
    let free = try draw(type, attributes, inputs: inputs).runs
    #expect(free[0] != free[1] && free[0] != one[0], "\(type)")
    #expect(try draw(type, attributes, inputs: inputs).runs[0] != free[0], "\(type)")
  }

  /// How many deviations a sum may be away. With a seed it is always the same; without one, further numbers of the right
  /// distribution are there in one of 10^15 runs, while 5 deviations come once in a million sums.
  private static func deviations(_ seed: Float?) -> Double { seed == nil ? 8 : 5 }

  /// The greatest distance of the numbers' distribution from `probability` (Kolmogorov and Smirnov) is above c / √n with
  /// the chance 2 exp(-2c²): for 2.5 in one of 100,000 tests of numbers that come of it, for 4.2 in one of 10^15.
  private func expectDistribution(
    _ numbers: [Double], seed: Float?, _ comment: String, _ probability: (Double) -> Double
  ) {
    let n = Double(numbers.count)
    let distance = numbers.sorted().enumerated().map { index, number in
      max(abs(probability(number) - Double(index) / n), abs(probability(number) - Double(index + 1) / n))
    }.max()
    #expect((distance ?? 1) < (seed == nil ? 4.2 : 2.5) / n.squareRoot(), "\(comment)")
    // Neighbours have nothing to do with each other.
    let centred = numbers.map { probability($0) - 0.5 }
    let correlation = zip(centred, centred.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } * 12 / n
    #expect(abs(correlation) < Self.deviations(seed) / n.squareRoot(), "\(comment): \(correlation)")
  }

  /// Half precision has so few numbers that equal ones come often; that costs half a step of the distribution.
  private static let types: [ElementType] = [.float32, .float64]

  @Test(arguments: types, [false, true]) func uniformNumbers(_ type: ElementType, isLike: Bool) throws {
    let name = isLike ? "RandomUniformLike" : "RandomUniform"
    let inputs =
      isLike ? [(name: "x", tensor: try Tensor([Float](repeating: 3, count: Self.count), shape: [Self.count]))] : []
    let shape = isLike ? [] : [Attribute("shape", .ints([Int64(Self.count)]))]
    let attributes =
      shape + [
        Attribute("dtype", .int(Int64(type.rawValue))), Attribute("low", .float(-2)), Attribute("high", .float(6)),
      ]
    for seed in [nil, 7 as Float] {
      let drawn = try draw(name, attributes, seed: seed, inputs: inputs)
      #expect(drawn.type == type && drawn.shape == [Self.count])
      #expect(drawn.runs[0].allSatisfy { $0 >= -2 && $0 <= 6 })
      expectDistribution(drawn.runs[0], seed: seed, "\(name), \(type)") { ($0 + 2) / 8 }
    }
    try expectSeeds(name, attributes, inputs: inputs)
  }

  @Test(arguments: types, [false, true]) func normalNumbers(_ type: ElementType, isLike: Bool) throws {
    let name = isLike ? "RandomNormalLike" : "RandomNormal"
    let inputs =
      isLike ? [(name: "x", tensor: try Tensor([Float](repeating: 3, count: Self.count), shape: [Self.count]))] : []
    let shape = isLike ? [] : [Attribute("shape", .ints([Int64(Self.count)]))]
    let attributes =
      shape + [
        Attribute("dtype", .int(Int64(type.rawValue))), Attribute("mean", .float(-1)), Attribute("scale", .float(3)),
      ]
    for seed in [nil, 7 as Float] {
      let drawn = try draw(name, attributes, seed: seed, inputs: inputs)
      #expect(drawn.type == type && drawn.shape == [Self.count])
      expectDistribution(drawn.runs[0], seed: seed, "\(name), \(type)") { erfc(-($0 + 1) / 3 / 2.0.squareRoot()) / 2 }
    }
    try expectSeeds(name, attributes, inputs: inputs)
  }

  @Test(arguments: [nil, .float64, .int32, .bool, .float16] as [ElementType?])
  func zerosAndOnes(_ type: ElementType?) throws {
    let chances: [Float] = [0, 0.1, 0.5, 0.9, 1]
    let each = Self.count / chances.count
    let x = try Tensor((0..<Self.count).map { chances[$0 % chances.count] }, shape: [each, chances.count])
    let attributes = type.map { [Attribute("dtype", .int(Int64($0.rawValue)))] } ?? []
    for seed in [nil, 7 as Float] {
      let drawn = try draw("Bernoulli", attributes, seed: seed, inputs: [("x", x)])
      #expect(drawn.type == type ?? .float32 && drawn.shape == x.shape)
      #expect(drawn.runs[0].allSatisfy { $0 == 0 || $0 == 1 })
      for (column, chance) in chances.enumerated() {
        let ones = stride(from: column, to: Self.count, by: chances.count).reduce(0) { $0 + drawn.runs[0][$1] }
        let deviation = (Double(each) * Double(chance) * Double(1 - chance)).squareRoot()
        #expect(
          abs(ones - Double(each) * Double(chance)) <= Self.deviations(seed) * deviation + 1e-2,
          "\(ones) of \(each) at \(chance)")
      }
    }
    try expectSeeds("Bernoulli", attributes, inputs: [("x", x)])
  }

  @Test(arguments: [.int32, .int64] as [ElementType]) func classesByTheirLogarithms(_ type: ElementType) throws {
    let samples = 20_000
    let weights: [[Double]] = [[1, 2, 5, 0], [3, 3, 3, 1]]
    let x = try Tensor(weights.flatMap { row in row.map { Float(log($0)) } }, shape: [2, 4])
    let attributes = [Attribute("dtype", .int(Int64(type.rawValue))), Attribute("sample_size", .int(Int64(samples)))]
    for seed in [nil, 7 as Float] {
      let drawn = try draw("Multinomial", attributes, seed: seed, inputs: [("x", x)])
      #expect(drawn.type == type && drawn.shape == [2, samples])
      for (row, weights) in weights.enumerated() {
        let chosen = drawn.runs[0][row * samples..<(row + 1) * samples]
        for (number, weight) in weights.enumerated() {
          let chance = weight / weights.reduce(0, +)
          let count = Double(chosen.count { $0 == Double(number) })
          let deviation = (Double(samples) * chance * (1 - chance)).squareRoot()
          #expect(
            abs(count - Double(samples) * chance) <= Self.deviations(seed) * deviation, "\(count) of class \(number)")
        }
      }
    }
    try expectSeeds("Multinomial", attributes, inputs: [("x", x)])
  }

  /// In training Dropout drops the share that its ratio says, and scales the rest.
  @Test func dropoutInTraining() throws {
    var sample = Sample()
    let values = (0..<Self.count).map { Float($0 % 7 + 1) }
    sample.inputs = [("x", try Tensor(values, shape: [Self.count]))]
    sample.constants = [
      ("ratio", try Tensor([0.25 as Float], shape: [])), ("trains", try Tensor([true], shape: [])),
    ]
    func mask(_ seed: Int64?) throws -> [[Bool]] {
      sample.nodes = [
        Node(
          "Dropout", name: "d", inputs: ["x", "ratio", "trains"], outputs: ["y", "mask"],
          attributes: seed.map { [Attribute("seed", .int($0))] } ?? [])
      ]
      sample.outputs = ["y", "mask"]
      let model = try sample.compiled(.generic)
      return try (0..<2).map { _ in
        let results = try model.run(["x": sample.inputs[0].tensor])
        let y = try #require(results["y"]).elements(Float.self)
        let mask = try #require(results["mask"]).elements(Bool.self)
        let wanted = zip(values, mask).map { $1 ? $0 / 0.75 : 0 }
        #expect(zip(y, wanted).allSatisfy { abs($0 - $1) <= 1e-6 * $1 })
        return mask
      }
    }
    let seeded = try mask(1)
    let free = try mask(nil)
    #expect(seeded[0] == seeded[1])
    #expect(try mask(2)[0] != seeded[0] && free[0] != free[1])
    for (mask, seed) in [(seeded[0], 1), (free[0], nil)] as [([Bool], Float?)] {
      let kept = Double(mask.count { $0 })
      let deviation = (Double(Self.count) * 0.75 * 0.25).squareRoot()
      #expect(abs(kept - 0.75 * Double(Self.count)) < Self.deviations(seed) * deviation, "\(kept)")
    }
  }
}
