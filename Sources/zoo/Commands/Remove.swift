import ArgumentParser
import ModelZoo

struct Remove: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove a model from your own.", discussion: "Models that come with zoo stay.",
    aliases: ["rm"])

  @Argument(help: "Its whole name, as zoo list shows it.", completion: .ownModels)
  var name: String

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  func run() throws {
    let files = try ModelCatalog.standard.remove(name)
    if json { return try Console.printJSON(Report(name: name, removed: files)) }
    for file in files { Console.print("removed \(file)".visibleLine) }
  }

  private struct Report: Encodable {
    var name: String
    var removed: [String]
  }
}
