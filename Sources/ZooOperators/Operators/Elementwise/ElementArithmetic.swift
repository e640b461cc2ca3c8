import ZooCore

extension Inference {
  /// The whole numbers of two operands that broadcast, joined.
  func elementwise(_ join: (Dim, Dim) throws -> Dim) throws -> [Dim] {
    let type = try elementType(0)
    return try elementwise(of: [0, 1], shapes: operandShapes()) { try join($0[0], $0[1]).exact(as: type) }
  }

  /// The whole numbers of inputs that broadcast, joined place by place.
  ///
  /// - Parameter shapes: The shapes as they broadcast; `nil` for the inputs' own.
  func elementwise(
    of inputs: [Int], shapes: [[Dim]]? = nil, _ join: ([Dim]) throws -> Dim
  ) throws -> [Dim] {
    let shapes = try shapes ?? inputs.map { try shape($0) }
    let result = try numbers(of: broadcast(shapes))
    let operands = try zip(inputs, shapes).map { input, shape in
      let operand = BroadcastElements(try wholeNumbers(input), try numbers(of: shape), to: result)
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
  /// This as an element of `type`: not known where it does not fit.
  ///
  /// Symbols stand for extents, which fit all types here.
  ///
  /// - Throws: `NotKnown` for a type that can't hold extents exactly.
  func exact(as type: ElementType) throws -> Dim {
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
