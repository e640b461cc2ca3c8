import ArgumentParser
import ModelZoo

/// What a shell offers where a word is to be completed.
enum Completion {
  /// Names go through the shell's expansion, so only those come that it leaves alone.
  static func names(of entries: [ModelCatalog.Entry]) -> [String] {
    entries.map(\.name).filter { name in
      name.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789-_.+".unicodeScalars.contains($0) }
    }
  }

  /// ArgumentParser's script offers names or files; a model may be either, so files come behind the names. The shell lists
  /// files itself, and so knows how to write blanks.
  static func withFiles(_ script: String) -> String {
    guard script.contains("_zoo_custom_complet") else { return script }
    return script.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let text = String(line)
      // bash
      if text.contains("local -r subcommand=") { return text.replacing("-r ", with: "") + "\n" + otherNames }
      if text.contains("__zoo_add_completions -W \"$(__zoo_custom_complete") {
        return text + "\n" + text.prefix { $0 == " " } + "__zoo_add_completions -f"
      }
      // zsh
      if text.contains("{__zoo_custom_complete") {
        return text.replacing(
          "$(__zoo_cursor_index_in_current_word)\"}", with: "$(__zoo_cursor_index_in_current_word)\";_files}")
      }
      // fish
      return text.replacing("-rfka '(__zoo_custom_completion", with: "-rFka '(__zoo_custom_completion")
        .replacing("-fka '(__zoo_custom_completion", with: "-Fka '(__zoo_custom_completion")
    }.joined(separator: "\n")
  }
}

extension Completion {
  /// Lines for bash that put a command's usual name in the place of its other ones.
  private static var otherNames: String {
    let cases = ZooCommand.configuration.subcommands.flatMap { command in
      command.configuration.aliases.map { "    \($0)) subcommand=\(command._commandName) ;;" }
    }
    return (["    case \"${subcommand}\" in"] + cases + ["    esac"]).joined(separator: "\n")
  }
}

extension CompletionKind {
  /// Models' names and files.
  static let models = CompletionKind.custom { _, _, _ in Completion.names(of: ModelCatalog.standard.entries) }
  /// Those of models that can be removed.
  static let ownModels = CompletionKind.custom { _, _, _ in
    Completion.names(of: ModelCatalog.standard.entries.filter { !$0.isShipped })
  }
}
