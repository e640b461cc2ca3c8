import Datasets
import ModelZoo

/// How near a model's translations are to those of people.
public struct TranslationQuality: Sendable, Hashable, Codable {
  /// Sentences that were translated.
  public var sentences: Int
  /// sacreBLEU's lower-case BLEU of all of them, 0…100.
  public var bleu: Double
}

extension Model {
  /// Translates the lines of the text file `source` and compares them with those of `reference`. Either may be
  /// compressed by gzip; white space around a line does not count.
  ///
  /// - Parameter progress: Called now and then with the number of sentences that are done, and of all.
  /// - Throws: `ZooError`: `usage` for a model that does not translate, `notFound` and `badData` for a file, `badData`
  ///   also for files of different length.
  public func translationQuality(
    of source: String, reference: String, generation options: GenerationOptions = GenerationOptions(),
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> TranslationQuality {
    let (sentences, references) = (try textLines(contentsOf: source), try textLines(contentsOf: reference))
    guard sentences.count == references.count, !sentences.isEmpty else {
      throw ZooError(
        .badData, "\(sentences.count) sentences and \(references.count) translations of them don't go together",
        at: reference, advice: "give two files with a sentence a line, the first line being the first's translation")
    }
    var bleu = BLEU()
    // Enough to find texts of like length, little enough to tell how it goes.
    for start in stride(from: 0, to: sentences.count, by: 256) {
      let range = start..<min(start + 256, sentences.count)
      let answers = try predict(sentences[range].map { .text($0) }, generation: options)
      for (answer, reference) in zip(answers, references[range]) {
        if case .text(let text) = answer { bleu.add(text, reference: reference) }
      }
      progress(range.upperBound, sentences.count)
    }
    return TranslationQuality(sentences: bleu.sentences, bleu: bleu.score)
  }
}
