import ArgumentParser
import ModelZoo

struct Add: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Add a model to your own, so that it is known by name.",
    discussion: """
      The model becomes a package in the first folder of ZOO_PATH, or in $XDG_DATA_HOME/zoo. It is written, checked, and \
      only then gets its name.
      """)

  @Argument(help: ArgumentHelp("A .zoo or .onnx file.", valueName: "file"))
  var file: String

  @Option(help: "What it will go by (default: the file's name).")
  var name: String?

  @Flag(help: "Take the place of a model of the same name.")
  var replace = false

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  func run() throws {
    let entry = try ModelCatalog.standard.add(file, as: name, replaces: replace)
    if json { return try Console.printJSON(Report(name: entry.name, path: entry.path)) }
    Console.print("\(entry.name): \(entry.path)".visibleLine)
  }

  private struct Report: Encodable {
    var name: String
    var path: String
  }
}
