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
  /// The operator sets that a model was refused for, by the file's name.
  private(set) var refused: [String: [Int64]] = [:]
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

  /// - Parameters:
  ///   - source: The model that `path`'s has to agree with, if it is another.
  ///   - others: Operator sets for which only is looked at whether they are refused.
  mutating func convert(
    _ path: String, comparedWith source: String? = nil, to targets: [Int64], others: [Int64] = []
  ) throws {
    let model = try ONNXFormat.read(path)
    let source = source ?? path
    let name = URL(filePath: path).deletingPathExtension().lastPathComponent
    for target in Set(targets + others).sorted() where model.version(ofDomain: "") != target {
      let result = "\(path).\(target).onnx"
      do {
        let new = try model.converted(toOperatorSet: target)
        #expect(new.version(ofDomain: "") == target)
        guard targets.contains(target) else { continue }
        try ONNXFormat.write(new, to: result)
      } catch let error as ZooError {
        // A refusal says where and what; anything else is a defect.
        #expect(error.kind == .unsupported && error.location?.isEmpty == false, "\(path) to \(target): \(error)")
        refused[name, default: []].append(target)
        continue
      }
      converted.append("\(result)\t\(target)\t\(source)")
      written.append((result, source))
    }
  }

  /// Expects just those refusals that a file lists: on each line a range of operator sets, and the models that are refused
  /// for all of it.
  /// With ZOO_WRITE_REFUSALS set it writes the list anew, for a reading of what changed.
  func expectRefusals(of list: String) throws {
    guard ProcessInfo.processInfo.environment["ZOO_WRITE_REFUSALS"] == nil else { return try writeRefusals(list) }
    var wanted: [String: Set<Int64>] = [:]
    for line in try String(contentsOfFile: Self.script(list), encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      let bounds = try words[0].split(separator: "-").map { try #require(Int64($0)) }
      for name in words.dropFirst() {
        wanted[String(name), default: []].formUnion(bounds[0]...bounds[bounds.count - 1])
      }
    }
    for name in Set(wanted.keys).union(refused.keys).sorted() {
      let (before, now) = (wanted[name] ?? [], Set(refused[name] ?? []))
      #expect(before == now, "\(name): refused \(now.sorted()), in \(list) \(before.sorted())")
    }
  }

  private func writeRefusals(_ list: String) throws {
    var names: [ClosedRange<Int64>: [String]] = [:]
    for (name, targets) in refused {
      var rest = Set(targets).sorted()[...]
      while let first = rest.first {
        let run = rest.enumerated().prefix { $0.element == first + Int64($0.offset) }.count
        names[first...rest[rest.startIndex + run - 1], default: []].append(name)
        rest = rest.dropFirst(run)
      }
    }
    var lines: [String] = []
    for (range, models) in names.sorted(by: {
      ($0.key.lowerBound, $0.key.upperBound) < ($1.key.lowerBound, $1.key.upperBound)
    }) {
      let start = "\(range.lowerBound)-\(range.upperBound)"
      lines.append(start)
      for model in models.sorted() {
        if lines[lines.count - 1].utf8.count + model.utf8.count + 1 > 120, lines.last != start { lines.append(start) }
        lines[lines.count - 1] += " " + model
      }
    }
    try (lines.joined(separator: "\n") + "\n").write(toFile: Self.script(list), atomically: true, encoding: .utf8)
  }

  func compare(tolerance: String = "2e-6") throws -> Report {
    try converted.joined(separator: "\n").write(toFile: folder + "/converted.txt", atomically: true, encoding: .utf8)
    let output = try Python.run(Self.script("compare.py"), folder, tolerance)
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    for wrong in report.wrong { Issue.record("\(wrong)") }
    print("\(converted.count) converted: \(report.counts)")
    return report
  }
}
