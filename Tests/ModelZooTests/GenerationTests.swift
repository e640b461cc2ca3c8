import EncoderDecoder
import Foundation
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
      return .goOn
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
        var search = GreedySearch(endTokens: [2], guesses: guesses)
        let found = try search.run(
          session, beginning: [1], limit: source.count + 12
        ) { _, tokens in
          #expect(tokens.count == told.count + 1 && tokens.starts(with: told))
          told = Array(tokens)
          return .goOn
        }
        #expect(found == wanted && told == wanted)
      }
    }
  }

  /// Whatever was guessed, the caches hold what the network makes of the tokens that were kept.
  @Test func wrongGuessesLeaveNoTrace() throws {
    let definition = try SmallLanguageModel.decoder()
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
      _ = try session.append([[3]])
      for (value, wanted) in zip(try session.logProbabilities(), try reference(model, row)) {
        #expect(abs(value - wanted) < 1e-4, "after \(row.count)")
      }
    }
  }

  @Test func guessesEndWithTheText() throws {
    let session = GenerationSession(try guessing(SmallLanguageModel.decoder()), rows: 1, limit: 64)
    _ = try session.append([[1, 2, 3]])
    func guess(_ token: Int, ends: Set<Int>, doubtful: Float = -1) throws -> [Guess] {
      try session.guess(after: token, count: 5, endTokens: ends, doubtful: doubtful)
    }
    let guesses = try guess(7, ends: []).map(\.token)
    let end = try #require(guesses.dropFirst().first)
    #expect(try guess(7, ends: [end]).map(\.token) == Array(guesses.prefix { $0 != end } + [end]))
  }

  @Test func nothingIsGuessedAfterADoubtfulGuess() throws {
    let session = GenerationSession(try guessing(SmallLanguageModel.decoder()), rows: 1, limit: 64)
    _ = try session.append([[1, 2, 3]])
    let guesses = try session.guess(after: 7, count: 5, endTokens: [], doubtful: -1)
    #expect(guesses.count == 5 && guesses.allSatisfy { $0.margin >= 0 })
    let least = try #require(guesses.map(\.margin).min())
    let fewer = try session.guess(after: 7, count: 5, endTokens: [], doubtful: least)
    #expect(fewer.map(\.token) == guesses.prefix(fewer.count).map(\.token) && fewer.last?.margin == least)
  }

  @Test func draftsAreMadeWhenTheyPay() throws {
    let small = try programs(SmallLanguageModel.decoder())
    #expect(try small.draft() == nil)
    let patient = try GenerationPrograms(
      SmallLanguageModel.decoder(), registry: registry(), options: CompileOptions(threads: 2),
      drafting: DraftPolicy(leastBytes: 0, stepsBefore: 2))
    let drafts = try (0..<4).map { _ in try patient.draft() != nil }
    #expect(drafts == [false, false, true, true])
    let rounded = try GenerationPrograms(
      SmallLanguageModel.decoder(), registry: registry(),
      options: CompileOptions(threads: 2, arithmetic: Arithmetic(.int8)),
      drafting: DraftPolicy(leastBytes: 0, stepsBefore: 0))
    #expect(try rounded.draft() == nil)
  }

  // MARK: Decoder alone

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
    let definition = try SmallLanguageModel.decoder()
    let model = try CompiledModel(definition, registry: registry())
    let session = GenerationSession(try programs(definition), rows: 3, limit: 64)
    var rows = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0], [3], [5, 5, 4]]
    var generator = NormalGenerator(seed: 1)
    var new = rows
    for step in 0..<40 {
      _ = try session.append(new)
      let found = try session.logProbabilities()
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
    let definition = try SmallLanguageModel.decoder()
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
    var lacking = try SmallLanguageModel.decoder()
    lacking.graph.inputs.removeLast()
    #expect(throws: ZooError.self) { try GenerationGraphs(lacking, registry: registry()) }
    var open = try SmallLanguageModel.decoder()
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

  /// By hand: of p = 0.5, 0.25, 0.125, 0.0625, 0.0625 the entropy is 1.875 bits, and the information of each 1, 2, 3, 4 and 4
  /// bits, so that the typical ones are those of 2, 1 and 3 bits first.
  @Test func tokensAreLeftOutAsTransformersDoes() {
    let probabilities: [Float] = [0.0625, 0.25, 0.5, 0.0625, 0.125]
    func drawn(
      _ temperature: Float = 1, topK: Int? = nil, topP: Float? = nil, minP: Float? = nil, typicalP: Float? = nil
    ) -> Set<Int> {
      var sampler = Sampler(
        temperature: temperature, topK: topK, topP: topP, minP: minP, typicalP: typicalP, seed: 1, row: 0)
      return Set((0..<2000).map { _ in probabilities.map { log($0) }.withUnsafeBufferPointer { sampler.next($0) } })
    }
    #expect(drawn() == [0, 1, 2, 3, 4])
    #expect(drawn(minP: 0.4) == [1, 2] && drawn(minP: 0.2) == [1, 2, 4] && drawn(minP: 0) == [0, 1, 2, 3, 4])
    // The temperature comes first: square roots of the probabilities.
    #expect(drawn(2, minP: 0.4) == [1, 2, 4])
    #expect(drawn(typicalP: 0.2) == [1] && drawn(typicalP: 0.5) == [1, 2] && drawn(typicalP: 0.8) == [1, 2, 4])
    #expect(drawn(typicalP: 1) == [0, 1, 2, 3, 4])
    #expect(drawn(topK: 3, minP: 0.4) == [1, 2] && drawn(topP: 0.45, minP: 0.1) == [2])
    // Of 2/3 and 1/3 the entropy is 0.918 bits, and the nearer one is that of 0.585.
    #expect(drawn(topK: 2, typicalP: 0.1) == [2])
  }

  @Test func penaltiesLookAtAWindow() throws {
    let settings = GenerationSettings(endTokens: [], maximumLength: 9)
    func changed(_ options: GenerationOptions, after tokens: [Int], more: [Int] = []) throws -> [Float] {
      var penalties = try #require(TokenPenalties(options, options.applied(to: settings), after: tokens))
      for token in more { penalties.add(token) }
      var logits: [Float] = [2, -1, 1, 0]
      penalties.apply(to: &logits)
      return logits
    }
    #expect(try changed(GenerationOptions(repetitionPenalty: 2), after: [0, 1, 1]) == [1, -2, 1, 0])
    #expect(try changed(GenerationOptions(presencePenalty: 0.5), after: [0, 1, 1]) == [1.5, -1.5, 1, 0])
    #expect(try changed(GenerationOptions(frequencyPenalty: 0.5), after: [0, 1], more: [1]) == [1.5, -2, 1, 0])
    let windowed = GenerationOptions(frequencyPenalty: 0.5, penaltyWindow: 2)
    #expect(try changed(windowed, after: [0, 1, 1]) == [2, -2, 1, 0])
    #expect(try changed(windowed, after: [0, 1, 1], more: [3]) == [2, -1.5, 1, -0.5])
    #expect(try TokenPenalties(GenerationOptions(), GenerationOptions().applied(to: settings), after: [1]) == nil)
  }

  @Test func choosersTellWhatTheModelThought() throws {
    let settings = GenerationSettings(endTokens: [], maximumLength: 9)
    let options = GenerationOptions(logitBias: [3: 10, 99: 1], logProbabilities: 2)
    let chooser = TokenChooser(options, settings, row: 0, after: [], form: nil)
    let scores: [Float] = [-1, -0.5, -3, -4]
    let logits = scores.map { $0 + 7 }
    #expect(
      try scores.withUnsafeBufferPointer { scores in
        try logits.withUnsafeBufferPointer { try chooser.next($0, logProbabilities: scores) }
      } == 3)
    #expect(chooser.choices.map(\.logProbability) == [-4] && chooser.choices[0].best.map(\.token) == [1, 0])
  }

  // MARK: What is known already

  /// A session that goes on, or one that begins as another did, computes what a new one does.
  @Test func sessionsAreUsedAgain() throws {
    let definition = try SmallLanguageModel.decoder()
    let model = try CompiledModel(definition, registry: registry())
    let programs = try programs(definition)
    let kept = KeptSessions(limit: 1 << 20)
    let row = [4, 2, 7, 7, 1, 0, 3, 9, 10, 5]
    #expect(try kept.take(for: row) == nil)
    let first = GenerationSession(programs, rows: 1, limit: 64)
    _ = try first.append([row])
    kept.keep(first)
    func check(_ tokens: [Int], known: Int, isFirst: Bool) throws {
      let session = try #require(try kept.take(for: tokens))
      #expect(Array(session.tokens) == Array(tokens.prefix(known)) && (session === first) == isFirst)
      _ = try session.append([Array(tokens[known...])])
      for (value, wanted) in zip(try session.logProbabilities(), try reference(model, tokens)) {
        #expect(abs(value - wanted) < 1e-4, "\(tokens)")
      }
      #expect(Array(session.tokens) == tokens)
      kept.keep(session)
    }
    // The same again: the last token tells what comes next.
    try check(row, known: 9, isFirst: true)
    try check(row + [6, 6], known: 10, isFirst: true)
    // Little in common: what was known stays for others.
    try check([4, 2, 1, 1, 8], known: 2, isFirst: false)
    try check(row + [6, 6, 2], known: 12, isFirst: true)
    try check([4, 2, 1, 1, 8, 8], known: 5, isFirst: false)
    #expect(try kept.take(for: [5, 4]) == nil)
    // Nothing is kept beyond the memory there is for it.
    let none = KeptSessions(limit: 10)
    none.keep(first)
    #expect(try none.take(for: row) == nil)
  }

  @Test func logitsAreThoseOfTheGraph() throws {
    let definition = try SmallLanguageModel.decoder()
    let model = try CompiledModel(definition, registry: registry())
    let session = GenerationSession(try programs(definition), rows: 2, limit: 64)
    let rows = [[1, 2, 3], [5]]
    let found = try session.append(rows)
    for (place, row) in rows.enumerated() {
      let outputs = try model.run([
        "input_ids": Tensor(row.map { Int64($0) }, shape: [1, row.count]),
        "position_ids": Tensor(row.indices.map { Int64($0) }, shape: [1, row.count]),
      ])
      let logits = try #require(outputs["logits"]).elements(Float.self).suffix(11)
      for (value, wanted) in zip(found[place * 11..<(place + 1) * 11], logits) {
        #expect(abs(value - wanted) < 1e-4)
      }
    }
  }

  @Test func optionsThatMakeNoSense() throws {
    let settings = GenerationSettings(endTokens: [2], maximumLength: 9, beams: 4)
    for options in [
      GenerationOptions(beams: 0), GenerationOptions(maximumTokens: 0), GenerationOptions(temperature: -1),
      GenerationOptions(topK: 0), GenerationOptions(topP: 1.5), GenerationOptions(beams: 2, temperature: 1),
      GenerationOptions(temperature: .nan), GenerationOptions(minP: -0.1), GenerationOptions(typicalP: 0),
      GenerationOptions(repetitionPenalty: 0), GenerationOptions(presencePenalty: .nan),
      GenerationOptions(frequencyPenalty: 101), GenerationOptions(penaltyWindow: 0),
      GenerationOptions(logitBias: [-1: 1]), GenerationOptions(logitBias: [1: .infinity]),
      GenerationOptions(stop: [""]),
      GenerationOptions(stop: Array(repeating: "a", count: 65)), GenerationOptions(logProbabilities: 101),
      GenerationOptions(beams: 2, presencePenalty: 1), GenerationOptions(beams: 2, format: .json),
    ] {
      #expect(throws: ZooError.self) { try options.applied(to: settings) }
    }
    #expect(try GenerationOptions(temperature: 1).applied(to: settings).beams == 1)
    #expect(try GenerationOptions(topK: 5).applied(to: settings).temperature == 1)
    #expect(try GenerationOptions(minP: 0.1).applied(to: settings).temperature == 1)
    #expect(try GenerationOptions(logProbabilities: 0).applied(to: settings).beams == 1)
    // Lengths that a file may claim can be added up.
    let endless = try GenerationOptions().applied(
      to: GenerationSettings(endTokens: [2], maximumLength: .max, additionalLength: .max))
    #expect(endless.maximumLength < 1 << 32 && endless.additionalLength ?? .max < 1 << 32)
    #expect(
      try GenerationOptions().applied(
        to: GenerationSettings(endTokens: [2], maximumLength: 9, additionalLength: .min)
      ).additionalLength == 0)
  }

  /// Options of earlier versions, and of later ones.
  @Test func optionsAreReadWithoutAll() throws {
    let options = GenerationOptions(
      topK: 3, minP: 0.5, logitBias: [7: -1.5], stop: ["a"], format: .schema("{}"), logProbabilities: 1, seed: 9)
    let read = try JSONDecoder().decode(GenerationOptions.self, from: JSONEncoder().encode(options))
    #expect(read == options)
    let old = #"{"seed": 4, "guesses": false, "somethingNew": 1}"#
    #expect(
      try JSONDecoder().decode(GenerationOptions.self, from: Data(old.utf8))
        == GenerationOptions(seed: 4, guesses: false))
  }

  @Test func textsEndBeforeStopStrings() {
    /// What comes of pieces one by one, and in the end; `.` where a string ended it.
    func cut(_ pieces: [String], _ stops: [String]) -> [String] {
      var scanner = StopScanner(stops)
      let out = pieces.map { scanner.next($0) }
      return out + [scanner.finish()] + (scanner.isAtEnd ? ["."] : [])
    }
    #expect(cut(["ab", "c"], []) == ["ab", "c", ""])
    // Across pieces; what may begin one waits.
    #expect(cut(["say ", "E", "N", "D no"], ["END"]) == ["say ", "", "", "", "", "."])
    #expect(cut(["E", "N", "x", "END"], ["END"]) == ["", "", "ENx", "", "", "."])
    #expect(cut(["aEN"], ["END"]) == ["a", "EN"])
    #expect(cut(["aaab"], ["aab"]) == ["a", "", "."])
    // The first that is complete, and one within the beginning of another.
    #expect(cut(["x\n", "\nUser"], ["User", "\n\n"]) == ["x", "", "", "."])
    #expect(cut(["abc", "x"], ["abcd", "bc"]) == ["", "a", "", "."])
    #expect(cut(["abc"], ["abcd", "bc"]) == ["", "a", "."])
    #expect(cut(["Gr", "ü", "ße"], ["ß"]) == ["Gr", "ü", "", "", "."])
  }
}
