import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore
import ZooEvaluation

@Suite struct ComparisonTests {
  /// `colourModel` with its scores times a factor for each class.
  private func scaled(_ factors: [Float]) throws -> Model {
    var model = colourModel()
    model.graph.nodes[1].outputs = ["plain"]
    model.graph.nodes.append(Node("Mul", inputs: ["plain", "factors"], outputs: ["scores"]))
    model.graph.initializers = [NamedTensor(name: "factors", tensor: StoredTensor(try Tensor(factors, shape: [3])))]
    return try Model.linked(model)
  }

  @Test func tellsHowFarOutputsAreApart() throws {
    let (exact, other) = (try scaled([1, 2, 4]), try scaled([1, 2, 4.5]))
    let input = ["photo": try Tensor([Float](repeating: 2, count: 48), shape: [1, 3, 4, 4])]
    let difference = try #require(try other.differences(from: exact, on: input).first)
    // 2, 4, 8 and 2, 4, 9
    #expect(difference.name == "scores" && difference.shape == [1, 3])
    #expect(abs(difference.largest - 1) < 1e-6 && abs(difference.relative - 1.0 / 8) < 1e-6)
    #expect(abs(difference.mean - 1.0 / 24) < 1e-6)
    #expect(abs(difference.cosine - (4 + 16 + 72) / (84.0 * 101).squareRoot()) < 1e-6)
    let same = try #require(try exact.differences(from: exact, on: input).first)
    #expect(same.largest == 0 && same.relative == 0 && same.mean == 0 && same.cosine == 1)
    // No number is as far from one as can be, and not from itself.
    let broken = try scaled([1, .nan, 4])
    #expect(try broken.differences(from: exact, on: input).first?.relative == .infinity)
    #expect(try broken.differences(from: broken, on: input).first?.relative == 0)
    var renamed = colourModel()
    renamed.graph.outputs[0].name = "means"
    let another = try Model.linked(renamed)
    #expect(kind { try exact.differences(from: another, on: input) } == .usage)
  }

  @Test func tellsIntegersOf64BitsApart() throws {
    func shifted(_ by: Int64) throws -> Model {
      var model = ModelDefinition()
      model.operatorSets = [OperatorSet(version: 17)]
      model.graph.inputs = [ValueInfo(name: "x", elementType: .int64, shape: ["N"])]
      model.graph.outputs = [ValueInfo(name: "y")]
      model.graph.nodes = [Node("Add", inputs: ["x", "by"], outputs: ["y"])]
      model.graph.initializers = [NamedTensor(name: "by", tensor: StoredTensor(try Tensor([by], shape: [1])))]
      return try Model.linked(model)
    }
    let input = ["x": try Tensor([Int64](arrayLiteral: 1 << 53, .max - 1), shape: [2])]
    let difference = try #require(try shifted(1).differences(from: shifted(0), on: input).first)
    #expect(difference.largest == 1 && difference.mean > 0)
  }

  @Test func comparesAccuracy() throws {
    try withFolder { folder in
      for (label, colour) in [("red", (250, 200, 0)), ("green", (0, 250, 0)), ("blue", (0, 100, 200))] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(label)", withIntermediateDirectories: true)
        try picture(UInt8(colour.0), UInt8(colour.1), UInt8(colour.2)).writePNG(to: "\(folder)/\(label)/a.png")
      }
      let exact = try scaled([1, 1, 1])
      // Takes the red picture for green.
      let other = try scaled([1, 1.5, 1])
      let comparison = try other.accuracy(on: [folder], comparedWith: exact)
      #expect(comparison.accuracy == (try other.accuracy(on: [folder])))
      #expect(comparison.reference == (try exact.accuracy(on: [folder])) && comparison.reference.top1 == 1)
      #expect(abs(comparison.accuracy.top1 - 2.0 / 3) < 1e-9 && abs(comparison.agreement - 2.0 / 3) < 1e-9)
      // Green is 200, 250, 100 of 255; half of each is the difference, one score of three; 250 is the largest.
      #expect(abs(comparison.largestDifference - 125.0 / 250) < 1e-5)
      #expect(abs(comparison.meanDifference - (100.0 + 125 + 50) / 9 / 250) < 1e-5)
      var relabelled = colourModel()
      relabelled.metadata.labels = ["green", "red", "blue"]
      let another = try Model.linked(relabelled)
      #expect(kind { try other.accuracy(on: [folder], comparedWith: another) } == .usage)
    }
  }
}
