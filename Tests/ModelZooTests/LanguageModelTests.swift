import Foundation
import GGUFFormat
import TestSupport
import Testing
import TransformerDecoder
import ZooCore
import ZooPluginHost
import ZooRuntime

@testable import ModelZoo

/// Decoders of each family beside transformers (make_language_models.py).
@Suite struct LanguageModelTests {
  struct Seen: Decodable {
    struct Value: Decodable {
      var shape: [Int]
      var elements: [Float]
    }
    var inputs: [String: Value]
    var outputs: [String: Value]
  }

  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/language"

  private func seen(_ name: String) throws -> (inputs: [String: Tensor], logits: [Float]) {
    let url = URL(fileURLWithPath: "\(Self.folder)/\(name)/expected.json")
    let seen = try JSONDecoder().decode(Seen.self, from: Data(contentsOf: url))
    let inputs = try seen.inputs.mapValues { try Tensor($0.elements.map { Int64($0) }, shape: $0.shape) }
    return (inputs, try #require(seen.outputs["logits"]).elements)
  }

  private func difference(_ found: [Float], _ wanted: [Float]) throws -> Float {
    try #require(found.count == wanted.count)
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    return zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
  }

  @Test(arguments: [
    "llama", "llama-linear", "llama-yarn", "mistral", "smollm3", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "olmo2",
    "granite",
  ])
  func familiesGiveTheLogitsOfTransformers(name: String) throws {
    let model = try Model(ModelDefinition(pretrainedFolder: "\(Self.folder)/\(name)"))
    let (inputs, logits) = try seen(name)
    let found = try #require(try model.run(inputs)["logits"]).elements(Float.self)
    #expect(try difference(found, logits) < 1e-4)
    #expect(model.metadata.task == .textGeneration)
    // Matrices stay in the file's 16 bits.
    let types = model.definition.graph.initializers.filter { $0.tensor.shape.count == 2 }.map(\.tensor.type)
    #expect(types.count > 8 && types.allSatisfy { $0 == .bfloat16 })
  }

  /// Of a file with blocks of six types, exactly and with activations of 8 bits.
  @Test func blocksAreComputedWith() throws {
    let path = "\(Self.folder)/gguf/llama.gguf"
    let (inputs, logits) = try seen("gguf")
    let exact = try Model(contentsOf: path, options: Model.Options(precision: .exact))
    #expect(try difference(try #require(try exact.run(inputs)["logits"]).elements(), logits) < 1e-5)
    let rounded = try Model(contentsOf: path)
    let cost = try difference(try #require(try rounded.run(inputs)["logits"]).elements(), logits)
    #expect(cost > 1e-4 && cost < 5e-2)
    #expect(exact.metadata.architecture == "Llama" && exact.metadata.name == "llama")
    #expect(exact.definition.properties.contains { $0.key == "llama.block_count" && $0.value == "uint32:1" })
    let steps = try rounded.steps(for: ["input_ids": [1, 4], "position_ids": [1, 4]])
    #expect(steps.count { $0.summary?.contains("product of blocks") == true } == 7)
  }

  /// The same bits in a package; numbers in ONNX.
  @Test func blocksArePacked() throws {
    let original = try ModelDefinition(contentsOf: "\(Self.folder)/gguf/llama.gguf")
    let (inputs, logits) = try seen("gguf")
    let wanted = try #require(try Model(original).run(inputs)["logits"]).elements(Float.self)
    try withFolder { folder in
      try original.write(to: folder + "/model.zoo", format: .package)
      let packed = try ModelDefinition(contentsOf: folder + "/model.zoo")
      for (first, second) in zip(original.graph.initializers, packed.graph.initializers) {
        #expect(first.name == second.name && first.tensor.type == second.tensor.type)
        try #expect(
          first.tensor.load().withUnsafeBytes { Array($0) } == second.tensor.load().withUnsafeBytes { Array($0) })
      }
      #expect(try Model(packed).run(inputs)["logits"]?.elements(Float.self) == wanted)
      try original.write(to: folder + "/model.onnx", format: .onnx)
      let converted = try ModelDefinition(contentsOf: folder + "/model.onnx")
      #expect(converted.graph.nodes.allSatisfy { $0.domain.isEmpty })
      #expect(converted.graph.initializers.allSatisfy { $0.tensor.type != .uint8 })
      #expect(try difference(try #require(try Model(converted).run(inputs)["logits"]).elements(), logits) < 1e-5)
    }
  }

  /// What a file says of its tokenizer goes with the model, into packages too: texts are gone on with.
  @Test func tokenizerGoesWithTheModel() throws {
    let tokens = SmallLanguageModel.tokens(end: "</s>")
    try withFolder { folder in
      try SmallLanguageModel.write(to: folder + "/model.gguf", end: "</s>")
      let definition = try ModelDefinition(contentsOf: folder + "/model.gguf")
      try definition.write(to: folder + "/model.zoo", format: .package)
      // <s>, a, b, c.
      let ids = try Tensor([1, 3, 4, 5] as [Int64], shape: [1, 4])
      let places = try Tensor([0, 1, 2, 3] as [Int64], shape: [1, 4])
      let logits = try #require(try Model(definition).run(["input_ids": ids, "position_ids": places])["logits"])
      let last: [Float] = try logits.elements().suffix(tokens.count)
      let best = try #require(last.indices.max { last[$0] < last[$1] })
      for name in ["model.gguf", "model.zoo"] {
        let model = try Model(contentsOf: "\(folder)/\(name)")
        #expect(model.metadata.task == .textGeneration)
        let answers = try model.predict([.text("abc")], generation: GenerationOptions(beams: 1, maximumTokens: 1))
        #expect(answers == [.text(best < 3 ? "" : tokens[best])], "\(name)")
      }
    }
  }

  /// Whatever a file says of its sizes, there is a model or an error.
  @Test(arguments: [
    "llama.block_count", "llama.embedding_length", "llama.attention.head_count", "llama.attention.head_count_kv",
    "llama.context_length", "llama.feed_forward_length", "llama.rope.freq_base", "llama.attention.key_length",
    "llama.rope.dimension_count", "llama.attention.sliding_window", "llama.rope.scaling.factor",
    "llama.attention.layer_norm_rms_epsilon",
  ])
  func hostileHyperparameters(key: String) throws {
    let file = try GGUFFormat.read("\(Self.folder)/gguf/llama.gguf")
    for value in [
      "uint64:18446744073709551615", "int64:9223372036854775807", "int64:-1", "uint32:0", "uint32:1",
      "uint32:1073741824",
      "float32:-1.0", "float32:inf", "float32:0x7fc00000", "text", "array:int32:[]", "array:int32:[1,2]", "bool:true",
    ] {
      var changed = file
      changed.metadata.removeAll { $0.key == key }
      changed.metadata.append(Property(key: key, value: value))
      do { _ = try LanguageModel.model(gguf: changed, GGUFMetadata(changed.metadata)) } catch is ZooError {}
    }
  }

  /// Token by token, through caches, as at once: grouped heads, windows, caps, layers without positions.
  @Test(arguments: ["llama", "mistral", "smollm3", "gemma2", "gemma3", "qwen3", "olmo2", "gguf"])
  func stepsGiveWhatTheWholeGives(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let definition =
      try name == "gguf" ? ModelDefinition(contentsOf: path + "/llama.gguf") : ModelDefinition(pretrainedFolder: path)
    let model = try Model(definition)
    let programs = try GenerationPrograms(
      definition, registry: Plugins.linked.registry(), options: CompileOptions(threads: 2))
    let session = GenerationSession(programs, rows: 1, limit: 64)
    var search = GreedySearch(endTokens: [], guesses: false)
    let found = try search.run(
      session, beginning: [3, 17, 9], limit: 12, progress: nil)
    var tokens: [Int64] = [3, 17, 9]
    for _ in 0..<12 {
      let shape = [1, tokens.count]
      let logits = try #require(
        try model.run([
          "input_ids": Tensor(tokens, shape: shape),
          "position_ids": Tensor((0..<Int64(tokens.count)).map { $0 }, shape: shape),
        ])["logits"]
      ).elements(Float.self).suffix(24)
      tokens.append(Int64(Array(logits).indices.max { Array(logits)[$0] < Array(logits)[$1] } ?? 0))
    }
    #expect(found == tokens.dropFirst(3).map { Int($0) })
  }
}
