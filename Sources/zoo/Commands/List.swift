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
        let metadata = try ModelDefinition(contentsOf: entry.path).metadata
        models.append(Entry(entry, metadata))
      } catch { failures.report(error) }
    }
    if options.json {
      try Console.printJSON(Report(models: models, folders: catalog.folders))
    } else if models.isEmpty {
      Console.print("no models in \(catalog.folders.joined(separator: ", "))")
    } else {
      Console.print(table(models.map { [$0.name, $0.architecture, $0.accuracyText, $0.path] }))
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
    var license: String
    var accuracy: [ModelMetadata.Accuracy]

    init(_ entry: ModelCatalog.Entry, _ metadata: ModelMetadata) {
      name = entry.name
      path = entry.path
      architecture = metadata.architecture
      task = metadata.task
      license = metadata.license
      accuracy = metadata.accuracy
    }

    var accuracyText: String { accuracy.map(\.text).joined(separator: ", ") }
  }
}

extension ModelMetadata.Accuracy {
  /// `top1 91.73 % on CIFAR-10`
  var text: String {
    let shown = metric == "bleu" ? fixed(value, 1) : fixed(value * 100, 2) + " %"
    return "\(metric) \(shown) on \(dataset)"
  }
}
