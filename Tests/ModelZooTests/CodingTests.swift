import Foundation
import ModelZoo
import TestSupport
import Testing

/// Answers as JSON, and as values.
@Suite struct CodingTests {
  private static func json(_ prediction: Prediction) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(prediction), as: UTF8.self)
  }

  private static func prediction(_ json: String) throws -> Prediction {
    try JSONDecoder().decode(Prediction.self, from: Data(json.utf8))
  }

  @Test func everyAnswerHasAStableForm() throws {
    let detection = Detection(label: "cell", score: 0.5, box: Box(left: 1, top: 2, right: 3, bottom: 4))
    // -2.5 is 0xC0200000.
    let floats = try Tensor([1 as Float, -2.5], shape: [2, 1])
    let strings = try Tensor(strings: [Array("a".utf8), [0xFF]], shape: [2])
    let forms: [(Prediction, String)] = [
      (
        .classes([Classification(index: 2, label: "cat", probability: 0.25)]),
        #"{"classes":[{"index":2,"label":"cat","probability":0.25}]}"#
      ),
      (
        .detections([detection]),
        #"{"detections":[{"box":{"bottom":4,"left":1,"right":3,"top":2},"label":"cell","score":0.5}]}"#
      ),
      (.text("ü"), #"{"text":"ü"}"#), (.embedding([0.5, -1]), #"{"embedding":[0.5,-1]}"#),
      (.tensors(["y": floats]), #"{"tensors":{"y":{"data":"AACAPwAAIMA=","shape":[2,1],"type":"float32"}}}"#),
      (.tensors(["s": strings]), #"{"tensors":{"s":{"shape":[2],"strings":["YQ==","\/w=="],"type":"string"}}}"#),
    ]
    for (prediction, form) in forms {
      #expect(try Self.json(prediction) == form)
      #expect(try Self.prediction(form) == prediction)
    }
    #expect(Set(forms.map(\.0)).count == forms.count)
  }

  @Test(arguments: [
    "{}", #"{"text":"a","embedding":[]}"#, #"{"text":1}"#,
    #"{"tensors":{"y":{"data":"AAA=","shape":[1],"type":"float32"}}}"#,
    #"{"tensors":{"y":{"data":"","shape":[4611686018427387904,4],"type":"float32"}}}"#,
    #"{"tensors":{"y":{"data":"","shape":[-1],"type":"float32"}}}"#,
    #"{"tensors":{"y":{"data":"","shape":[0],"type":"float"}}}"#,
    #"{"tensors":{"y":{"strings":["YQ=="],"shape":[2],"type":"string"}}}"#,
  ])
  func refusesWhatIsNoAnswer(json: String) {
    #expect(throws: (any Error).self) { try Self.prediction(json) }
  }

  @Test func tensorsAreEqualByTheirBits() throws {
    let one = try Tensor([Float.nan, 0], shape: [2])
    #expect(try one == Tensor([Float.nan, 0], shape: [2]))
    #expect(try one != Tensor([Float.nan, -0.0], shape: [2]))
    #expect(try one != Tensor([Float.nan, 0], shape: [1, 2]))
    #expect(try Tensor([1 as Int32], shape: [1]) != Tensor([1 as UInt32], shape: [1]))
  }

  @Test func elementsWhereTheyLie() throws {
    let tensor = try Tensor([1, 2, 3] as [Float], shape: [3])
    #expect(try tensor.withUnsafeElements(of: Float.self) { $0.reduce(0, +) } == 6)
    let place = tensor.withUnsafeBytes { $0.baseAddress }
    #expect(try tensor.withUnsafeElements(of: Float.self) { UnsafeRawPointer($0.baseAddress) } == place)
    #if compiler(>=6.2)
      #expect(try tensor.withElements(of: Float.self) { $0[2] } == 3)
    #endif
    #expect(kind { try tensor.withUnsafeElements(of: Int8.self) { $0.count } } == .badData)
  }

  @Test func kindsTellInputsApart() throws {
    let model = try Model.linked(colourModel())
    let photo = try Tensor([Float](repeating: 0, count: 48), shape: [1, 3, 4, 4])
    #expect(kind { try model.run([:]) } == .badInput)
    #expect(kind { try model.run(["photo": photo, "other": photo]) } == .badInput)
    #expect(kind { try model.run(["photo": Tensor([0 as Int32], shape: [1, 1, 1, 1])]) } == .badInput)
    #expect(kind { try model.run(["photo": photo.reshaped([1, 4, 3, 4])]) } == .badShape)
    var foreign = colourModel()
    foreign.graph.nodes[0].operatorType = "NobodyHasThis"
    #expect(kind { try Model.linked(foreign) } == .missingOperator)
  }
}
