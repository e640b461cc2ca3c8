import Foundation
import ONNXFormat
import OpsetConversion
import TestSupport
import Testing
import ZooCore

/// Converts many models to many operator sets and has Python compare them with what they come from.
struct Sweep {
  let folder: String
  /// Lines for compare.py.
  private var converted: [String] = []
  private(set) var refused = 0
  /// Those that were written: the file, and the file that it comes from.
  private(set) var written: [(path: String, source: String)] = []

  init(_ folder: String) { self.folder = folder }

  /// What compare.py found.
  struct Report: Decodable {
    var counts: [String: Int]
    var wrong: [String]

    /// Models that give the same as their originals, whoever says what is right.
    var equal: Int { counts.filter { $0.key.hasPrefix("equal") }.map(\.value).reduce(0, +) }
  }

  static func script(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: name).path
  }

  static func models(_ folder: String) throws -> [String] {
    try String(contentsOfFile: folder + "/models.txt", encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// - Parameter source: The model that `path`'s has to agree with, if it is another.
  mutating func convert(_ path: String, comparedWith source: String? = nil, to targets: [Int64]) throws {
    let model = try ONNXFormat.read(path)
    let source = source ?? path
    for target in targets where model.version(ofDomain: "") != target {
      let result = "\(path).\(target).onnx"
      do {
        let new = try model.converted(toOperatorSet: target)
        #expect(new.version(ofDomain: "") == target)
        try ONNXFormat.write(new, to: result)
      } catch let error as ZooError {
        // A refusal says where and what; anything else is a defect.
        #expect(error.kind == .unsupported && error.location?.isEmpty == false, "\(path) to \(target): \(error)")
        refused += 1
        continue
      }
      converted.append("\(result)\t\(target)\t\(source)")
      written.append((result, source))
    }
  }

  func compare(tolerance: String = "2e-6") throws -> Report {
    try converted.joined(separator: "\n").write(toFile: folder + "/converted.txt", atomically: true, encoding: .utf8)
    let output = try Python.run(Self.script("compare.py"), folder, tolerance)
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    for wrong in report.wrong { Issue.record("\(wrong)") }
    print("\(converted.count) converted, \(refused) refused: \(report.counts)")
    return report
  }
}
