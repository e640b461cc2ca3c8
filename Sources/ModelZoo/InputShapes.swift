extension ModelDefinition {
  /// The tensors that a caller gives. Those with a default value are left out.
  public var requiredInputs: [ValueInfo] {
    let defaults = Set(graph.initializers.map { ExactText($0.name) })
    return graph.inputs.filter { !defaults.contains(ExactText($0.name)) }
  }

  /// Random tensors for the inputs, the same for the same seed.
  ///
  /// - Parameter given: Inputs that need none.
  /// - Throws: `ZooError`, as `inputShapes` does; (`unsupported`) for inputs of types that can't be made.
  public func randomInputs(
    seed: UInt64, batch: Int? = nil, dimensions: [String: Int] = [:], others: Int? = nil,
    except given: Set<String> = []
  ) throws(ZooError) -> [String: Tensor] {
    do {
      let tensors = try exactRandomInputs(
        seed: seed, batch: batch, dimensions: dimensions, others: others, except: Array(given))
      return Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    } catch { throw ZooError(error) }
  }

  /// As `randomInputs`, with names as bytes.
  package func exactRandomInputs(
    seed: UInt64, batch: Int? = nil, dimensions: [String: Int] = [:], others: Int? = nil,
    except given: [String] = []
  ) throws -> [(name: String, tensor: Tensor)] {
    let shapes = try exactInputShapes(
      batch: batch, dimensions: dimensions, others: others, except: Set(given.map(ExactText.init)))
    var generator = NormalGenerator(seed: seed)
    var tensors: [(name: String, tensor: Tensor)] = []
    for input in requiredInputs {
      guard let shape = shapes[ExactText(input.name)] else { continue }
      guard case .tensor(let number, _)? = input.type?.form, let type = ElementType(rawValue: number) else {
        throw ZooError(.unsupported, "the input is no tensor of a known type", at: input.name)
      }
      tensors.append((input.name, try generator.tensor(type, shape)))
    }
    return tensors
  }

  /// The shapes of the inputs, with numbers for what the model leaves open.
  ///
  /// - Parameters:
  ///   - batch: The first extent of every input where the model leaves it open; 1 if `nil`.
  ///   - dimensions: Numbers for symbolic dimensions, by symbol.
  ///   - others: The extent of all other open dimensions. A symbol that is also some input's first dimension stands for
  ///     the batch.
  ///   - given: Inputs whose shapes nobody asks for.
  /// - Throws: `ZooError` (`usage`) for a dimension that stays open, a symbol that the model does not have, or a batch
  ///   that it can't take.
  public func inputShapes(
    batch: Int? = nil, dimensions: [String: Int] = [:], others: Int? = nil, except given: Set<String> = []
  ) throws(ZooError) -> [String: [Int]] {
    do {
      let shapes = try exactInputShapes(
        batch: batch, dimensions: dimensions, others: others, except: Set(given.map(ExactText.init)))
      return Dictionary(shapes.map { ($0.text, $1) }, uniquingKeysWith: { first, _ in first })
    } catch { throw ZooError(error) }
  }

  private func exactInputShapes(
    batch: Int?, dimensions: [String: Int], others: Int?, except given: Set<ExactText>
  ) throws -> [ExactText: [Int]] {
    var unused = Set(dimensions.keys)
    let batchSymbols = Set(requiredInputs.compactMap(firstSymbol))
    var shapes: [ExactText: [Int]] = [:]
    var takesBatch = false
    for input in requiredInputs where !given.contains(ExactText(input.name)) {
      guard case .tensor(_, let declared)? = input.type?.form, let declared else {
        throw ZooError(.usage, "the model leaves the input's shape open", at: input.name, advice: "give it as a file")
      }
      shapes[ExactText(input.name)] = try declared.enumerated().map { axis, dimension in
        switch dimension.extent {
        case .fixed(let extent):
          guard let extent = Int(exactly: extent), extent >= 0 else {
            throw ZooError(.badData, "the input has an extent of \(extent)", at: input.name)
          }
          if axis == 0, let batch, extent == batch { takesBatch = true }
          return extent
        case .symbol(let symbol):
          if let given = dimensions[symbol] {
            unused.remove(symbol)
            return given
          }
          if axis > 0 {
            if let others { return batchSymbols.contains(symbol) ? batch ?? 1 : others }
            throw ZooError(
              .usage, "the model leaves dimension \(axis), \(symbol), open", at: input.name,
              advice: "give it: --dim \(symbol)=N")
          }
        case .unknown:
          if axis > 0 {
            if let others { return others }
            throw ZooError(
              .usage, "the model leaves dimension \(axis) open, without a name", at: input.name,
              advice: "give the input as a file")
          }
        }
        takesBatch = true
        return batch ?? 1
      }
    }
    if let symbol = unused.min() {
      throw ZooError(
        .usage, "no input has a dimension named \(symbol)", at: metadata.location,
        advice: "zoo inspect shows the inputs")
    }
    if let batch, !takesBatch {
      throw ZooError(
        .usage, "the model's batch is fixed, it can't be \(batch)",
        at: metadata.location, advice: "leave the batch out")
    }
    return shapes
  }

  private func firstSymbol(of input: ValueInfo) -> String? {
    guard case .tensor(_, let declared)? = input.type?.form, case .symbol(let symbol)? = declared?.first?.extent
    else { return nil }
    return symbol
  }
}
