import Foundation
import ModelZoo
import ZooCore
import Testing

@Suite struct InputTests {
  private func model(_ shape: [ShapeDimension]) -> ModelDefinition {
    var model = ModelDefinition()
    model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: shape)]
    return model
  }

  @Test func fillsOpenDimensions() throws {
    #expect(try model(["N", 3]).inputShapes() == ["x": [1, 3]])
    #expect(try model(["N", 3]).inputShapes(batch: 8) == ["x": [8, 3]])
    #expect(try model(["N", "T"]).inputShapes(batch: 8, dimensions: ["T": 5]) == ["x": [8, 5]])
    #expect(try model(["N", "N"]).inputShapes(dimensions: ["N": 4]) == ["x": [4, 4]])
    #expect(try model([ShapeDimension(.unknown), 3]).inputShapes(batch: 2) == ["x": [2, 3]])
    #expect(try model([4, 3]).inputShapes(batch: 4) == ["x": [4, 3]])
    #expect(try model(["N", "T", ShapeDimension(.unknown)]).inputShapes(others: 128) == ["x": [1, 128, 128]])
    #expect(try model(["N", "N"]).inputShapes(batch: 8, others: 128) == ["x": [8, 8]])
    #expect(try model(["N", "T"]).inputShapes(dimensions: ["T": 5], others: 128) == ["x": [1, 5]])
  }

  @Test func refusesWhatDoesNotFit() {
    #expect(kind { try model(["N", "T"]).inputShapes() } == .usage)
    #expect(kind { try model(["N", ShapeDimension(.unknown)]).inputShapes() } == .usage)
    #expect(kind { try model([1, 3]).inputShapes(batch: 2) } == .usage)
    #expect(kind { try model(["N", 3]).inputShapes(dimensions: ["M": 2]) } == .usage)
    #expect(kind { try model(["N", ShapeDimension(.fixed(-1))]).inputShapes() } == .usage)
    #expect(kind { try model(["N", ShapeDimension(.fixed(1 << 62))]).randomInputs(seed: 0, batch: 9) } == .badData)
  }

  @Test func drawsStandardNormalNumbers() throws {
    let tensor = try #require(try model(["N", 1000]).randomInputs(seed: 7, batch: 100)["x"])
    let values = try tensor.numbers()
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect(abs(mean) < 0.02)
    #expect(abs(variance - 1) < 0.02)
    #expect(values.allSatisfy { abs($0) < 7 })
    let again = try #require(try model(["N", 1000]).randomInputs(seed: 7, batch: 100)["x"])
    #expect(try again.numbers() == values)
    let other = try #require(try model(["N", 1000]).randomInputs(seed: 8, batch: 100)["x"])
    #expect(try other.numbers() != values)
  }

  @Test func drawsEveryPlainType() throws {
    var generator = NormalGenerator(seed: 1)
    for type in [ElementType.float32, .float64, .float16, .bfloat16] {
      let values = try generator.tensor(type, [4000]).numbers()
      let variance = values.reduce(0) { $0 + $1 * $1 } / 4000
      #expect(abs(variance - 1) < 0.1, "\(type.name)")
    }
    for type in [ElementType.int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .bool] {
      #expect(Set(try generator.tensor(type, [100]).numbers()) == [0, 1], "\(type.name)")
    }
    #expect(kind { try generator.tensor(.string, [1]) } == .unsupported)
  }
}
