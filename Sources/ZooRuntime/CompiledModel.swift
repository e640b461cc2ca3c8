import CZooPlugin
import CZooSystem
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooSystem

/// How a model is compiled and run.
package struct CompileOptions: Sendable {
  /// The most threads that one run uses.
  package var threads: Int
  /// How exactly products are computed.
  package var arithmetic: Arithmetic
  /// Bytes that a run may take for what the graph makes: values, scratch memory, and constants that are computed. Inputs and
  /// the weights of the file don't count. What takes more is refused before it is allocated.
  package var memoryLimit: Int

  /// The memory of the machine, or what the process' control group has of it.
  package static let standardMemoryLimit = MemoryBudget.ofMachine

  package init(
    threads: Int = ThreadPool.shared.workerCount, arithmetic: Arithmetic = Arithmetic(),
    memoryLimit: Int = CompileOptions.standardMemoryLimit
  ) {
    self.threads = threads
    self.arithmetic = arithmetic
    self.memoryLimit = memoryLimit
  }
}

/// A model ready to run. Any number of threads may run it at once; each run has its own arena.
///
/// ```swift
/// let model = try CompiledModel(definition, registry: registry)
/// let outputs = try model.run(["input": tensor])
/// ```
///
/// Shapes are fixed when they are first seen: for each new set of input shapes the graph is rewritten, laid out and
/// planned once. Kernels for other shapes of the same node share packed weights where their plugin can. What depends on
/// shapes that only running tells is planned when they are there, in the same way.
public final class CompiledModel: Sendable {
  /// What a caller gives, in the model's order.
  package var inputs: [ValueInfo] { modelInputs.infos }
  /// What a caller may give: the model has a default value for each, which is as fast as any constant where it serves.
  package let optionalInputs: [ValueInfo]
  /// What a caller gets, each name once.
  package let outputs: [ValueInfo]
  package let options: CompileOptions

  private let modelInputs: ModelInputs
  private let definition: ModelDefinition?
  private let program: Mutex<Program>
  private let shared: SharedParts
  /// The model with some of the defaults as inputs, by their names.
  private let variants = Mutex<[Set<ExactText>: CompiledModel]>([:])
  private let dimensionWarnings: WarningsOnce
  private static let mostVariants = 32

  /// Checks the graph. Kernels are made when input shapes are known: now, where the model fixes them all.
  ///
  /// - Throws: `ZooError`: `badData` for a damaged graph, `missingOperator` for one that no plugin offers.
  package convenience init(
    _ definition: ModelDefinition, registry: OperatorRegistry, options: CompileOptions = CompileOptions()
  ) throws {
    try self.init(
      ImportedModel.reading(definition), of: definition, registry: registry, options: options,
      residents: ResidentConstants())
  }

  /// - Parameters:
  ///   - definition: What has the defaults of `model`, if it has any.
  ///   - residents: What models share that are made from parts of one definition.
  package convenience init(
    _ model: ImportedModel, of definition: ModelDefinition? = nil, registry: OperatorRegistry, options: CompileOptions,
    residents: ResidentConstants
  ) throws {
    guard options.threads > 0 else { throw ZooError(.usage, "a run needs at least one thread, not \(options.threads)") }
    let shared = SharedParts(
      provider: PluginProvider(registry: registry, arithmetic: options.arithmetic), residents: residents,
      memory: MemoryBudget(limit: max(options.memoryLimit, 0), model: model.name))
    try self.init(
      model, of: definition, given: [], options: options, shared: shared, dimensionWarnings: WarningsOnce())
  }

  private init(
    _ model: ImportedModel, of definition: ModelDefinition?, given: Set<ExactText>, options: CompileOptions,
    shared: SharedParts, dimensionWarnings: WarningsOnce
  ) throws {
    var imported = model
    for (name, range) in options.arithmetic.ranges {
      if let value = imported.values[ExactText(name)] { imported.graph[value].range = range }
    }
    try imported.graph.checkOperators(shared.provider)
    self.definition = definition
    optionalInputs = imported.defaults.filter { !given.contains(ExactText($0.name)) }
    modelInputs = ModelInputs(
      imported.inputs, optionalNames: optionalInputs.map(\.name), warnings: dimensionWarnings)
    outputs = imported.outputs
    self.options = options
    self.shared = shared
    self.dimensionWarnings = dimensionWarnings
    program = Mutex(Program(imported.graph, shared))
    if let facts = modelInputs.fixedFacts {
      _ = try withContext { try $0.version(like: facts, $1) }
    }
  }

