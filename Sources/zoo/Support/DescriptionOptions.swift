import ArgumentParser
import ModelZoo

/// What a package says about its model.
struct DescriptionOptions: ParsableArguments {
  enum Task: String, ExpressibleByArgument, CaseIterable {
    case imageClassification = "image-classification"
    case none
  }

  enum Preparation: String, ExpressibleByArgument, CaseIterable {
    case imagenet
    case cifar10
  }

  enum Scores: String, ExpressibleByArgument, CaseIterable {
    case logits
    case probabilities
  }

  @Option(help: "The model's name.")
  var name: String?

  @Option(
    help: ArgumentHelp(
      "The classes' names: a text file with one a line, or JSON (a list, or an object with a name for each number).",
      valueName: "FILE"), completion: .file())
  var labels: String?

  @Option(help: ArgumentHelp("What the model answers: \(Task.choices).", valueName: "TASK"))
  var task: Task?

  @Option(
    help: ArgumentHelp(
      "How a photograph becomes the input: \(Preparation.choices) (torchvision's 256 pixels, centre crop 224; 32 × 32).",
      valueName: "PRESET"))
  var preprocessing: Preparation?

  @Option(
    help: ArgumentHelp(
      "What the network gives for each class: \(Scores.choices) (default: logits, of which predict takes the softmax).",
      valueName: "KIND"))
  var scores: Scores?

  @Option(help: "The licence of the weights.")
  var license: String?

  @Option(help: "Where the weights come from.")
  var source: String?

  @Option(
    help: ArgumentHelp(
      "Accuracy that was measured, such as 'cifar10 test:top1=0.91'; may be repeated.",
      valueName: "DATASET:METRIC=VALUE"))
  var accuracy: [String] = []

  /// Whether nothing was given.
  var isEmpty: Bool {
    [name, labels, license, source].allSatisfy { $0 == nil } && task == nil && preprocessing == nil
      && scores == nil && accuracy.isEmpty
  }

  /// Puts what was given into `metadata`.
  func apply(to metadata: inout ModelMetadata) throws {
    if let name { metadata.name = name }
    if let labels { metadata.labels = try LabelsFile.read(labels) }
    if let scores { metadata.outputsProbabilities = scores == .probabilities }
    if let license { metadata.license = license }
    if let source { metadata.source = source }
    if !accuracy.isEmpty { metadata.accuracy = try accuracy.map(measured) }
    switch preprocessing {
    case .imagenet: metadata.image = .imageNet()
    case .cifar10: metadata.image = .cifar
    case nil: break
    }
    switch task {
    case .imageClassification:
      guard metadata.image != nil else {
        throw ZooError(
          .usage, "a classifier of photographs must say how a photograph becomes its input",
          at: "--task image-classification", advice: "add --preprocessing \(Preparation.choices)")
      }
      metadata.task = .imageClassification
    case Task.none?: metadata.task = .none
    case nil: break
    }
  }

  /// Labels that predict would refuse are refused at once.
  func checkLabels(of model: ModelDefinition) throws {
    guard let path = labels else { return }
    let classes: Int
    do {
      guard let count = try model.classCount() else { return }
      classes = count
    } catch let error as ZooError {
      return Console.writeError(
        "zoo: \(path): how many classes there are can't be told, so the labels are not checked: \(error)".visibleLine)
    }
    guard model.metadata.labels.count == classes else {
      throw ZooError(
        .usage, "\(model.metadata.labels.count) labels are given for \(classes) classes", at: path,
        advice: "give one label for each class, in the order of the network's first output")
    }
  }

  private func measured(_ text: String) throws -> ModelMetadata.Accuracy {
    guard let equals = text.lastIndex(of: "="), let colon = text[..<equals].lastIndex(of: ":"),
      let value = Double(text[text.index(after: equals)...]), value.isFinite
    else {
      throw ZooError(
        .usage, "\"\(text)\" is not of the form DATASET:METRIC=VALUE", at: "--accuracy",
        advice: "for example --accuracy 'cifar10 test:top1=0.91'")
    }
    return ModelMetadata.Accuracy(
      dataset: String(text[..<colon]), metric: String(text[text.index(after: colon)..<equals]), value: value)
  }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
  /// `imagenet|cifar10`
  fileprivate static var choices: String { allCases.map(\.rawValue).joined(separator: "|") }
}
