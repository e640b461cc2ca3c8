import ZooCore

extension Inference {
  /// The elements of input `index`, of whatever type, where all of them are whole numbers. For operators that reckon with
  /// extents and may as well have other data.
  func wholeNumbers(_ index: Int) throws -> [Dim] {
    let numbers = try reals(index)
    guard numbers.allSatisfy({ $0.ratio == nil }) else { throw NotKnown() }
    return numbers
  }

  /// As `wholeNumbers`, with ratios of whole numbers as well.
  func reals(_ index: Int) throws -> [Dim] {
    let facts = try facts(index)
    if let elements = facts.elements { return elements }
    switch facts.elementType {
    case .int32, .int64, .bool: return try elements(index)
    case .float32, .float64: return try numbers(index).map { try Dim(exactly: $0) }
    default: throw NotKnown()
    }
  }

  /// The whole numbers of two operands that broadcast, joined.
  ///
  /// - Parameter withRatios: Whether ratios of whole numbers will do.
  func elementwise(withRatios: Bool = false, _ join: (Dim, Dim) throws -> Dim) throws -> [Dim] {
    let type = try elementType(0)
    return try elementwise(of: [0, 1], shapes: operandShapes(), withRatios: withRatios) {
      try join($0[0], $0[1]).exact(as: type)
    }
  }

  /// The whole numbers of inputs that broadcast, joined place by place.
  ///
  /// - Parameters:
  ///   - shapes: The shapes as they broadcast; `nil` for the inputs' own.
  ///   - withRatios: Whether ratios of whole numbers will do.
  func elementwise(
    of inputs: [Int], shapes: [[Dim]]? = nil, withRatios: Bool = false, _ join: ([Dim]) throws -> Dim
  ) throws -> [Dim] {
    let shapes = try shapes ?? inputs.map { try shape($0) }
    let result = try numbers(of: broadcast(shapes))
    let operands = try zip(inputs, shapes).map { input, shape in
      let operand = BroadcastElements(
        try withRatios ? reals(input) : wholeNumbers(input), try numbers(of: shape), to: result)
      guard let operand else { throw NotKnown() }
      return operand
    }
    return try (0..<result.reduce(1, *)).map { place in try join(operands.map { $0[place] }) }
  }

  private func numbers(of shape: [Dim]) throws -> [Int] {
    try shape.map { extent in
      guard let number = extent.number else { throw NotKnown() }
      return number
    }
  }
}

/// A tensor's elements as they repeat in a larger shape.
private struct BroadcastElements {
  private let elements: [Dim]
  /// The extents of the larger shape, and how far apart elements are along them.
  private var axes: [(extent: Int, stride: Int)]

  /// `nil` where there are not as many elements as `shape` says.
  init?(_ elements: [Dim], _ shape: [Int], to result: [Int]) {
    guard shape.reduce(1, *) == elements.count, shape.count <= result.count else { return nil }
    self.elements = elements
    axes = result.map { ($0, 0) }
    var stride = 1
    for (index, extent) in shape.enumerated().reversed() {
      axes[result.count - shape.count + index].stride = extent == 1 ? 0 : stride
      stride *= extent
    }
  }

  subscript(_ place: Int) -> Dim {
    var (rest, index) = (place, 0)
    for axis in axes.reversed() {
      index += rest % axis.extent * axis.stride
      rest /= axis.extent
    }
    return elements[index]
  }
}

extension Dim {
  /// A floating-point number whose product with an extent is exact.
  ///
  /// - Throws: `NotKnown` for all others.
  init(exactly number: Double) throws {
    if let whole = Int(exactly: number) {
      self.init(whole)
      return
    }
    var (dividend, divisor) = (number, 1)
    while dividend.rounded() != dividend, divisor < 1 << 12 { (dividend, divisor) = (dividend * 2, divisor * 2) }
    guard let dividend = Int(exactly: dividend), abs(dividend) <= 1 << 8 else { throw NotKnown() }
    self = .ratio(Dim(dividend), divisor)
  }

