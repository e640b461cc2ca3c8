import ZooCore

/// What keys and values of tokens that a model has read are kept as. The more tokens, the more memory they take, and the
/// longer reading them does.
public enum CacheType: String, Sendable, CaseIterable {
  /// As they were computed: texts are those of the whole network.
  case float32
  /// Rounded to half the memory.
  case float16
  /// Rounded to 8 bits with a scale for each 32 of them: a quarter of the memory, and an eighth of that for scales.
  case int8

  var elementType: ElementType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .int8: .int8
    }
  }

  /// Numbers that share a scale, where a head has `size` of them.
  static func block(of size: Int) -> Int { size % 32 == 0 ? 32 : size }
}
