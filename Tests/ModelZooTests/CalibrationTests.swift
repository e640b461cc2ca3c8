import Foundation
import ModelZoo
import NumPyFormat
import Testing
import TestSupport
import ZooCore
import ZooEvaluation

@Suite struct CalibrationTests {
  /// Names as the compiler changes them: an Identity before a product, a folded normalization, a fused activation and sum,
  /// channels that fill no block of 16.
  private static func network() throws -> ModelDefinition {
    var model = ModelDefinition()
    model.operatorSets = [OperatorSet(version: 17)]
    model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: ["N", 3, 8, 8])]
    model.graph.outputs = [ValueInfo(name: "y", elementType: .float32, shape: ["N", 7])]
    model.graph.nodes = [
      Node("Identity", inputs: ["x"], outputs: ["same"]),
      Node("Conv", inputs: ["same", "first"], outputs: ["a"], attributes: [Attribute("pads", .ints([1, 1, 1, 1]))]),
      Node("BatchNormalization", inputs: ["a", "scale", "shift", "mean", "variance"], outputs: ["b"]),
      Node("Relu", inputs: ["b"], outputs: ["c"]),
      Node("Dropout", inputs: ["c"], outputs: ["d"]),
      Node("Conv", inputs: ["d", "second"], outputs: ["e"]),
      Node("Add", inputs: ["e", "d"], outputs: ["f"]),
      Node("GlobalAveragePool", inputs: ["f"], outputs: ["g"]),
      Node("Flatten", inputs: ["g"], outputs: ["h"]),
      Node("Gemm", inputs: ["h", "third"], outputs: ["y"]),
    ]
    func add(_ name: String, _ shape: [Int], _ values: [Float]? = nil) throws {
      let values = values ?? sampleNumbers(shape.reduce(1, *), seed: UInt64(shape.count))
      model.graph.initializers.append(NamedTensor(name: name, tensor: StoredTensor(try Tensor(values, shape: shape))))
    }
    try add("first", [21, 3, 3, 3])
    for (name, value) in [("scale", 1), ("shift", 0.5), ("mean", 0), ("variance", 1)] as [(String, Float)] {
      try add(name, [21], [Float](repeating: value, count: 21))
    }
    try add("second", [21, 21, 1, 1])
    try add("third", [21, 7])
    return model
  }

  /// The values that the products read, as outputs of their own.
  private static func values(_ model: ModelDefinition, _ input: [String: Tensor]) throws -> [String: [Float]] {
    var open = model
    open.graph.outputs = ["same", "d", "h"].map { ValueInfo(name: $0) }
    let found = try Model.linked(open).run(input)
    return try ["x": "same", "c": "d", "h": "h"].mapValues { try #require(found[$0]).elements() }
  }

  @Test func rangesAreThoseOfTheValuesThatProductsRead() throws {
    let definition = try Self.network()
    let input = ["x": try Tensor(sampleNumbers(2 * 192, seed: 8), shape: [2, 3, 8, 8])]
    let calibration = try Model.linked(definition).calibration(on: [], inputs: [input])
    #expect(calibration.samples == 1)
    let values = try Self.values(definition, input)
    let found = Dictionary(uniqueKeysWithValues: calibration.ranges.map { ($0.value, $0) })
    // Dropped nodes leave the name of what they read; "h" is a view of "g" with a name of its own.
    #expect(Set(found.keys) == Set(values.keys))
    for (name, elements) in values {
      let range = try #require(found[name])
      let (least, greatest) = (min(elements.min() ?? 0, 0), max(elements.max() ?? 0, 0))
      // Even numbers, without far ones: almost the whole range is kept.
      #expect(range.least >= least * 1.0001 && range.least <= least * 0.95, "\(name) \(range)")
      #expect(range.greatest <= greatest * 1.0001 && range.greatest >= greatest * 0.95, "\(name) \(range)")
    }
    #expect(found["c"]?.least == 0)
  }

  /// The range loses no more than any other of a fine grid, when rounding is done number by number.
  @Test(arguments: [1, 8, 30] as [Float])
  func rangeLosesTheLeast(outlier: Float) throws {
    var model = ModelDefinition()
    model.operatorSets = [OperatorSet(version: 17)]
    model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: ["N", 4])]
    model.graph.outputs = [ValueInfo(name: "y", elementType: .float32, shape: ["N", 4])]
    model.graph.nodes = [Node("MatMul", inputs: ["x", "w"], outputs: ["y"])]
    model.graph.initializers = [
      NamedTensor(name: "w", tensor: StoredTensor(try Tensor([Float](repeating: 1, count: 16), shape: [4, 4])))
    ]
    var values = try NormalGeneratorSample.numbers(20_000)
    values[5] = outlier
    let half = values.count / 2
    // In two runs, the far number in the first: the histogram has to widen or to hold.
    let inputs = try [values[..<half], values[half...]].map {
      ["x": try Tensor(Array($0), shape: [half / 4, 4])]
    }
    for order in [inputs, inputs.reversed()] {
      let range = try #require(try Model.linked(model).calibration(on: [], inputs: order).ranges.first)
      func error(_ low: Float, _ high: Float) -> Double {
        let step = Double(high - low) / 255
        return values.reduce(0) { sum, value in
          let clamped = min(max(Double(value), Double(low)), Double(high))
          let rounded = ((clamped - Double(low)) / step).rounded() * step + Double(low)
          return sum + (rounded - Double(value)) * (rounded - Double(value))
        }
      }
      let found = error(range.least, range.greatest)
      let (least, greatest) = (values.min() ?? 0, values.max() ?? 0)
      for share in stride(from: Float(0.1), through: 1, by: 0.05) {
        #expect(found <= error(least, greatest * share) * 1.1, "\(outlier) \(share) \(range)")
        #expect(found <= error(least * share, greatest) * 1.1, "\(outlier) \(share) \(range)")
      }
    }
  }

  @Test func samplesComeFromFiles() throws {
    try withFolder { folder in
      let model = try Model.linked(Self.network())
      let all = sampleNumbers(6 * 192, seed: 8)
      let whole = try model.calibration(on: [], inputs: [["x": try Tensor(all, shape: [6, 3, 8, 8])]])
      // One array of six, or six of one.
      try NumPyFile.write(Tensor(all, shape: [6, 3, 8, 8]), to: folder + "/all.npy")
      let apart = try model.calibration(on: [folder + "/all.npy"])
      #expect(apart.samples == 6)
      try FileManager.default.createDirectory(atPath: folder + "/many", withIntermediateDirectories: true)
      for index in 0..<6 {
        try NumPyFile.write(
          Tensor(Array(all[index * 192..<(index + 1) * 192]), shape: [1, 3, 8, 8]), to: "\(folder)/many/\(index).npy")
      }
      let folderOf = try model.calibration(on: [folder + "/many"])
      #expect(folderOf == apart)
      for (one, other) in zip(whole.ranges, apart.ranges) {
        #expect(one.value == other.value && abs(one.greatest - other.greatest) <= 0.1 * abs(one.greatest))
      }
      #expect(try model.calibration(on: [folder + "/many"], limit: 3).samples == 3)
      #expect(try model.calibration(on: [folder + "/many"], limit: 4).samples == 3)
      #expect(kind { try model.calibration(on: [folder + "/none"]) } == .notFound)
      #expect(kind { try model.calibration(on: []) } == .usage)
      try Data("no array".utf8).write(to: URL(fileURLWithPath: folder + "/bad.npy"))
      #expect(kind { try model.calibration(on: [folder + "/bad.npy"]) } == .badData)
      #expect(kind { try model.calibration(on: [#filePath]) } == .badData)
    }
  }

  @Test func samplesOfAClassifierAreImages() throws {
    try withFolder { folder in
      var definition = colourModel()
      definition.graph.nodes.append(Node("MatMul", inputs: ["scores0", "w"], outputs: ["scores"]))
      definition.graph.nodes[1].outputs = ["scores0"]
      definition.graph.initializers = [
        NamedTensor(name: "w", tensor: StoredTensor(try Tensor([Float](repeating: 1, count: 9), shape: [3, 3])))
      ]
      let model = try Model.linked(definition)
      for (index, colour) in [(255, 0, 51), (0, 102, 0), (0, 0, 0)].enumerated() {
        // Classes need not be the model's.
        let place = "\(folder)/set/class \(index)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let image = try picture(UInt8(colour.0), UInt8(colour.1), UInt8(colour.2))
        try image.writePNG(to: place + "/a.png")
        try FileManager.default.createDirectory(atPath: folder + "/flat", withIntermediateDirectories: true)
        try image.writePNG(to: "\(folder)/flat/\(index).png")
      }
      for path in [folder + "/set", folder + "/flat"] {
        let calibration = try model.calibration(on: [path])
        #expect(calibration.samples == 3 && calibration.ranges.map(\.value) == ["scores0"])
        #expect(calibration.ranges.first?.least == 0 && (calibration.ranges.first?.greatest ?? 0) > 0.9)
      }
      let one = try model.calibration(on: [folder + "/flat/1.png"])
      #expect(one.samples == 1 && abs((one.ranges.first?.greatest ?? 0) - 0.4) < 0.01)
    }
  }

  @Test func hostileSamplesAndRanges() throws {
    let definition = try Self.network()
    let model = try Model.linked(definition)
    for bad in [Float.nan, .infinity] {
      var values = sampleNumbers(192, seed: 8)
      values[100] = bad
      let input = ["x": try Tensor(values, shape: [1, 3, 8, 8])]
      #expect(kind { try model.calibration(on: [], inputs: [input]) } == .badData)
    }
    let input = ["x": try Tensor([Float](repeating: 0, count: 192), shape: [1, 3, 8, 8])]
    let zeros = try #require(try model.calibration(on: [], inputs: [input]).ranges.first { $0.value == "x" })
    #expect(zeros.least == 0 && zeros.greatest == 0)
    let tiny = ["x": try Tensor([Float](repeating: .leastNonzeroMagnitude, count: 192), shape: [1, 3, 8, 8])]
    #expect(try model.calibration(on: [], inputs: [tiny]).ranges.allSatisfy { $0.least <= $0.greatest })
    let huge = ["x": try Tensor([Float](repeating: .greatestFiniteMagnitude, count: 192), shape: [1, 3, 8, 8])]
    // Products of these are infinite.
    #expect(kind { try model.calibration(on: [], inputs: [huge]) } == .badData)

    var claimed = definition
    claimed.metadata.calibration = Calibration(samples: 1, ranges: [.init(value: "x", least: 1, greatest: -1)])
    let options = Model.Options(plugins: .linked, precision: .int8)
    #expect(kind { try Model(claimed, options: options) } == .badData)
    let rounded = try Model(definition, options: options)
    #expect(kind { try rounded.calibration(on: [], inputs: [input]) } == .usage)
  }
}

private enum NormalGeneratorSample {
  static func numbers(_ count: Int) throws -> [Float] {
    var generator = NormalGenerator(seed: 4)
    return (0..<count).map { _ in Float(generator.next()) }
  }
}