  /// This as an element of `type`: not known where it does not fit.
  ///
  /// Symbols stand for extents, which fit all types here.
  ///
  /// - Throws: `NotKnown` for a type that can't hold extents exactly.
  func exact(as type: ElementType) throws -> Dim {
    if let ratio {
      _ = try ratio.dividend.exact(as: type)
      return self
    }
    switch type {
    case .bool: return self
    // Numbers at the bounds may have been beyond them.
    case .int64: return number.map { abs($0) < 1 << 62 } ?? true ? self : .unknown()
    case .int32: return number.map { Int32(exactly: $0) != nil } ?? true ? self : .unknown()
    case .float32 where number.map({ abs($0) <= 1 << 24 }) ?? true: return self
    case .float64 where number.map({ abs($0) <= 1 << 53 }) ?? true: return self
    default: throw NotKnown()
    }
  }

  /// The quotient rounded toward zero, as ONNX divides integers; not known where signs are not.
  func truncatingQuotient(by divisor: Dim) -> Dim {
    guard divisor != 0 else { return .unknown() }
    if let number, let other = divisor.number { return Dim(number / other) }
    if let whole = divided(exactlyBy: divisor) { return whole }
    return isNonNegative && divisor.isNonNegative ? floorDivided(by: divisor) : .unknown()
  }

  /// The quotient of floating-point numbers.
  ///
  /// - Throws: `NotKnown` where it is not the ratio of a whole number and a number.
  func quotient(by divisor: Dim) throws -> Dim {
    let (above, below) = divisor.ratio.map { ($0.dividend, $0.divisor) } ?? (divisor, 1)
    guard ratio == nil, above != 0 else { throw NotKnown() }
    guard let number = above.number else {
      guard let whole = (self * Dim(below)).divided(exactlyBy: above) else { throw NotKnown() }
      return whole
    }
    return .ratio(self * Dim(number < 0 ? -below : below), abs(number))
  }

  /// The product of floating-point numbers, one of which may be no whole number.
  func product(with other: Dim) throws -> Dim {
    guard let ratio = ratio ?? other.ratio else { return self * other }
    // Thirds and the like are rounded, and so would be products with them.
    guard self.ratio == nil || other.ratio == nil, ratio.divisor.nonzeroBitCount == 1 else { throw NotKnown() }
    return .ratio(ratio.dividend * (self.ratio == nil ? self : other), ratio.divisor)
  }

  /// Rounded down.
  var floor: Dim { ratio.map { $0.dividend.floorDivided(by: Dim($0.divisor)) } ?? self }

  /// Rounded up.
  var ceiling: Dim { ratio.map { $0.dividend.ceilingDivided(by: Dim($0.divisor)) } ?? self }

  /// Rounded toward zero; not known where the sign is not.
  var truncated: Dim {
    if isNonNegative { return floor }
    return (-(ratio?.dividend ?? self)).isNonNegative ? ceiling : ratio == nil ? self : .unknown()
  }

  /// The rest of a division that rounds down.
  func flooredRest(by divisor: Dim) -> Dim {
    divisor == 0 ? .unknown() : self - divisor * floorDivided(by: divisor)
  }

  /// The rest of a division that rounds toward zero.
  func truncatingRest(by divisor: Dim) -> Dim {
    guard divisor != 0 else { return .unknown() }
    if let number, let other = divisor.number { return Dim(number % other) }
    return isNonNegative && divisor.isNonNegative ? flooredRest(by: divisor) : .unknown()
  }

  /// -1, 0 or 1.
  var sign: Dim {
    if let number { return Dim(number.signum()) }
    return isPositive ? 1 : (-self).isPositive ? -1 : .unknown()
  }

  /// Whether the numbers are equal; `nil` where that depends on symbols.
  func isSurelyEqual(to other: Dim) -> Bool? {
    (self - other).isPositive || (other - self).isPositive ? false : equals(other)
  }

  /// Whether this number is below the other; `nil` where that depends on symbols.
  func isSurelyLess(than other: Dim) -> Bool? {
    if (other - self).isPositive { return true }
    return (self - other).isNonNegative ? false : nil
  }

  /// 1, 0 or not known.
  static func truth(_ value: Bool?) -> Dim { value.map { $0 ? 1 : 0 } ?? .unknown() }

  /// Whether the number is not zero, as an element.
  var truth: Dim { .truth(isSurelyEqual(to: 0).map { !$0 }) }
}
