import Foundation
import ModelZoo
import TestSupport
import ZooCore
import Testing

@Suite struct PredictionTests {
  @Test func namesAPicture() throws {
    let model = try Model.linked(colourModel())
    let classes = try model.predict(.image(picture(255, 0, 51))).classes
    #expect(classes.map(\.label) == ["red", "blue", "green"])
    #expect(classes.map(\.index) == [0, 2, 1])
    // softmax of 1, 0, 0.2
    let sum = exp(1.0) + 1 + exp(0.2)
    for (value, expected) in zip(classes.map(\.probability), [exp(1.0) / sum, exp(0.2) / sum, 1 / sum]) {
      #expect(abs(Double(value) - expected) < 1e-5)
    }
  }

  @Test func takesProbabilitiesAsTheyAre() throws {
    let model = try Model.linked(colourModel(probabilities: true))
    let classes = try model.predict(.image(picture(255, 0, 51))).classes
    #expect(classes[0].probability == 1)
    #expect(classes[2].probability == 0)
  }

  @Test func answersManyInTheirOrder() throws {
    let colours: [(UInt8, UInt8, UInt8)] = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    let inputs = try (0..<100).map { index in
      let colour = colours[index % 3]
      return Input.image(try picture(colour.0, colour.1, colour.2))
    }
    for batch: ShapeDimension in ["N", 1, 7] {
      let model = try Model.linked(colourModel(batch: batch))
      let labels = try model.predict(inputs).map { $0.classes[0].label }
      #expect(labels == (0..<100).map { ["red", "green", "blue"][$0 % 3] })
    }
    #expect(try Model.linked(colourModel()).predict([]).isEmpty)
  }

  @Test func readsFilesAndData() throws {
    let model = try Model.linked(colourModel())
    try withFolder { folder in
      let path = folder + "/green.png"
      try picture(0, 255, 0).writePNG(to: path)
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let inputs: [Input] = [
        .image(contentsOf: path), .image(contentsOf: URL(fileURLWithPath: path)), .image(data: data),
      ]
      for answer in try model.predict(inputs) { #expect(answer.classes[0].label == "green") }
    }
  }

  @Test func takesPreparedTensors() throws {
    let model = try Model.linked(colourModel())
    let tensor = try Tensor([Float](repeating: 0, count: 32) + [Float](repeating: 1, count: 16), shape: [1, 3, 4, 4])
    #expect(try model.predict(.tensors(["photo": tensor])).classes[0].label == "blue")
    let two = try Tensor([Float](repeating: 0, count: 96), shape: [2, 3, 4, 4])
    #expect(throws: ZooError.self) { try model.predict(.tensors(["photo": two])) }
    #expect(try model.run(["photo": two])["scores"]?.shape == [2, 3])
  }

  @Test func refusesWhatTheTaskDoesNotTake() throws {
    let model = try Model.linked(colourModel())
    #expect(kind { try model.predict(.text("a red thing")) } == .usage)
    var plain = colourModel()
    plain.metadata.task = .none
    #expect(kind { try Model.linked(plain).predict(.image(picture(1, 2, 3))) } == .usage)
    var unlabelled = colourModel()
    unlabelled.metadata.labels = ["red"]
    #expect(kind { try Model.linked(unlabelled).predict(.image(picture(1, 2, 3))) } == .badData)
    var unprepared = colourModel()
    unprepared.metadata.image = nil
    #expect(kind { try Model.linked(unprepared).predict(.image(picture(1, 2, 3))) } == .badData)
  }

  @Test func namesClassesWithoutLabels() throws {
    var model = colourModel()
    model.metadata.labels = []
    #expect(try Model.linked(model).predict(.image(picture(0, 0, 9))).classes[0].label == "class 2")
  }

  @Test func givesTensorsWithoutATask() throws {
    var plain = colourModel()
    plain.metadata.task = .none
    let tensor = try Tensor([Float](repeating: 1, count: 48), shape: [1, 3, 4, 4])
    guard case .tensors(let outputs) = try Model.linked(plain).predict(.tensors(["photo": tensor])) else {
      return #expect(Bool(false), "no tensors")
    }
    #expect(try outputs["scores"]?.elements(Float.self) == [1, 1, 1])
  }

  @Test func servesManyTasksAtOnce() async throws {
    let model = try Model.linked(colourModel())
    let colours = try [picture(9, 0, 0), picture(0, 9, 0), picture(0, 0, 9)]
    try await withThrowingTaskGroup(of: (Int, Int).self) { group in
      for index in 0..<60 {
        group.addTask { (index % 3, try await model.predict(.image(colours[index % 3])).classes[0].index) }
      }
      for try await (wanted, found) in group { #expect(wanted == found) }
    }
  }

  @Test func readsBothFormats() throws {
    try withFolder { folder in
      for format in ModelFormat.written {
        let path = "\(folder)/model.\(format.rawValue)"
        try colourModel().write(to: path, format: format)
        #expect(try ModelFormat(contentsOf: path) == format)
        // By contents, whatever the name.
        try FileManager.default.moveItem(atPath: path, toPath: folder + "/renamed")
        let model = try Model(contentsOf: folder + "/renamed", options: .init(plugins: .linked))
        #expect(try model.predict(.image(picture(0, 9, 0))).classes[0].label == "green")
        #expect(model.metadata == colourModel().metadata)
        try FileManager.default.removeItem(atPath: folder + "/renamed")
      }
    }
  }
}

/// The kind of the error that `body` throws.
func kind(_ body: () throws -> some Any) -> ZooError.Kind? {
  do {
    _ = try body()
    return nil
  } catch {
    return (error as? ZooError)?.kind
  }
}
