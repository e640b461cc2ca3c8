import EncoderDecoder
import Foundation
import GraphBuilder
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

@testable import ModelZoo

/// A tiny Transformer beside PyTorch and the recipe's beam search (make_generation.py).
@Suite struct GenerationTests {
  private struct Expected: Decodable {
    var sources: [[Int]]
    var target: [[Int]]
    var logits: [[[Float]]]
    var largest: Float
    var greedy: [[Int]]
    var beam: [[Int]]
    var beam3_one_at_a_time: [[Int]]
  }

  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/transformer"

  private func expected() throws -> Expected {
    try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(fileURLWithPath: Self.folder + "/expected.json")))
  }

  private func definition() throws -> ModelDefinition {
    let files = try WeightFiles(contentsOf: Self.folder)
    return try EncoderDecoder(.transformer).model(weights: files.tensors, values: files.values)
  }

  private func registry() throws -> OperatorRegistry {
    try Plugins.linked.registry()
  }

  private func programs(_ definition: ModelDefinition) throws -> GenerationPrograms {
    try GenerationPrograms(definition, registry: registry(), options: CompileOptions(threads: 2))
  }

  private func search(
    _ programs: GenerationPrograms, _ sources: [[Int]], beams: Int, alpha: Double
  ) throws -> [[Int]] {
    let session = try GenerationSession(programs, sources: sources, copies: beams, padToken: 0, limit: 64)
    return try BeamSearch(beams: beams, lengthPenalty: alpha, endTokens: [2]).run(
      session, beginning: sources.map { _ in [1] }, limits: sources.map { $0.count + 12 }, progress: nil)
  }

  @Test func logitsArePyTorchs() throws {
    let expected = try expected()
    let model = try CompiledModel(definition(), registry: registry())
    let (rows, length) = (expected.sources.count, expected.sources.map(\.count).max() ?? 0)
    func padded(_ value: (Int) -> Int64) throws -> Tensor {
      try Tensor(
        expected.sources.flatMap { source in
          (0..<length).map { $0 < source.count ? value(source[$0]) : 0 }
        }, shape: [rows, length])
    }
    let outputs = try model.run([
      "input_ids": padded { Int64($0) }, "attention_mask": padded { _ in 1 },
      "decoder_input_ids": Tensor(expected.target.flatMap { $0.map { Int64($0) } }, shape: [rows, 5]),
      "decoder_position_ids": Tensor((0..<rows).flatMap { _ in (0..<5).map { Int64($0) } }, shape: [rows, 5]),
    ])
    let logits = try #require(outputs["logits"])
    #expect(logits.shape == [rows, 5, 40])
    let numbers = try logits.elements(Float.self)
    for row in 0..<rows {
      for token in 0..<5 {
        for (place, wanted) in expected.logits[row][token].enumerated() {
          #expect(abs(numbers[(row * 5 + token) * 40 + place] - wanted) <= 1e-4 * expected.largest)
        }
      }
    }
  }

  @Test func searchesFindTheReferencesSentences() throws {
    let expected = try expected()
    let programs = try programs(definition())
    #expect(try search(programs, expected.sources, beams: 1, alpha: 0.6) == expected.greedy)
    #expect(try search(programs, expected.sources, beams: 4, alpha: 0.6) == expected.beam)
    let single = try expected.sources.map { try search(programs, [$0], beams: 3, alpha: 1)[0] }
    #expect(single == expected.beam3_one_at_a_time)
    // The fixture is no test if all of them are the same.
    #expect(Set(expected.beam.map(\.count)).count > 3 && expected.beam != expected.greedy)
  }

  @Test func encoderRunsOnceAndCachesServeTheRest() throws {
    let graphs = try GenerationGraphs(definition(), registry: registry())
    #expect(graphs.caches.count == 4 && graphs.contexts.count == 5)
    #expect(graphs.encoder?.graph.outputs.count == 5)
    let step = graphs.step.graph
    let nodes = step.nodes.map { step[$0] }
    #expect(nodes.filter { $0.operatorType == "TensorScatter" }.count == 4)
    // Keys and values of cross-attention are not in the step.
    #expect(!nodes.contains { $0.name.contains("encoder_attn.k_proj") })
  }

  @Test func progressTellsOnlyWhatStays() throws {
    let expected = try expected()
    let programs = try programs(definition())
    let session = try GenerationSession(programs, sources: expected.sources, copies: 4, padToken: 0, limit: 64)
    var told = [[Int]](repeating: [], count: expected.sources.count)
    let found = try BeamSearch(beams: 4, lengthPenalty: 0.6, endTokens: [2]).run(
      session, beginning: expected.sources.map { _ in [1] }, limits: expected.sources.map { $0.count + 12 }
    ) { sentence, tokens in
      #expect(expected.beam[sentence].starts(with: tokens) && tokens.starts(with: told[sentence]))
      told[sentence] = Array(tokens)
      return true
    }
    #expect(told == found)
  }

  // MARK: Guesses

  /// Guesses from the first step on, also where it does not pay.
  private func guessing(_ definition: ModelDefinition) throws -> GenerationPrograms {
    try GenerationPrograms(
      definition, registry: registry(), options: CompileOptions(threads: 2),
      drafting: DraftPolicy(leastBytes: 0, stepsBefore: 0))
  }

  @Test func guessingFindsTheReferencesSentences() throws {
    let expected = try expected()
    let programs = try guessing(definition())
    for guesses in [true, false] {
      for (source, wanted) in zip(expected.sources, expected.greedy) {
        let session = try GenerationSession(programs, sources: [source], copies: 1, padToken: 0, limit: 64)
        var told: [Int] = []
        let found = try GreedySearch(endTokens: [2], guesses: guesses).run(
          session, beginning: [1], limit: source.count + 12
        ) { _, tokens in
          #expect(tokens.count == told.count + 1 && tokens.starts(with: told))
          told = Array(tokens)
          return true
        }
        #expect(found == wanted && told == wanted)
      }
    }
  }

  /// Whatever was guessed, the caches hold what the network makes of the tokens that were kept.
  @Test func wrongGuessesLeaveNoTrace() throws {
    let definition = try decoder()
    let model = try CompiledModel(definition, registry: registry())
    let session = GenerationSession(try guessing(definition), rows: 1, limit: 64)
    var generator = NormalGenerator(seed: 3)
    var row = [4, 2]
    _ = try session.append([row])
    while row.count < 50 {
      let next = Int(generator.bits() % 11)
      let guesses = try session.guess(after: next, count: 5, endTokens: [], doubtful: 0).map(\.token)
      #expect(guesses.count == 5)
      let kept = Int(generator.bits() % 6)
      let tokens = [next] + guesses.prefix(kept).map { ($0 + 1) % 11 } + guesses.dropFirst(kept)
      let found = try session.choose(afterEachOf: tokens)
      for place in tokens.indices {
        let wanted = try reference(model, row + tokens[...place])
        #expect(try #require(wanted.max()) - wanted[found[place]] < 1e-4, "token \(place) after \(row.count)")
      }
      session.removeLast(tokens.count - 1 - kept)
      row += tokens[...kept] + [3]
      for (value, wanted) in zip(try session.append([[3]]), try reference(model, row)) {
        #expect(abs(value - wanted) < 1e-4, "after \(row.count)")
      }
    }
  }

  @Test func guessesEndWithTheText() throws {
    let session = GenerationSession(try guessing(decoder()), rows: 1, limit: 64)
    _ = try session.append([[1, 2, 3]])
    func guess(_ token: Int, ends: Set<Int>, doubtful: Float = -1) throws -> [GenerationSession.Guess] {
      try session.guess(after: token, count: 5, endTokens: ends, doubtful: doubtful)
    }
    let guesses = try guess(7, ends: []).map(\.token)
    let end = try #require(guesses.dropFirst().first)
    #expect(try guess(7, ends: [end]).map(\.token) == Array(guesses.prefix { $0 != end } + [end]))
  }

  @Test func nothingIsGuessedAfterADoubtfulGuess() throws {
    let session = GenerationSession(try guessing(decoder()), rows: 1, limit: 64)
    _ = try session.append([[1, 2, 3]])
    let guesses = try session.guess(after: 7, count: 5, endTokens: [], doubtful: -1)
    #expect(guesses.count == 5 && guesses.allSatisfy { $0.margin >= 0 })
    let least = try #require(guesses.map(\.margin).min())
    let fewer = try session.guess(after: 7, count: 5, endTokens: [], doubtful: least)
    #expect(fewer.map(\.token) == guesses.prefix(fewer.count).map(\.token) && fewer.last?.margin == least)
  }

  @Test func draftsAreMadeWhenTheyPay() throws {
    let small = try programs(decoder())
    #expect(try small.draft() == nil)
    let patient = try GenerationPrograms(
      decoder(), registry: registry(), options: CompileOptions(threads: 2),
      drafting: DraftPolicy(leastBytes: 0, stepsBefore: 2))
    let drafts = try (0..<4).map { _ in try patient.draft() != nil }
    #expect(drafts == [false, false, true, true])
    let rounded = try GenerationPrograms(
      decoder(), registry: registry(), options: CompileOptions(threads: 2, arithmetic: Arithmetic(.int8)),
      drafting: DraftPolicy(leastBytes: 0, stepsBefore: 0))
    #expect(try rounded.draft() == nil)
  }

  // MARK: Decoder alone

  /// A causal network of one layer over 11 tokens, in the form of GPT-2's graph.
  private func decoder() throws -> ModelDefinition {
    var graph = GraphBuilder(name: "decoder", operatorSet: 23)
    var parameters = Parameters(randomSeed: 5)
    let ids = graph.input("input_ids", .int64, ["N", "T"])
    let places = graph.input("position_ids", .int64, ["N", "T"])
    let tokens = graph.constant(try parameters.take("tokens", [11, 8], .weight), "tokens")
    let positions = graph.constant(try parameters.take("positions", [64, 8], .weight), "positions")
    var x = graph.add(
      graph.node("Gather", "embed", [tokens, ids]), graph.node("Gather", "place", [positions, places]), "sum")
    let projections = try ["q", "k", "v"].map { name in
      try graph.linear(x, name, weight: parameters.take(name, [8, 8], .weight), bias: nil)
    }
    x = graph.add(
      x, graph.attention(projections[0], projections[1], projections[2], "attention", heads: 2, isCausal: true), "more")
    let logits = try graph.linear(
      x, "head", weight: parameters.take("head", [11, 8], .weight), bias: parameters.take("bias", [11], .weight))
    graph.output(logits, "logits", .float32, ["N", "T", 11])
    return graph.model()
  }

  /// log softmax of the last logits of each row, from the whole graph.
  private func reference(_ model: CompiledModel, _ row: [Int]) throws -> [Float] {
    let outputs = try model.run([
      "input_ids": Tensor(row.map { Int64($0) }, shape: [1, row.count]),
      "position_ids": Tensor(row.indices.map { Int64($0) }, shape: [1, row.count]),
    ])
    let last = try #require(outputs["logits"]).elements(Float.self).suffix(11).map(Double.init)
    let sum = last.reduce(0) { $0 + exp($1) }
    return last.map { Float($0 - log(sum)) }
  }

  @Test func promptsOfAnyLengthAndReorderedRows() throws {
    let definition = try decoder()
    let model = try CompiledModel(definition, registry: registry())
    let session = GenerationSession(try programs(definition), rows: 3, limit: 64)
    var rows = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0], [3], [5, 5, 4]]
    var generator = NormalGenerator(seed: 1)
    var new = rows
    for step in 0..<40 {
      let found = try session.append(new)
      for (place, row) in rows.enumerated() {
        for (value, wanted) in zip(found[place * 11..<(place + 1) * 11], try reference(model, row)) {
          #expect(abs(value - wanted) < 1e-4, "row \(place) in step \(step)")
        }
      }
      // Every parent is possible, and in the end a row is dropped.
      let parents = (0..<(step == 30 ? 2 : rows.count)).map { _ in Int(generator.bits() % UInt64(rows.count)) }
      try session.reorder(parents)
      new = parents.indices.map { _ in
        (0..<(1 + (step % 9 == 8 ? Int(generator.bits() % 3) : 0))).map { _ in Int(generator.bits() % 11) }
      }
      rows = zip(parents, new).map { rows[$0] + $1 }
      if rows.map(\.count).max() ?? 0 > 56 { break }
    }
  }

  /// Rows that are done go on beside the others, beyond the positions that the network has.
  @Test func promptsUpToTheLastPosition() throws {
    let definition = try decoder()
    let model = try CompiledModel(definition, registry: registry())
    let programs = try programs(definition)
    let prompts = [1, 2, 30, 60, 63].map { length in (0..<length).map { ($0 * 7 + length) % 11 } }
    let limits = prompts.map { min(20, 64 - $0.count) }
    let session = GenerationSession(programs, rows: prompts.count, limit: 64)
    let found = try BeamSearch(beams: 1, lengthPenalty: 0, endTokens: []).run(
      session, beginning: prompts, limits: limits, progress: nil)
    for ((prompt, limit), answer) in zip(zip(prompts, limits), found) {
      var row = prompt
      for _ in 0..<limit {
        let numbers = try reference(model, row)
        row.append(try #require(numbers.indices.max { numbers[$0] < numbers[$1] }))
      }
      #expect(answer == Array(row[prompt.count...]))
    }
  }

  @Test func graphsThatCannotBeSplitSayWhy() throws {
    var lacking = try decoder()
    lacking.graph.inputs.removeLast()
    #expect(throws: ZooError.self) { try GenerationGraphs(lacking, registry: registry()) }
    var open = try decoder()
    for index in open.graph.nodes.indices { open.graph.nodes[index].attributes.removeAll { $0.name == "is_causal" } }
    let error = #expect(throws: ZooError.self) { try GenerationGraphs(open, registry: registry()) }
    #expect(error?.message.contains("is_causal") == true)
  }

  // MARK: Choosing tokens

  @Test func bestCandidatesAreThoseOfASort() {
    var generator = NormalGenerator(seed: 2)
    for (count, size) in [(1, 1), (8, 200), (5, 64), (3, 129), (200, 100)] {
      let rows = (0..<3).map { _ in (0..<size).map { _ in Float(generator.next()) } }
      let scores: [Float] = [0, -0.3, -.infinity]
      var best = BestCandidates(count)
      for (row, values) in rows.enumerated() {
        values.withUnsafeBufferPointer { best.add(row: row, score: scores[row], $0) }
      }
      let all = rows.enumerated().flatMap { row, values in
        values.enumerated().map { (scores[row] + $1, row, $0) }
      }.filter { $0.0 > -.infinity }.sorted { $0.0 > $1.0 }.prefix(count)
      #expect(best.candidates.map(\.score) == all.map(\.0))
      #expect(best.candidates.map(\.token) == all.map(\.2))
    }
  }

  @Test func samplesFollowTheProbabilities() {
    let logits: [Float] = [0, 1, 2, -1, 0.5, -3]
    func drawn(_ temperature: Float, topK: Int? = nil, topP: Float? = nil, seed: UInt64 = 1) -> [Int] {
      var sampler = Sampler(temperature: temperature, topK: topK, topP: topP, seed: seed, row: 0)
      return (0..<4000).map { _ in logits.withUnsafeBufferPointer { sampler.next($0) } }
    }
    for temperature: Float in [0.5, 1, 2] {
      let weights = logits.map { exp(Double($0) / Double(temperature)) }
      let tokens = drawn(temperature)
      for token in logits.indices {
        let share = Double(tokens.filter { $0 == token }.count) / 4000
        #expect(abs(share - weights[token] / weights.reduce(0, +)) < 0.03)
      }
    }
    #expect(Set(drawn(1, topK: 2)) == [2, 1])
    // e² and e¹ have 0.77 of all probability, and e^0.5 makes it 0.89.
    #expect(Set(drawn(1, topP: 0.75)) == [2, 1])
    #expect(Set(drawn(1, topP: 0.8)) == [2, 1, 4])
    #expect(Set(drawn(1, topK: 3, topP: 0.01)) == [2])
    #expect(drawn(1, seed: 3) == drawn(1, seed: 3) && drawn(1, seed: 3) != drawn(1, seed: 4))
  }

  @Test func optionsThatMakeNoSense() throws {
    let settings = GenerationSettings(endTokens: [2], maximumLength: 9, beams: 4)
    for options in [
      GenerationOptions(beams: 0), GenerationOptions(maximumTokens: 0), GenerationOptions(temperature: -1),
      GenerationOptions(topK: 0), GenerationOptions(topP: 1.5), GenerationOptions(beams: 2, temperature: 1),
      GenerationOptions(temperature: .nan),
    ] {
      #expect(throws: ZooError.self) { try options.applied(to: settings) }
    }
    #expect(try GenerationOptions(temperature: 1).applied(to: settings).beams == 1)
    #expect(try GenerationOptions(topK: 5).applied(to: settings).temperature == 1)
    // Lengths that a file may claim can be added up.
    let endless = try GenerationOptions().applied(
      to: GenerationSettings(endTokens: [2], maximumLength: .max, additionalLength: .max))
    #expect(endless.maximumLength < 1 << 32 && endless.additionalLength ?? .max < 1 << 32)
    #expect(
      try GenerationOptions().applied(
        to: GenerationSettings(endTokens: [2], maximumLength: 9, additionalLength: .min)
      ).additionalLength == 0)
  }

  @Test func piecesNeverTakeBackACharacter() {
    var pieces = TextPieces()
    let texts = ["Gr", "Gr\u{FFFD}", "Grü", "Grüße\u{FFFD}\u{FFFD}", "Grüße 🐕"]
    #expect(texts.map { pieces.next($0, isComplete: false) } == ["Gr", nil, "ü", "ße", " 🐕"])
    #expect(pieces.next("Grüße 🐕\u{FFFD}", isComplete: true) == "\u{FFFD}")
  }
}
