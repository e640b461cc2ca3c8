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
///
/// `predict`, `run` and `warmUp` are there twice. In an asynchronous function they are asynchronous: they compute on threads
/// of their own, never on those of Swift's tasks, and cancelling the task ends them. Elsewhere they return when the answer
/// is there. Both take a deadline. What was cancelled or is too late ends between two steps of the network, with a
/// `ZooError` of the kind `cancelled` or `deadlineExceeded`; a single step is not interrupted.
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
    /// A smaller model of the same tokens, which guesses the tokens that this one checks: texts are the same, and come faster
    /// where reading this model's weights takes the time. Only models that continue texts have one.
    public var draft: Model?
    /// What keys and values of read tokens are kept as, of models that generate texts.
    public var cacheType: CacheType
    /// Told of each call of `predict`, `run` and `stream` when it has ended, on whatever thread that is: for metrics.
    public var observer: (@Sendable (CallReport) -> Void)?

    public init(
      plugins: Plugins = .standard, threads: Int? = nil, precision: Precision = .float32,
      catalog: ModelCatalog = .standard, scoreThreshold: Float? = nil, memoryLimit: Int? = nil, draft: Model? = nil,
      cacheType: CacheType = .float32, observer: (@Sendable (CallReport) -> Void)? = nil
    ) {
      self.plugins = plugins
      self.threads = threads
      self.precision = precision
      self.catalog = catalog
      self.scoreThreshold = scoreThreshold
      self.memoryLimit = memoryLimit
      self.draft = draft
      self.cacheType = cacheType
      self.observer = observer
    }
  }

  /// What the file says.
  public let definition: ModelDefinition
  package let compiled: CompiledModel
  let scoreThreshold: Float?
  let observer: (@Sendable (CallReport) -> Void)?
  let draft: Model?
  let cacheType: CacheType
  let registry: OperatorRegistry
  /// Made when a text is first given: reading a tokenizer and compiling take time.
  private let textPredictor = Mutex<(any Predictor)?>(nil)

  /// The model in the file at `path`, of any of `ModelFormat`'s formats.
  ///
  /// - Throws: `ZooError`: `notFound`, `badData` for a damaged file, `missingOperator` for a model that needs an operator
  ///   which no plugin offers.
  public convenience init(contentsOf path: String, options: Options = Options()) throws(ZooError) {
    do {
      try self.init(ModelDefinition(contentsOf: path), options: options)
    } catch {
      throw error.location?.hasPrefix(path) == true ? error : error.located(path)
    }
  }

  /// The model in the file at `url`.
  ///
  /// - Throws: as `init(contentsOf:)` does for a path; `usage` for an address that is no file's.
  public convenience init(contentsOf url: URL, options: Options = Options()) throws(ZooError) {
    try self.init(contentsOf: url.filePath, options: options)
  }

  /// The model in `data`, the contents of a file of any of `ModelFormat`'s formats that is complete in itself. It is copied.
  ///
  /// - Parameters:
  ///   - data: The contents.
  ///   - name: What errors call it.
  ///   - options: How the model is made ready.
  /// - Throws: as `init(contentsOf:)`.
  public convenience init(
    data: some ContiguousBytes, name: String = "model", options: Options = Options()
  ) throws(ZooError) {
    do {
      try self.init(ModelDefinition(data: data, name: name), options: options)
    } catch {
      throw error.location?.hasPrefix(name) == true ? error : error.located(name)
    }
  }

  /// The model that goes by `name` in the catalog, or in the file of that path.
  ///
  /// - Throws: as `init(contentsOf:)`; `notFound` lists names that come near.
  public convenience init(named name: String, options: Options = Options()) throws(ZooError) {
    try self.init(contentsOf: options.catalog.path(of: name), options: options)
  }

  /// A model of a definition that was read or built.
  ///
  /// - Throws: as `init(contentsOf:)`.
  public convenience init(_ definition: ModelDefinition, options: Options = Options()) throws(ZooError) {
    do { try self.init(compiling: definition, options) } catch { throw ZooError(error) }
  }

  private init(compiling definition: ModelDefinition, _ options: Options) throws {
    guard !definition.holdsWeightsAlone || definition.graph.initializers.isEmpty else {
      throw ZooError(
        .badData, "it holds weights without a graph",
        advice: "make a package of them with the architecture that they belong to: zoo pack ARCH --weights FILE")
    }
    for metadata in options.draft.map({ [definition.metadata, $0.metadata] }) ?? []
    where metadata.task != .textGeneration {
      throw ZooError(
        .usage, "only models that continue texts have a draft model, or are one", at: metadata.location,
        advice: "leave the draft model out")
    }
    if options.cacheType != .float32, ![.textGeneration, .translation].contains(definition.metadata.task) {
      throw ZooError(
        .usage, "only models that generate texts keep keys and values", at: definition.metadata.location,
        advice: "leave the type of the cache out")
    }
    self.definition = definition
    (draft, cacheType) = (options.draft, options.cacheType)
    scoreThreshold = options.scoreThreshold
    observer = options.observer
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
  /// - Throws: `ZooError`: `badInput` for an input that is missing, unknown or of the wrong type, `badShape` for one of the
  ///   wrong shape, `outOfMemory`, and `deadlineExceeded` at `deadline`.
  public func run(
    _ inputs: [String: Tensor], deadline: ContinuousClock.Instant? = nil
  ) throws(ZooError) -> [String: Tensor] {
    try reported(.run, inputCount: 1, until: deadline) { try compiled.run(inputs) }
  }

  /// As `run(_:)`, with names as bytes and the outputs in the model's order, and for values that are no tensors: for models
  /// whose names differ only in Unicode's normal form, so that `String` holds them for equal.
  ///
  /// - Throws: as `run(_:)`.
  public func run(
    exactly inputs: [(name: String, value: Value)], deadline: ContinuousClock.Instant? = nil
  ) throws(ZooError) -> [(name: String, value: Value)] {
    try reported(.run, inputCount: 1, until: deadline) { try compiled.run(exactly: inputs) }
  }

  /// Runs the network once and tells when each of its nodes, which `steps(for:)` lists, was computed.
  ///
  /// - Throws: as `run` does.
  public func profile(_ inputs: [String: Tensor]) throws(ZooError) -> Profile {
    try ZooError.at(nil) { try compiled.profile(inputs) }
  }

  /// Threads that one call uses at most.
  public var threads: Int { min(compiled.options.threads, ThreadPool.shared.workerCount) }

  /// How the network is computed for inputs of these shapes: the nodes that remain after folding and fusion.
  ///
  /// - Throws: `ZooError`, as `run` does.
  public func steps(for shapes: [String: [Int]]) throws(ZooError) -> [CompiledModel.Step] {
    try ZooError.at(nil) { try compiled.steps(for: orderedShapes(shapes)) }
  }

  /// All that the network becomes for inputs of these shapes, bodies of its loops and branches included.
  ///
  /// - Throws: `ZooError`, as `run` does.
  public func regions(for shapes: [String: [Int]]) throws(ZooError) -> [RegionReport] {
    try ZooError.at(nil) { try compiled.regions(for: orderedShapes(shapes)).map(RegionReport.init) }
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
  ///   one that can't be read, and what `run` throws.
  public func predict(_ input: Input, deadline: ContinuousClock.Instant? = nil) throws(ZooError) -> Prediction {
    try reported(.predict, inputCount: 1, until: deadline) { try answer(input) }
  }

  /// The model's answers about `inputs`, in their order. Several at once take less time than one after the other.
  ///
  /// - Throws: as `predict(_:)`; the first bad input ends it.
  public func predict(_ inputs: [Input], deadline: ContinuousClock.Instant? = nil) throws(ZooError) -> [Prediction] {
    try reported(.predict, inputCount: inputs.count, until: deadline) { try answers(inputs) }
  }

  func answer(_ input: Input) throws -> Prediction {
    let answers = try answers([input])
    guard answers.count == 1 else { throw ZooError(.defect, "one input gave \(answers.count) answers") }
    return answers[0]
  }

  func answers(_ inputs: [Input]) throws -> [Prediction] {
    guard metadata.task != .none else { return try inputs.map { .tensors(try compiled.run(tensors(of: $0))) } }
    return try predictor().predict(inputs)
  }

  /// Does ahead what the first prediction would do besides: reads a tokenizer, packs weights, plans the network.
  ///
  /// - Parameter shapes: Of a model without a task, the inputs' shapes; what the model fixes itself need not be there.
  /// - Throws: `ZooError`, as `predict` does; `usage` where an input's shape is open and not among `shapes`.
  public func warmUp(shapes: [String: [Int]] = [:]) throws(ZooError) {
    try ZooError.at(nil) {
      switch metadata.task {
      case .none:
        let others = try definition.inputShapes(except: Set(shapes.keys))
        _ = try compiled.steps(for: orderedShapes(others.merging(shapes) { $1 }))
      case .translation, .textGeneration:
        _ = try textGenerator().answers(to: [.text("a")], options: GenerationOptions(maximumTokens: 2))
      case .textClassification, .tokenClassification: _ = try predictor().predict([.text("a")])
      case .textRanking: _ = try predictor().predict([.text("a", pair: "a")])
      case .textEmbedding where metadata.tokenizerSource != nil: _ = try predictor().predict([.text("a")])
      case .textEmbedding, .imageClassification, .objectDetection:
        let side = 64
        let black = try Image(width: side, height: side, pixels: [UInt8](repeating: 0, count: side * side * 3))
        _ = try predictor().predict([.image(black)])
      }
    }
  }

  /// What answers for the model's task. Predictors of photographs hold the model, so it does not hold them.
  private func predictor() throws -> any Predictor {
    switch metadata.task {
    case .imageClassification: try ImageClassifier(self)
    case .objectDetection: try ObjectDetector(self)
    case .textEmbedding: try known { try Embedder(self) }
    case .translation, .textGeneration: try textGenerator()
    case .textClassification, .tokenClassification, .textRanking: try known { try TextClassifier(self) }
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
    try RunControl.check()
    if case .tensors(let tensors) = input.content { return tensors }
    throw ZooError(
      .usage, "the model states no task, so that it takes tensors, not photographs or text",
      at: metadata.location,
      advice: "give it tensors (zoo run), or convert it with --task, which records what predicting needs")
  }
}

extension ZooError {
  /// What `body` gives, whose runs end at `deadline`.
  static func at<Result>(
    _ deadline: ContinuousClock.Instant?, _ body: () throws -> Result
  ) throws(ZooError) -> Result {
    do { return try RunControl.with(deadline: deadline, body) } catch { throw ZooError(error) }
  }
}

extension URL {
  /// The path of a file.
  ///
  /// - Throws: `ZooError` (`usage`) for an address of anything else.
  var filePath: String {
    get throws(ZooError) {
      guard isFileURL else {
        throw ZooError(
          .usage, "this is no address of a file", at: absoluteString,
          advice: "download it first; the address of a file comes from URL(fileURLWithPath:)")
      }
      return path
    }
  }
}
