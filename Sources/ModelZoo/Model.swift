import Synchronization
import ZooPluginHost
import ZooRuntime
import ZooSystem

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// A neural network, ready to answer.
///
/// ```swift
/// let model = try Model(contentsOf: "resnet20-cifar10.zoo")
/// if case .classes(let classes) = try model.predict(.image(contentsOf: "cat.jpg")) {
///   print(classes[0].label)  // cat
/// }
/// ```
///
/// A model is immutable: any number of tasks or threads may ask it at once. Each call uses several threads by itself
/// (`Options.threads`).
public final class Model: Sendable {
  /// How a model is made ready.
  public struct Options: Sendable {
    /// Where its operators come from.
    public var plugins: Plugins
    /// Threads that one call may use, the caller's included; `nil` for all processors.
    public var threads: Int?
    /// How exactly products are computed.
    public var precision: Precision
    /// Where `init(named:)` looks.
    public var catalog: ModelCatalog
    /// The least score of the objects that `predict` gives, in place of the model's own.
    public var scoreThreshold: Float?
    /// Bytes that a run may take for what the network computes; `nil` for what the machine has.
    public var memoryLimit: Int?

    public init(
      plugins: Plugins = .standard, threads: Int? = nil, precision: Precision = .float32,
      catalog: ModelCatalog = .standard
    ) {
      self.precision = precision
      self.plugins = plugins
      self.threads = threads
      self.catalog = catalog
    }
  }

  /// What the file says.
  public let definition: ModelDefinition
  package let compiled: CompiledModel
  let scoreThreshold: Float?
  let registry: OperatorRegistry
  /// Made when a text is first given: reading a tokenizer and compiling take time.
  private let textPredictor = Mutex<(any Predictor)?>(nil)

  /// The model in the .zoo or .onnx file at `path`.
  ///
  /// - Throws: `ZooError`: `notFound`, `badData` for a damaged file, `unsupported` for a model that needs an operator
  ///   which no plugin offers.
  public convenience init(contentsOf path: String, options: Options = Options()) throws {
    do {
      try self.init(ModelDefinition(contentsOf: path), options: options)
    } catch let error as ZooError {
      throw error.location?.hasPrefix(path) == true ? error : error.located(path)
    }
  }

  /// The model in the .zoo or .onnx file at `url`.
  public convenience init(contentsOf url: URL, options: Options = Options()) throws {
    try self.init(contentsOf: url.path, options: options)
  }

  /// The model that goes by `name` in the catalog, or in the file of that path.
  ///
  /// - Throws: as `init(contentsOf:)`; `notFound` lists names that come near.
  public convenience init(named name: String, options: Options = Options()) throws {
    try self.init(contentsOf: options.catalog.path(of: name), options: options)
  }

  /// A model from memory.
  public init(_ definition: ModelDefinition, options: Options = Options()) throws {
    guard !definition.holdsWeightsAlone || definition.graph.initializers.isEmpty else {
      throw ZooError(
        .badData, "it holds weights without a graph",
        advice: "make a package of them with the architecture that they belong to: zoo pack ARCH --weights FILE")
    }
    self.definition = definition
    scoreThreshold = options.scoreThreshold
    var compilation = CompileOptions(arithmetic: Arithmetic(options.precision))
    // Only 8-bit arithmetic has a use for them.
    if options.precision == .int8, let calibration = definition.metadata.calibration {
      try calibration.check()
      for range in calibration.ranges { compilation.arithmetic.ranges[range.value] = range.least...range.greatest }
    }
    if let threads = options.threads { compilation.threads = threads }
    if let limit = options.memoryLimit { compilation.memoryLimit = limit }
    registry = try options.plugins.registry()
    compiled = try CompiledModel(definition, registry: registry, options: compilation)
  }

  /// What the model is and what it answers.
  public var metadata: ModelMetadata { definition.metadata }

  /// The tensors that a caller gives. Those with a default value are left out.
  public var inputs: [ValueInfo] { definition.requiredInputs }

  /// The tensors that a caller may give in place of the model's default values.
  public var optionalInputs: [ValueInfo] { compiled.optionalInputs }

  /// The tensors that the network computes, each name once.
  public var outputs: [ValueInfo] { compiled.outputs }

