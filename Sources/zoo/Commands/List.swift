import ArgumentParser
import ModelZoo

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that are known by name.",
    discussion: "They lie in the folders of ZOO_PATH, in $XDG_DATA_HOME/zoo, or come with zoo.")

  @OptionGroup var options: CommonOptions

  func run() throws {
    let catalog = ModelCatalog.standard
    var failures = Failures()
    var models: [Entry] = []
    for entry in catalog.entries {
      do {
        models.append(try Entry(entry))
      } catch { failures.report(error) }
    }
    if options.json {
      try Console.printJSON(Report(models: models, folders: catalog.folders))
    } else if models.isEmpty {
      Console.print("no models in \(catalog.folders.joined(separator: ", "))".visibleLine)
    } else {
      let rows = models.map { [$0.name, $0.taskText, byteText($0.bytes), $0.accuracyText, $0.path] }
      Console.print(table([["name", "task", "size", "accuracy", "file"]] + rows, right: [2]))
    }
    try failures.finish()
  }

  private struct Report: Encodable {
    var models: [Entry]
    var folders: [String]
  }

  private struct Entry: Encodable {
    var name: String
    var path: String
    var architecture: String
    var task: ModelMetadata.Task
    var bytes: Int
    var shipped: Bool
    var license: String
    var accuracy: [ModelMetadata.Accuracy]

    init(_ entry: ModelCatalog.Entry) throws {
      let metadata = try ModelDefinition(contentsOf: entry.path).metadata
      bytes = try fileSize(entry.path)
      shipped = entry.isShipped
      name = entry.name
      path = entry.path
      architecture = metadata.architecture
      task = metadata.task
      license = metadata.license
      accuracy = metadata.accuracy
    }

    /// `image classification`; nothing for a model without a task.
    var taskText: String {
      guard task != .none else { return "" }
      return task.rawValue.reduce(into: "") { text, letter in
        text += letter.isUppercase ? " " + letter.lowercased() : String(letter)
      }
    }

    var accuracyText: String { accuracy.first?.text ?? "" }
  }
}

extension ModelMetadata.Accuracy {
  /// `top1 91.73 % on CIFAR-10`
  var text: String {
    let shown = metric == "bleu" ? fixed(value, 1) : fixed(value * 100, 2) + " %"
    return "\(metric) \(shown) on \(dataset)"
  }
}
