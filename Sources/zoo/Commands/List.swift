import ArgumentParser
import ModelZoo

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that are known by name.",
    discussion: "They lie in the folders of ZOO_PATH, in $XDG_DATA_HOME/zoo, or come with zoo.",
    aliases: ["ls"])

  @OptionGroup var options: CommonOptions

  func run() throws {
    let catalog = ModelCatalog.standard
    var failures = Failures()
    var models: [Entry] = []
    var damaged: [Damaged] = []
    for entry in catalog.entries {
      do {
        models.append(try Entry(entry))
      } catch {
        failures.report(error)
        damaged.append(Damaged(path: entry.path, error: ErrorReport(error)))
      }
    }
    if options.json {
      try Console.printJSON(Report(models: models, damaged: damaged, folders: catalog.folders))
    } else if models.isEmpty {
      Console.print("no models in \(catalog.folders.joined(separator: ", "))".visibleLine)
      Console.print(
        "zoo add FILE.onnx keeps a model under a name; zoo pack makes one of an architecture and your weights")
    } else {
      let rows = models.map { model in
        [model.name, model.task == "none" ? "" : model.task, byteText(model.bytes), model.accuracyText, model.path]
      }
      let all = fitted(
        [["name", "task", "size", "accuracy", "file"]] + rows, to: Console.width,
        elastic: [(4, true), (3, false), (0, false)])
      Console.print(table(all, right: [2]))
    }
    try failures.finish()
  }

  private struct Report: Encodable {
    var models: [Entry]
    var damaged: [Damaged]
    var folders: [String]
  }

  /// A file that is found under a name, but is no model that can be read.
  private struct Damaged: Encodable {
    var path: String
    var error: ErrorReport
  }

  private struct Entry: Encodable {
    var name: String
    var path: String
    var architecture: String
    /// By the name that options have for it.
    var task: String
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
      task = metadata.task.name
      license = metadata.license
      accuracy = metadata.accuracy
    }

    var accuracyText: String { accuracy.first?.text ?? "" }
  }
}

extension ModelMetadata.Task {
  /// `image-classification`
  var name: String {
    rawValue.reduce(into: "") { text, letter in text += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
    }
  }
}

extension ModelMetadata.Accuracy {
  /// `top1 91.73 % on CIFAR-10`
  var text: String {
    let shown = metric == "bleu" ? fixed(value, 1) : fixed(value * 100, 2) + " %"
    return "\(metric) \(shown) on \(dataset)"
  }
}
