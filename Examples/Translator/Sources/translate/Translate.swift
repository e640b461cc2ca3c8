// Lines of the standard input become lines of the standard output:  swift run -c release translate MODEL [BEAMS]
import Glibc
import ModelZoo

@main
struct Translate {
  static func main() async {
    do {
      let arguments = CommandLine.arguments
      guard (2...3).contains(arguments.count), let beams = Int(arguments.count == 3 ? arguments[2] : "1") else {
        fail("translate MODEL [BEAMS]")
      }
      let model = try await Model.load(contentsOf: arguments[1])
      let options = GenerationOptions(beams: beams)
      while let line = readLine() {
        try await translate(line, by: model, options)
      }
    } catch {
      fail("\(error)")
    }
  }

  /// Writes each piece as soon as it is certain; with one beam that is each token.
  static func translate(_ line: String, by model: Model, _ options: GenerationOptions) async throws {
    // What has no words has no translation.
    if line.contains(where: { !$0.isWhitespace }) {
      for try await piece in model.stream(.text(line), generation: options) {
        write(piece)
      }
    }
    write("\n")
  }

  static func write(_ piece: String) {
    print(piece, terminator: "")
    // To a pipe, too: whoever reads it may be waiting for this line.
    fflush(nil)
  }

  static func fail(_ message: String) -> Never {
    var text = "translate: \(message)\n"
    _ = text.withUTF8 { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(1)
  }
}
