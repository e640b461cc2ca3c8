import ArgumentParser
import ModelZoo

struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the version, as --version does.", shouldDisplay: false)

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  func run() throws {
    if json { return try Console.printJSON(Report(version: zooVersion)) }
    Console.print(ZooCommand.configuration.version)
  }

  private struct Report: Encodable {
    var version: String
  }
}
