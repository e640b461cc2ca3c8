import Testing
import ZooCore
import ZooRuntime

/// Attention over keys and values of float16, and of int8 with scales, against the widened ones.
@Suite struct CachedAttentionTests {
  /// Those of `shape`, with how many belong to each sample.
  private func cache(_ builder: inout PatternBuilder, _ name: String, _ shape: [Int], isHalf: Bool) throws -> String {
    let numbers = try builder.input(name, shape)
    guard !isHalf else {
      let halves = builder.node("Cast", numbers, attributes: [Attribute("to", .int(10))])
      return builder.node("Cast", halves, attributes: [Attribute("to", .int(1))])
    }
    let blocks = [Attribute("axis", .int(-1)), Attribute("block_size", .int(16))]
    let scales = Array(shape.dropLast()) + [(shape.last ?? 0) / 16]
    let steps = (0..<scales.reduce(1, *)).map { 0.004 + 0.001 * Float($0 % 7) }
    builder.sample.constants.append((name + ".scales", try Tensor(steps, shape: scales)))
    let bytes = builder.node(
      "QuantizeLinear", numbers, name + ".scales", attributes: blocks + [Attribute("output_dtype", .int(3))])
    return builder.node("DequantizeLinear", bytes, name + ".scales", attributes: blocks)
  }

  @Test(arguments: [true, false], [1, 3, 8, 9, 40]) func narrowCaches(isHalf: Bool, queries: Int) throws {
    for (isFlat, heads, keyHeads, total) in [(true, 4, 2, 70), (false, 6, 2, 150), (false, 2, 2, 700)] {
      var builder = PatternBuilder()
      builder.sample.operatorSet = 24
      let (size, valueSize) = (32, 48)
      func shape(_ heads: Int, _ rows: Int, _ size: Int) -> [Int] {
        isFlat ? [2, rows, heads * size] : [2, heads, rows, size]
      }
      let query = try builder.input("q", shape(heads, queries, size))
      let keys = try cache(&builder, "k", shape(keyHeads, total, size), isHalf: isHalf)
      let values = try cache(&builder, "v", shape(keyHeads, total, valueSize), isHalf: isHalf)
      let valid = try builder.integers([Int64(total), Int64(queries + 5)])
      var attributes = [Attribute("is_causal", .int(1)), Attribute("left_window_size", .int(queries > 3 ? 64 : -1))]
      if isFlat {
        attributes += [Attribute("q_num_heads", .int(Int64(heads))), Attribute("kv_num_heads", .int(Int64(keyHeads)))]
      }
      let y = builder.node("Attention", query, keys, values, "", "", "", valid, attributes: attributes)
      let left = try builder.check(y, "\(queries) queries, \(total) keys")
      #expect(left.last == "CachedAttention", "\(left)")
    }
  }
}
