import GraphWriter
import ZooCore

extension LiteConverter {
  static let bits: [String: Rule] = [
    "BITCAST": { try $0.reinterpret() },
    "BITWISE_XOR": { try $0.binary($0.needInput(0).type == .bool ? "Xor" : "BitwiseXor") },
    "RIGHT_SHIFT": { try $0.shift(isLeft: false) },
  ]

  private mutating func cast(_ name: String, _ type: ElementType) -> String {
    step("Cast", [name], [.int("to", Int(type.rawValue))])
  }

  private mutating func bitCast(_ name: String, from: ElementType, to type: ElementType) -> String {
    guard from != type else { return name }
    operatorSet = max(operatorSet, 26)
    return step("BitCast", [name], [.int("to", Int(type.rawValue))])
  }

  /// Moves bits; those of a negative number to the right as if it had endless ones at its left.
  mutating func shift(isLeft: Bool) throws {
    let (names, isFirst) = try operands()
    let type = try output().type
    let bits = (type.byteCount(of: 1) ?? 0) * 8
    guard [8, 16, 32].contains(bits), type != .float32, try !output().isQuantized else {
      throw ZooError(.unsupported, "shifting \(type.name)")
    }
    let count = step("Clip", [cast(names[1], .int64), try scalar(0, .int64), try scalar(Double(bits), .int64)])
    let one = try scalar(1, .uint64)
    let factor = cast(step("BitShift", [one, cast(count, .uint64)], [.text("direction", "LEFT")]), .int64)
    let wide = cast(names[0], .int64)
    // ONNX's Div rounds to zero, so it gets multiples.
    let moved =
      isLeft
      ? step("Mul", [wide, factor])
      : step("Div", [step("Sub", [wide, step("Mod", [wide, factor])]), factor])
    try finish(cast(moved, type), channelsFirst: isFirst)
  }

  private static let unsigned: [Int: ElementType] = [1: .uint8, 2: .uint16, 4: .uint32, 8: .uint64]

  /// The same bits as another type. Where that is narrower or wider, there is an axis of its parts more or less.
  private mutating func reinterpret() throws {
    let (from, to) = (try needInput(0).type, try output().type)
    guard let whole = from.byteCount(of: 1), let part = to.byteCount(of: 1), try !needInput(0).isQuantized,
      try !output().isQuantized, let fromBits = Self.unsigned[whole], let toBits = Self.unsigned[part]
    else { throw ZooError(.unsupported, "from \(from.name) to \(to.name)") }
    let name = try plain(input: 0)
    if whole == part { return try finish(bitCast(name, from: from, to: to)) }
    let count = max(whole, part) / min(whole, part)
    let wide = whole > part ? fromBits : part == 8 ? .uint64 : .uint32
    let shifts = step(
      "Cast", [try list((0..<count).map { $0 * 8 * min(whole, part) })], [.int("to", Int(wide.rawValue))])
    let bits = bitCast(name, from: from, to: fromBits)
    if whole > part {
      let moved = step("BitShift", [step("Unsqueeze", [bits, try list([-1])]), shifts], [.text("direction", "RIGHT")])
      let mask = cast(try scalar(Double((1 << (8 * part)) - 1), .uint64), wide)
      return try finish(bitCast(cast(step("BitwiseAnd", [moved, mask]), toBits), from: toBits, to: to))
    }
    let moved = step("BitShift", [cast(bits, wide), shifts], [.text("direction", "LEFT")])
    let joined = step("ReduceSum", [moved, try list([-1])], [.int("keepdims", 0)])
    try finish(bitCast(cast(joined, toBits), from: toBits, to: to))
  }
}