  /// Tensors in, tensors out.
  ///
  /// - Throws: `ZooError` (`usage`) for a missing or unknown input, (`badData`) for one of the wrong type or shape.
  public func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] { try compiled.run(inputs) }

  /// As `run(_:)`, with names as bytes and the outputs in the model's order, and for values that are no tensors: for models
  /// whose names differ only in Unicode's normal form, so that `String` holds them for equal.
  ///
  /// - Throws: as `run(_:)`.
  public func run(exactly inputs: [(name: String, value: Value)]) throws -> [(name: String, value: Value)] {
    try compiled.run(exactly: inputs)
  }

  /// Runs the network once and tells when each of its nodes, which `steps(for:)` lists, was computed.
  ///
  /// - Throws: as `run` does.
  public func profile(_ inputs: [String: Tensor]) throws -> Profile { try compiled.profile(inputs) }

  /// Threads that one call uses at most.
  public var threads: Int { min(compiled.options.threads, ThreadPool.shared.workerCount) }

  /// How the network is computed for inputs of these shapes: the nodes that remain after folding and fusion.
  ///
  /// - Throws: `ZooError`, as `run` does.
  public func steps(for shapes: [String: [Int]]) throws -> [CompiledModel.Step] {
    try compiled.steps(for: orderedShapes(shapes))
  }

  /// All that the network becomes for inputs of these shapes, bodies of its loops and branches included.
  ///
  /// - Throws: `ZooError`, as `run` does.
  public func regions(for shapes: [String: [Int]]) throws -> [RegionReport] {
    try compiled.regions(for: orderedShapes(shapes)).map(RegionReport.init)
  }

  private func orderedShapes(_ shapes: [String: [Int]]) throws -> [[Int]] {
    try compiled.inputs.map { input in
      guard let shape = shapes[input.name] else { throw ZooError(.usage, "no shape for the input", at: input.name) }
      return shape
    }
  }

  /// The model's answer about `input`.
  ///
  /// - Throws: `ZooError`: `usage` for an input that this model's task does not take, `notFound` or `badData` for
  ///   one that can't be read.
  public func predict(_ input: Input) throws -> Prediction {
    let answers = try predict([input])
    guard answers.count == 1 else { throw ZooError(.defect, "one input gave \(answers.count) answers") }
    return answers[0]
  }

  /// The model's answers about `inputs`, in their order. Several at once take less time than one after the other.
  ///
  /// - Throws: as `predict(_:)`; the first bad input ends it.
  public func predict(_ inputs: [Input]) throws -> [Prediction] {
    guard metadata.task != .none else { return try inputs.map { .tensors(try run(tensors(of: $0))) } }
    return try predictor().predict(inputs)
  }

  /// What answers for the model's task. Predictors of photographs hold the model, so it does not hold them.
  private func predictor() throws -> any Predictor {
    switch metadata.task {
    case .imageClassification: try ImageClassifier(self)
    case .objectDetection: try ObjectDetector(self)
    case .textEmbedding: try known { try Embedder(self) }
    case .translation, .textGeneration: try textGenerator()
    case .none:
      throw ZooError(
        .unsupported, "predict does not know the task \(metadata.task.rawValue) yet", at: metadata.name,
        advice: "give it tensors (zoo run)")
    }
  }

  /// What generates the model's text, compiled once.
  ///
  /// - Throws: `ZooError`: `usage` for a model whose task is another.
  func textGenerator() throws -> TextGenerator {
    guard metadata.task == .translation || metadata.task == .textGeneration else {
      throw ZooError(.usage, "the model generates no text", at: metadata.location)
    }
    return try known { try TextGenerator(self) }
  }

  /// The text predictor, which is always of the same kind: made once.
  private func known<Kind: Predictor>(_ make: () throws -> Kind) throws -> Kind {
    try textPredictor.withLock { known in
      if let known = known as? Kind { return known }
      let made = try make()
      known = made
      return made
    }
  }

  private func tensors(of input: Input) throws -> [String: Tensor] {
    if case .tensors(let tensors) = input.content { return tensors }
    throw ZooError(
      .usage, "the model states no task, so that it takes tensors, not photographs or text",
      at: metadata.location,
      advice: "give it tensors (zoo run), or convert it with --task, which records what predicting needs")
  }
}