  /// A closed model's memory goes back to the system, also where the C library would keep it for later.
  deinit {
    program.withLock { $0 = Program(CompilerGraph(), shared) }
    variants.withLock { $0 = [:] }
    shared.kernels.withLock { $0 = [:] }
    zoo_return_memory()
  }

  // MARK: Running

  /// Computes the outputs.
  ///
  /// - Throws: `ZooError`: `badInput` or `badShape` for inputs that are missing, unknown or of the wrong type or shape,
  ///   `outOfMemory`, and `usage` for a model with outputs whose names are one to `String`, or that are no tensors: see `run(exactly:)`.
  package func run(_ values: [String: Tensor]) throws -> [String: Tensor] {
    if let variant = try variant(for: values.keys) { return try variant.run(values) }
    let inputs = try ordered(values)
    let results = try withContext { try $0.run(inputs, $1).values }
    var table: [String: Tensor] = [:]
    for (output, value) in zip(outputs, results) {
      guard let tensor = value.tensor else {
        throw ZooError(.usage, "the output \"\(output.name)\" is no tensor", advice: "call run(exactly:)")
      }
      guard table.updateValue(tensor, forKey: output.name) == nil else {
        throw ZooError(
          .usage, "names of the model's outputs differ only in Unicode's normal form", advice: "call run(exactly:)")
      }
    }
    return table
  }

  /// Computes the outputs, in the model's order. Names are bytes here, as in ONNX, so that also those of inputs and outputs
  /// that differ only in Unicode's normal form, which `String` holds for equal, are told apart.
  ///
  /// - Throws: as `run(_:)`.
  package func run(exactly values: [(name: String, value: Value)]) throws -> [(name: String, value: Value)] {
    if let variant = try variant(for: values.lazy.map(\.name)) { return try variant.run(exactly: values) }
    let inputs = try modelInputs.ordered(values.lazy.map { ($0, $1) })
    let results = try withContext { try $0.run(inputs, $1).values }
    return zip(outputs, results).map { ($0.name, $1) }
  }

  /// The values in the model's order.
  private func ordered(_ values: [String: Tensor]) throws -> [Value] {
    try modelInputs.ordered(values.lazy.map { ($0.key, .tensor($0.value)) })
  }

  /// Calls `body` with the program and what a run of it has.
  private func withContext<Result>(_ body: (Program, RunContext) throws -> Result) throws -> Result {
    let program = program.withLock { $0 }
    return try ThreadPool.shared.withExecutor(limit: options.threads) { executor in
      try body(program, RunContext(executor: executor, memory: shared.memory, control: .current))
    }
  }

  /// Runs the model and shows `body` what its products (Conv, ConvTranspose, MatMul, Gemm) read that is no constant:
  /// before each of them, the name of the value and its elements, which are float32 in any order.
  ///
  /// The names are those that `Arithmetic.ranges` knows values by.
  ///
  /// - Throws: as `run(_:)`.
  package func observeProducts(
    _ values: [String: Tensor], _ body: (_ value: String, _ elements: UnsafeBufferPointer<Float>) -> Void
  ) throws {
    let inputs = try ordered(values)
    try withoutActuallyEscaping(body) { body in
      _ = try withContext { program, call in
        var call = call
        call.observer = ProductObserver(body)
        return try program.run(inputs, call)
      }
    }
  }

  /// Computes the outputs and tells when each node was computed.
  ///
  /// Taking the times makes the run a little slower; runs without a profile don't pay for it.
  ///
  /// - Throws: as `run(_:)`.
  package func profile(_ values: [String: Tensor]) throws -> Profile {
    if let variant = try variant(for: values.keys) { return try variant.profile(values) }
    let inputs = try ordered(values)
    return try withContext { program, call in try ProfileRecorder.profile(call) { _ = try program.run(inputs, $0) } }
  }

