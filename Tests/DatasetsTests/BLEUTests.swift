import Foundation
import Testing
import ZooCore

@testable import Datasets

/// sacreBLEU's scores and tokens (make_bleu.py).
@Suite struct BLEUTests {
  private struct Corpus: Decodable {
    var name: String
    var translations: [String]
    var references: [String]
    var tokens: [[String]]
    var score: Double
  }

  private func corpora() throws -> [Corpus] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/bleu.json"
    return try JSONDecoder().decode([Corpus].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func agreesWithSacreBLEU() throws {
    let corpora = try corpora()
    #expect(corpora.count == 12)
    for corpus in corpora {
      var bleu = BLEU()
      for ((translation, reference), tokens) in zip(zip(corpus.translations, corpus.references), corpus.tokens) {
        #expect(BLEU.tokens(of: translation) == tokens.map { Array($0.utf8) }, "\(corpus.name): \(translation)")
        bleu.add(translation, reference: reference)
      }
      #expect(bleu.sentences == corpus.translations.count)
      #expect(abs(bleu.score - corpus.score) < 1e-9, "\(corpus.name): \(bleu.score), not \(corpus.score)")
    }
  }

  @Test func readsLinesOfTextFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bleu-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/lines.txt"
    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    try write(Array("eins \r\n\n  zwei".utf8))
    #expect(try textLines(contentsOf: path) == ["eins", "", "zwei"])
    try write([])
    #expect(try textLines(contentsOf: path).isEmpty)
    try write([0x61, 0xFF])
    #expect(throws: ZooError.self) { try textLines(contentsOf: path) }
    // gzip of "ja\nnein\n", whole and cut short.
    let compressed: [UInt8] = [
      31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 74, 228, 202, 75, 205, 204, 227, 2, 0, 168, 150, 4, 222, 8, 0, 0, 0,
    ]
    try write(compressed)
    #expect(try textLines(contentsOf: path) == ["ja", "nein"])
    try write(compressed.dropLast(9))
    #expect(throws: ZooError.self) { try textLines(contentsOf: path) }
    #expect(throws: ZooError.self) { try textLines(contentsOf: folder.path + "/missing") }
  }
}
