import Foundation
import TFLiteFormat
import TestSupport
import Testing
import ZooCore

private let fixtures = here.appendingPathComponent("TFLite/Fixtures").path

/// Models give what TensorFlow Lite's interpreter gives (make_fixtures.py, make_operators.py).
@Suite struct TFLiteNetworkTests {
  @Test(arguments: [
    "classifier-float", "classifier-fp16", "classifier-dynamic", "products-dynamic", "sparse", "spectrum",
    "elementwise", "shapes", "resizing", "arithmetic", "indexing", "found", "boxes", "layouts", "layouts-int8",
    "volumes",
    "reducers", "computed", "choices", "loops", "tables", "media-pipe", "hlo",
  ])
  func realAnswersAreTheInterpreters(name: String) throws { try check(name, tolerance: 1e-5) }

  /// Quantized networks round at the same places; a number between two integers may go the other way.
  @Test(arguments: [
    ("classifier-int8", 1.0), ("quantized", 1.0), ("classifier-int8-float-ends", 1.0 / 256),
    ("classifier-int16", 1.0 / 32768),
  ])
  func quantizedAnswersDifferByAStep(name: String, step: Double) throws {
    try check(name, tolerance: 0, step: step)
  }

  private func check(_ name: String, tolerance: Double, step: Double = 0) throws {
    let model = try TFLiteFormat.read("\(fixtures)/\(name).tflite")
    var wanted = try tensors("\(fixtures)/\(name).safetensors")
    var inputs: [String: Tensor] = [:]
    for input in model.graph.inputs {
      inputs[input.name] = wanted[input.name]
      wanted[input.name] = nil
    }
    let found = try run(model, inputs)
    #expect(Set(found.keys) == Set(wanted.keys))
    for (output, tensor) in wanted {
      try expectSame(found[output], tensor, tolerance: tolerance, step: step, "\(name): \(output)")
    }
  }

  /// What the interpreter keeps from run to run is an output of one run and an input of the next, which has a default.
  @Test(arguments: ["variables", "recurrences"])
  func statesGoFromRunToRun(name: String) throws {
    var model = try TFLiteFormat.read("\(fixtures)/\(name).tflite")
    let (once, runs) = (
      try tensors("\(fixtures)/\(name).safetensors"), try tensors("\(fixtures)/\(name)-runs.safetensors")
    )
    let states = Set(model.graph.initializers.map(\.name)).intersection(model.graph.inputs.map(\.name))
    #expect(states.count == (name == "variables" ? 2 : 7))
    let inputs = Dictionary(
      uniqueKeysWithValues: model.graph.inputs.compactMap { input in
        once[input.name].map { (input.name, $0) }
      })
    for number in 0..<3 {
      let found = try run(model, inputs)
      for output in model.graph.outputs.map(\.name) where !output.hasSuffix(".next") {
        let wanted = try #require(runs["\(output)/\(number)"])
        try expectSame(found[output], wanted, tolerance: 1e-5, "\(output) of run \(number)")
      }
      for index in model.graph.initializers.indices where states.contains(model.graph.initializers[index].name) {
        let next = try #require(found[model.graph.initializers[index].name + ".next"])
        model.graph.initializers[index].tensor = StoredTensor(next)
      }
    }
  }

