import ArgumentParser
import ModelZoo

struct Add: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Add a model to your own, so that it is known by name.",
    discussion: """
      The model becomes a package in the first folder of ZOO_PATH, or in $XDG_DATA_HOME/zoo. It is written, checked, and \
      only then gets its name, which it takes from a model of yours that has it already.
      """)

  @Argument(help: ArgumentHelp("A .zoo or .onnx file.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: "What it will go by (default: the file's name).")
  var name: String?

  @OptionGroup var writing: WritingOptions

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  func run() throws {
    let entry = try ModelCatalog.standard.add(file, as: name, replaces: !writing.keepsFiles)
    if json { return try Console.printJSON(Report(name: entry.name, path: entry.path)) }
    Console.print("\(entry.name): \(entry.path)".visibleLine)
  }

  private struct Report: Encodable {
    var name: String
    var path: String
  }
}
