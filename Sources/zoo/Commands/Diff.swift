import ArgumentParser
import ModelZoo

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how the tensors of two files differ.",
    discussion: """
      A and B are files of any formats: weights, folders with weights, or models, the graphs of which are compared too. \
      Tensors are the same where names, types, shapes and bits are. With --tolerance or --relative, values A and B count as \
      the same where |A - B| ≤ tolerance + relative · max(|A|, |B|), and types may differ.

      Exit status: 0 where nothing differs, 1 where something does, more for errors. The order of tensors is told, but no \
      difference.
      """)

  @Argument(help: "A file, a folder, or a name in the zoo.", completion: .models)
  var a: String

  @Argument(help: "Another one.", completion: .models)
  var b: String

  @Option(help: "How far values may be apart, 0 or more.")
  var tolerance: Double?

  @Option(help: "How far values may be apart, as a fraction of the greater one, 0 or more.")
  var relative: Double?

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  mutating func validate() throws {
    for value in [tolerance, relative].compactMap({ $0 }) where !(value >= 0) {
      throw ValidationError("--tolerance and --relative take a number of 0 or more.")
    }
  }

  private struct Report: Encodable {
    var a: String
    var b: String
    var equal: Bool
    var tensors: WeightDifference
    var graph: GraphDifference?
  }

  func run() throws {
    let (first, second) = (try Self.source(a), try Self.source(b))
    let allowed =
      tolerance == nil && relative == nil
      ? nil : WeightDifference.Tolerance(absolute: tolerance ?? 0, relative: relative ?? 0)
    let tensors = try WeightDifference(first.file.tensors, second.file.tensors, tolerance: allowed)
    var graph: GraphDifference?
    if let one = first.model, let other = second.model { graph = try GraphDifference(one.graph, other.graph) }
    let isEqual = tensors.isNone && graph?.isNone ?? true
    if json {
      try Console.printJSON(Report(a: a, b: b, equal: isEqual, tensors: tensors, graph: graph))
    } else {
      Console.print(Self.text(tensors, graph, a, b))
    }
    if !isEqual { throw ExitCode(1) }
  }

  private static func source(_ name: String) throws -> WeightSource {
    try WeightSource(contentsOf: FileKind(path: name) == .folder ? name : ModelCatalog.standard.path(of: name))
  }

  private static func text(_ tensors: WeightDifference, _ graph: GraphDifference?, _ a: String, _ b: String) -> String {
    var parts: [String] = []
    for (name, names) in [(a, tensors.onlyInFirst), (b, tensors.onlyInSecond)] where !names.isEmpty {
      parts.append(list("only in \(name)", names))
    }
    if !tensors.differing.isEmpty {
      let head = ["tensor", "type", "shape", "values that differ", "largest difference", "relative"]
      parts.append(table([head] + tensors.differing.map(row), right: [3, 4, 5]))
    }
    if let graph, !graph.isNone {
      for (what, names) in [
        ("only in the graph of \(a)", graph.removed), ("only in the graph of \(b)", graph.added),
        ("other in the graphs", graph.changed),
      ] where !names.isEmpty {
        parts.append(list(what, names))
      }
      if graph.hasOtherInterface { parts.append("the graphs have other inputs or outputs") }
    }
    let order = tensors.hasSameOrder ? "" : ", in another order"
    let same = "\(tensors.same) tensors are the same\(order)"
    parts.append(graph?.isNone == true ? same + ", and so are the graphs" : same)
    return parts.joined(separator: "\n")
  }

  private static func list(_ title: String, _ names: [String]) -> String {
    (["\(title):"] + names.map { "  \($0)" }).map(\.visibleLine).joined(separator: "\n")
  }

  private static func row(_ tensor: WeightDifference.Tensor) -> [String] {
    let values = tensor.values.map { String($0) } ?? ""
    let largest = tensor.largest.map(numberText) ?? ""
    let relative = tensor.relative.map(numberText) ?? ""
    return [tensor.name, one(tensor.types), one(tensor.shapes.map(shapeText)), values, largest, relative]
  }

  /// One text where both are the same.
  private static func one(_ texts: [String]) -> String {
    Set(texts).count == 1 ? texts[0] : texts.joined(separator: " / ")
  }
}
