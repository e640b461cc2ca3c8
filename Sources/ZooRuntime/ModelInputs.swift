import Logging
import Synchronization
import ZooCore
import ZooOperators

/// What a model asks of its inputs, so that a run's are looked at without anything being made.
struct ModelInputs: Sendable {
  let infos: [ValueInfo]
  private let kinds: [Result<ValueKind?, ZooError>]
  private let dimensions: [[ShapeDimension]?]
  /// By a name: the inputs whose names `String` holds for equal to it.
  private let places: [String: [Int]]
  /// Where each symbol is that stands for several extents.
  private let symbols: [(name: String, places: [(input: Int, axis: Int)])]
  /// What callers may give besides, for errors.
  private let optionalNames: [String]
  private let warnings: WarningsOnce

  init(_ infos: [ValueInfo], optionalNames: [String], warnings: WarningsOnce) {
    (self.infos, self.optionalNames, self.warnings) = (infos, optionalNames, warnings)
    kinds = infos.map(Self.kind)
    dimensions = infos.map { info in
      guard case .tensor(_, let shape) = info.type?.form else { return nil }
      return shape
    }
    places = Dictionary(grouping: infos.indices) { infos[$0].name }
    var symbols: [(name: String, places: [(input: Int, axis: Int)])] = []
    for (input, dimensions) in dimensions.enumerated() {
      for (axis, dimension) in (dimensions ?? []).enumerated() {
        guard case .symbol(let name) = dimension.extent else { continue }
        let index = symbols.firstIndex { $0.name == name } ?? symbols.count
        if index == symbols.count { symbols.append((name, [])) }
        symbols[index].places.append((input, axis))
      }
    }
    self.symbols = symbols.filter { $0.places.count > 1 }
  }

  private static func kind(of info: ValueInfo) -> Result<ValueKind?, ZooError> {
    guard let type = info.type else { return .success(nil) }
    if let kind = ValueKind(type) { return .success(kind) }
    guard case .tensor(let number, _) = type.form, number != 0 else { return .success(nil) }
    return .failure(
      ZooError(.unsupported, "the input \"\(info.name)\" has the unknown element type \(number)"))
  }

  // MARK: Facts

  /// What is known of inputs of such shapes.
  func facts(for shapes: [[Int]]) throws -> [ValueFacts] {
    try zip(kinds, shapes).map { kind, shape in ValueFacts(try kind.get(), shape: shape.map { Dim($0) }) }
  }

  /// What is known of the inputs, where the model fixes all their shapes.
  var fixedFacts: [ValueFacts]? {
    var shapes: [[Int]] = []
    for dimensions in dimensions {
      guard let dimensions else { return nil }
      var shape: [Int] = []
      for dimension in dimensions {
        guard case .fixed(let extent) = dimension.extent, extent >= 0 else { return nil }
        shape.append(Int(extent))
      }
      shapes.append(shape)
    }
    return try? facts(for: shapes)
  }

  // MARK: Values

  /// The values in the model's order.
  ///
  /// - Throws: `ZooError`: `badInput` for inputs that are missing, unknown or of the wrong type, `badShape` for those of the
  ///   wrong shape.
  func ordered(_ values: some Sequence<(String, Value)>) throws -> [Value] {
    var given = [Value?](repeating: nil, count: infos.count)
    for (name, value) in values {
      guard let place = place(of: name) else {
        throw ZooError(
          .badInput, "the model has no input \"\(name)\"",
          advice: "its inputs are \(listed(infos.map(\.name) + optionalNames))")
      }
      if given[place] != nil { throw ZooError(.badInput, "the input \"\(name)\" is given twice") }
      given[place] = value
    }
    var result: [Value] = []
    result.reserveCapacity(infos.count)
    for place in infos.indices {
      guard let value = given[place] else {
        throw ZooError(
          .badInput, "the input \"\(infos[place].name)\" is missing",
          advice: "the inputs are \(listed(infos.map(\.name)))")
      }
      try check(value, at: place)
      result.append(value)
    }
    if !symbols.isEmpty { warn(of: result) }
    return result
  }

  /// A name that no input has exactly stands for the only one that Unicode holds for equivalent.
  private func place(of name: String) -> Int? {
    guard let forms = places[name] else { return nil }
    return forms.count == 1 ? forms[0] : forms.first { ExactText(infos[$0].name) == ExactText(name) }
  }

  private func check(_ value: Value, at place: Int) throws {
    if let kind = try kinds[place].get() {
      let isEmpty = if case .sequence(let elements) = value { elements.isEmpty } else { false }
      guard isEmpty || value.fits(kind) else {
        throw ZooError(
          .badInput, "the input \"\(infos[place].name)\" has to be \(kind.name), not \(value.kind.name)")
      }
    }
    guard case .tensor(let tensor) = value, let dimensions = dimensions[place] else { return }
    var fits = dimensions.count == tensor.shape.count
    for (dimension, extent) in zip(dimensions, tensor.shape) {
      if case .fixed(let wanted) = dimension.extent { fits = fits && Int64(extent) == wanted }
    }
    guard fits else {
      throw ZooError(
        .badShape,
        "the input \"\(infos[place].name)\" has to have the shape \(written(dimensions)), not \(written(tensor.shape))")
    }
  }

  private func warn(of values: [Value]) {
    for symbol in symbols {
      var known: (extent: Int, input: Int)?
      for place in symbol.places {
        guard let extent = values[place.input].tensor?.shape[place.axis] else { continue }
        if let known, known.extent != extent {
          warnings.warn(
            symbol.name,
            "\(symbol.name) is \(known.extent) in the input \"\(infos[known.input].name)\", but \(extent) in "
              + "\"\(infos[place.input].name)\"")
        }
        known = known ?? (extent, place.input)
      }
    }
  }

  private func listed(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }

  private func written(_ shape: [some CustomStringConvertible]) -> String {
    "[" + shape.map(\.description).joined(separator: ", ") + "]"
  }
}

/// Says once a model what is odd about one thing in it: that a symbolic dimension has several extents, since exporters give one
/// name to what only happened to be equal, and each shape is planned for itself; or that an output is not as it is declared.
final class WarningsOnce: Sendable {
  private let warned = Mutex<Set<String>>([])

  func warn(_ name: String, _ message: @autoclosure () -> String) {
    guard warned.withLock({ $0.insert(name).inserted }) else { return }
    Logger(label: "zoo.model").warning("\(message())")
  }
}