  /// The plan for inputs like `values`, and these in the model's order.
  ///
  /// - Throws: as `run(_:)`; `ZooError` (`unsupported`) for a model in which shapes depend on data.
  func plan(for values: [String: Tensor]) throws -> (plan: Plan, inputs: [Value]) {
    if let variant = try variant(for: values.keys) { return try variant.plan(for: values) }
    let inputs = try ordered(values)
    let version = try withContext { try $0.version(like: inputs.map(ValueFacts.init(like:)), $1) }
    guard version.rest == nil else {
      throw ZooError(.unsupported, "shapes of the model depend on its data, so that it can't be planned ahead")
    }
    return (version.plan, inputs)
  }

  /// What is left of the limit beside a plan.
  func budget(besides plan: Plan) throws -> MemoryBudget { try shared.memory.taking(plan.byteCount) }

  // MARK: Looking

  /// One step of the compiled graph.
  public struct Step: Sendable, Hashable {
    public var node: String
    public var operatorType: String
    /// Operators folded onto the node's end.
    public var epilogue: [String]
    /// How the kernel computes, in its plugin's words.
    public var summary: String?
    /// Whose operator it is, and where that came from; `nil` for what the runtime does itself.
    public var plugin: PluginName?
    /// Shapes of the outputs; `nil` for one that only running can tell.
    public var outputShapes: [[Int]?]
    /// Scratch memory in bytes.
    public var workspaceByteCount: Int

    public struct PluginName: Sendable, Hashable {
      public var name: String
      /// A path, or words for what comes out of no file.
      public var origin: String
    }

    init(_ step: Plan.Step) {
      if let kernel = step.action.kernel {
        plugin = PluginName(name: kernel.plugin.name, origin: kernel.plugin.origin)
      }
      node = step.node.name
      operatorType = step.node.operatorType
      epilogue = step.node.epilogue.map(\.operatorType)
      summary = step.summary
      outputShapes = step.outputs.map(\.facts.fixedShape)
      workspaceByteCount = step.workspaceByteCount
    }
  }

  /// What the graph became for the given input shapes, in the order of `inputs`: the part that can be planned for them.
  package func steps(for shapes: [[Int]]) throws -> [Step] {
    let facts = try modelInputs.facts(for: shapes)
    return try withContext { try $0.version(like: facts, $1).plan.stepsInside.map(Step.init) }
  }

  /// All that the graph becomes for the given input shapes, in the order of `inputs`.
  package func regions(for shapes: [[Int]]) throws -> [CompiledRegion] {
    let facts = try modelInputs.facts(for: shapes)
    return try withContext { program, call in
      var graph = program.graph
      for (input, known) in zip(graph.inputs, facts) { graph[input].facts = known }
      return try CompiledRegion.all(of: graph, shared, call)
    }
  }

  // MARK: Inputs

  /// The model in which those defaults are inputs that callers give others for; `nil` where they give none.
  private func variant(for given: some Sequence<String>) throws -> CompiledModel? {
    guard let definition, !optionalInputs.isEmpty else { return nil }
    let names = Set(optionalInputs.map { ExactText($0.name) }).intersection(given.map { ExactText($0) })
    guard !names.isEmpty else { return nil }
    if let known = variants.withLock({ $0[names] }) { return known }
    let made = try CompiledModel(
      ImportedModel.reading(definition, given: names), of: definition, given: names, options: options, shared: shared,
      dimensionWarnings: dimensionWarnings)
    variants.withLock { variants in
      // Callers give one set of them, as a rule.
      if variants.count >= Self.mostVariants { variants = [:] }
      variants[names] = made
    }
    return made
  }
}

extension Plan {
  /// The steps, those of bodies before the one that runs them.
  fileprivate var stepsInside: [Step] { steps.flatMap { $0.inner.flatMap(\.stepsInside) + [$0] } }
}

extension CompilerGraph {
  /// - Throws: `ZooError` (`unsupported`) for an operator that nobody offers.
  fileprivate func checkOperators(_ provider: PluginProvider) throws {
    for id in nodes {
      let node = self[id]
      if !isNative(node), !node.isExpanded { _ = try provider.require(node) }
      for body in node.bodies { try body.graph.checkOperators(provider) }
    }
  }
}