  @Test func aDilatedConvolutionOverOneAxisTakesAnyBatch() throws {
    let model = try TFLiteFormat.read(fixtures + "/dilated.tflite")
    let wanted = try tensors(fixtures + "/dilated.safetensors")
    let input = try #require(model.graph.inputs.first?.name), output = try #require(model.graph.outputs.first?.name)
    for batch in [1, 3] {
      let found = try run(model, [input: try #require(wanted["\(input)/\(batch)"])])
      try expectSame(found[output], try #require(wanted["\(output)/\(batch)"]), tolerance: 1e-5, "batch \(batch)")
    }
  }

  @Test func whatIsNotReadHasItsName() throws {
    var file = try bytes(of: fixtures + "/reducers.tflite")
    // REDUCE_ALL becomes STABLEHLO_SORT.
    let place = try #require(file.indices.dropLast(3).first { Array(file[$0..<$0 + 4]) == [140, 0, 0, 0] })
    file[place] = 199
    try withFolder { folder in
      try Data(file).write(to: URL(fileURLWithPath: folder + "/x.tflite"))
      let error = #expect(throws: ZooError.self) { try TFLiteFormat.read(folder + "/x.tflite") }
      #expect(error?.kind == .unsupported && "\(error!)".contains("STABLEHLO_SORT"))
    }
  }

  /// Convolutions, activations and sums follow one another with channels first, whatever the file has.
  @Test func transpositionsAreOnlyAtTheEnds() throws {
    let model = try TFLiteFormat.read(fixtures + "/elementwise.tflite")
    let first = try #require(model.graph.nodes.firstIndex { $0.operatorType == "Conv" })
    let before = model.graph.nodes[..<first].filter { $0.operatorType == "Transpose" }
    #expect(before.count == 1)
  }

  @Test func theBatchIsFree() throws {
    let model = try TFLiteFormat.read(fixtures + "/classifier-float.tflite")
    #expect(model.graph.inputs[0].type == ValueInfo(name: "", elementType: .float32, shape: ["N", 13, 12, 3]).type)
    let data = try Tensor([Float](repeating: 0.5, count: 3 * 13 * 12 * 3), shape: [3, 13, 12, 3])
    #expect(try run(model, [model.graph.inputs[0].name: data]).values.first?.shape == [3, 10])
  }

  @Test func weightsAloneAreAsTheyAreOrDequantized() throws {
    let path = fixtures + "/classifier-int8.tflite"
    let (stored, real) = (
      try TFLiteFormat.readWeights(path).tensors, try TFLiteFormat.readWeights(path, dequantized: true).tensors
    )
    let float = try TFLiteFormat.readWeights(fixtures + "/classifier-float.tflite").tensors
    #expect(stored.map(\.name) == real.map(\.name))
    let index = try #require(stored.firstIndex { $0.tensor.type == .int8 && $0.tensor.shape == [12, 3, 3, 8] })
    #expect(real[index].tensor.type == .float32)
    let exact = try #require(float.first { $0.tensor.shape == [12, 3, 3, 8] }).tensor.load().elements(Float.self)
    let rounded = try real[index].tensor.load().elements(Float.self)
    let greatest = exact.map(abs).max() ?? 0
    #expect(zip(exact, rounded).allSatisfy { abs($0 - $1) <= greatest / 127 / 2 * 1.001 })
  }

  @Test func contentTellsTheFormat() throws {
    let bytes = try bytes(of: fixtures + "/classifier-int8.tflite")
    #expect(bytes.prefix(8).withUnsafeBytes { TFLiteFormat.sniff($0) })
    #expect(!bytes.prefix(7).withUnsafeBytes { TFLiteFormat.sniff($0) })
  }
}

/// Damaged files are errors or are read; nothing else happens.
@Suite struct TFLiteDamageTests {
  @Test(arguments: [
    "classifier-int8", "products-dynamic", "sparse", "spectrum", "shapes", "resizing", "arithmetic", "indexing",
    "layouts",
    "volumes", "computed", "choices", "loops", "tables", "variables", "recurrences", "media-pipe", "hlo",
  ])
  func changedFilesAreErrorsOrHarmless(name: String) throws {
    let whole = try bytes(of: "\(fixtures)/\(name).tflite")
    var mutations = Mutations(seed: 2)
    try withFolder { folder in
      let path = folder + "/x.tflite"
      for _ in 0..<300 {
        try Data(mutations.damage(whole)).write(to: URL(fileURLWithPath: path))
        do {
          let model = try TFLiteFormat.read(path)
          for item in model.graph.initializers { _ = try item.tensor.load() }
          for item in try TFLiteFormat.readWeights(path, dequantized: true).tensors { _ = try item.tensor.load() }
        } catch is ZooError {}
      }
    }
  }

  /// Found by make fuzz: operators' options were read from a file that no constant held any more.
  @Test func theFileStaysAsLongAsItIsRead() throws {
    do { _ = try TFLiteFormat.read(fixtures + "/no-constants.tflite") } catch is ZooError {}
  }

  @Test(arguments: ["call", "loop", "choice"])
  func callsWithoutEndAreErrors(name: String) {
    #expect(throws: ZooError.self) { try TFLiteFormat.read("\(fixtures)/endless-\(name).tflite") }
  }

  @Test func truncatedFilesAreErrors() throws {
    let whole = try bytes(of: fixtures + "/classifier-float.tflite")
    try withFolder { folder in
      let path = folder + "/x.tflite"
      for count in stride(from: 0, to: whole.count - 4, by: 311) {
        try Data(whole[..<count]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ZooError.self, "\(count) bytes") { try TFLiteFormat.read(path) }
      }
    }
  }
}
