import ZooNumbers

/// How two sets of tensors differ.
package struct WeightDifference: Sendable, Hashable, Codable {
  /// Names that only the first or the second set has.
  package var onlyInFirst: [String] = []
  package var onlyInSecond: [String] = []
  /// Tensors of both that are not the same.
  package var differing: [Tensor] = []
  /// How many are the same.
  package var same = 0
  /// Whether those that both have come in one order.
  package var hasSameOrder = true

  enum CodingKeys: String, CodingKey {
    case differing, same
    case onlyInFirst = "only_in_first"
    case onlyInSecond = "only_in_second"
    case hasSameOrder = "same_order"
  }

  /// Whether nothing differs but perhaps the order.
  package var isNone: Bool { onlyInFirst.isEmpty && onlyInSecond.isEmpty && differing.isEmpty }

  package struct Tensor: Sendable, Hashable, Codable {
    package var name: String
    /// Types and shapes, the first set's first.
    package var types: [String]
    package var shapes: [[Int]]
    /// Values that differ; `nil` where shapes do.
    package var values: Int?
    /// The largest difference of two values, infinite where one is a NaN and the other is not.
    package var largest: Double?
    /// The largest difference relative to the greater magnitude of the two: 0…2.
    package var relative: Double?
  }

  /// What still counts as the same value: |a - b| ≤ absolute + relative · max(|a|, |b|). With none, bits have to be the
  /// same; with any, types may differ, and every NaN is the same.
  package struct Tolerance: Sendable, Hashable {
    package var absolute: Double
    package var relative: Double

    package init(absolute: Double = 0, relative: Double = 0) { (self.absolute, self.relative) = (absolute, relative) }
  }

  /// Compares tensors of the same name, piece by piece.
  ///
  /// - Throws: what reading throws.
  package init(_ first: [NamedTensor], _ second: [NamedTensor], tolerance: Tolerance? = nil) throws {
    func table(_ tensors: [NamedTensor]) -> [[UInt8]: Int] {
      Dictionary(tensors.enumerated().map { (Array($1.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    }
    let (firstPlaces, secondPlaces) = (table(first), table(second))
    onlyInSecond = second.filter { firstPlaces[Array($0.name.utf8)] == nil }.map(\.name)
    var lastPlace = -1
    for item in first {
      guard let place = secondPlaces[Array(item.name.utf8)] else {
        onlyInFirst.append(item.name)
        continue
      }
      hasSameOrder = hasSameOrder && place > lastPlace
      lastPlace = place
      do {
        if let difference = try Tensor(item.name, item.tensor, second[place].tensor, tolerance) {
          differing.append(difference)
        } else {
          same += 1
        }
      } catch let error as ZooError {
        throw error.located("tensor \"\(item.name)\"")
      }
    }
  }
}

extension WeightDifference.Tensor {
  /// `nil` for tensors that are the same.
  fileprivate init?(
    _ name: String, _ first: StoredTensor, _ second: StoredTensor, _ tolerance: WeightDifference.Tolerance?
  ) throws {
    (self.name, types) = (name, [first.type.name, second.type.name])
    shapes = [first.shape, second.shape]
    guard first.shape == second.shape else { return }
    guard first.type != .string, second.type != .string, first.type.isComplex == second.type.isComplex else {
      let isSame = first.type == second.type ? try first.load().strings == second.load().strings : false
      if isSame { return nil }
      return
    }
    let second = second.readsInPieces ? second : StoredTensor(try second.load())
    var all = Counts()
    for piece in try first.surveyed({ start, bytes, numbers in
      try Counts(start, bytes, numbers, of: first.type, second, tolerance)
    }) { all.add(piece) }
    if all.values == 0, first.type == second.type || tolerance != nil { return nil }
    (values, largest, relative) = (all.values, all.largest, all.relative)
  }

  private struct Counts: Sendable {
    var values = 0
    var largest = 0.0
    var relative = 0.0

    init() {}

    init(
      _ start: Int, _ bytes: UnsafeRawBufferPointer, _ numbers: UnsafeBufferPointer<Double>, of type: ElementType,
      _ second: StoredTensor, _ tolerance: WeightDifference.Tolerance?
    ) throws {
      let elements = numbers.count / type.numbersPerElement
      let memory = try TensorMemory(byteCount: second.type.byteCount(of: elements) ?? 0)
      try second.read(into: memory.mutableBytes, at: start * second.type.bitWidth / 8)
      let others = UnsafeRawBufferPointer(memory.mutableBytes)
      if type == second.type, Self.areEqual(bytes, others) { return }
      let wanted = UnsafeMutableBufferPointer<Double>.allocate(capacity: numbers.count)
      defer { wanted.deallocate() }
      Numbers.decode(others, second.type, to: wanted)
      // Where both are of one type of whole bytes, bits decide: a number of 64 bits may be rounded above.
      let width = type == second.type ? type.bitWidth / 8 / type.numbersPerElement : 0
      for index in numbers.indices {
        let (a, b) = (numbers[index], wanted[index])
        let exact = type == second.type ? Numbers.distance(type, bytes, others, index) : nil
        let difference = exact ?? (a == b || a.isNaN && b.isNaN ? 0 : (a - b).magnitude)
        if let tolerance {
          let slack = tolerance.absolute + tolerance.relative * max(a.magnitude, b.magnitude)
          // Infinities are near each other only where they are the same.
          if difference == 0 || difference <= slack && difference.isFinite { continue }
        } else if width > 0 {
          let range = index * width..<(index + 1) * width
          if range.allSatisfy({ bytes[$0] == others[$0] }) { continue }
        } else if a.bitPattern == b.bitPattern {
          continue
        }
        values += 1
        largest = max(largest, difference.isNaN ? .infinity : difference)
        let share = difference / max(a.magnitude, b.magnitude)
        if difference > 0 || difference.isNaN { relative = max(relative, share.isNaN ? .infinity : share) }
      }
    }

    private static func areEqual(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      guard let a = first.baseAddress, let b = second.baseAddress else { return true }
      return memcmp(a, b, first.count) == 0
    }

    mutating func add(_ other: Counts) {
      values += other.values
      largest = max(largest, other.largest)
      relative = max(relative, other.relative)
    }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
