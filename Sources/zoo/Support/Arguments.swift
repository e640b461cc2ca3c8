import ArgumentParser
import CArguments
import ModelZoo
import ZooCore
import ZooPlatform

/// The words behind `zoo`, as ArgumentParser takes them for what people mean.
struct Arguments {
  /// Options of one letter.
  private static let letters: Set<String> = ["-h", "-n", "-o"]

  let words: [String]

  /// Those of the process, whose names of files are bytes.
  static var given: Arguments {
    // Swift would read them from /proc.
    guard zoo_argument_count() > 0 else { return Arguments(words: Array(CommandLine.arguments.dropFirst())) }
    return Arguments(
      words: (1..<max(1, zoo_argument_count())).compactMap { zoo_argument($0).map { String(cFileName: $0) } })
  }

  /// Those before `--`, behind which nothing is an option.
  private var options: ArraySlice<String> { words.prefix { $0 != "--" } }

  var wantsJSON: Bool { options.contains("--json") || wantsJSONLines }
  var wantsJSONLines: Bool { options.contains("--json-lines") }

  /// The words with files that begin with a dash as paths, and numbers below zero beside their options.
  ///
  /// - Throws: `ZooError` (`usage`) for a command that is none, and for letters that are no option: ArgumentParser would take
  ///   each letter of `-dash.jpg` for one, and `-h` among them for a question.
  func parsed() throws -> [String] {
    try checkCommand()
    var made: [String] = []
    for word in options {
      guard word.hasPrefix("-"), !word.hasPrefix("--"), word != "-", !Self.letters.contains(word) else {
        made.append(word)
        continue
      }
      if let option = made.last, option.hasPrefix("-"), !option.contains("="), Double(word) != nil {
        made[made.count - 1] = "\(option)=\(word)"
      } else if FileKind(path: word) != nil {
        made.append("./" + word)
      } else {
        throw ZooError(
          .usage, "no option, and no file here", at: word,
          advice: "what begins with a dash and is no option follows --, as in zoo predict MODEL -- \(word)")
      }
    }
    return made + words[options.endIndex...]
  }

  private func checkCommand() throws {
    guard let word = words.first, !word.hasPrefix("-") else { return }
    let commands = ZooCommand.configuration.subcommands.flatMap { command in
      [command._commandName] + command.configuration.aliases
    }
    guard !commands.contains(word), word != "help" else { return }
    let near = nearest(to: word, among: commands)
    let isModel = FileKind(path: word) != nil || (try? ModelCatalog.standard.path(of: word)) != nil
    throw ZooError(
      .usage, "no command of zoo", at: word,
      advice: near.isEmpty
        ? isModel ? "zoo predict \(word) INPUT; zoo --help lists the commands" : "zoo --help lists the commands"
        : "did you mean zoo \(near.joined(separator: " or zoo "))?")
  }
}
