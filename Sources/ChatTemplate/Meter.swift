import ZooCore

/// What a template may still do while it is rendered. A template comes with a stranger's file, and a few of its lines can
/// loop for years, or double a text until no memory is left.
final class Meter {
  /// What a node of the template costs beside what it does with its values.
  static let node = 32
  /// Values in one another, and macros that call macros. Each takes some of the thread's stack.
  static let greatestDepth = 160

  private var work: Int
  private var memory: Int
  private var depth = 0

  /// - Parameter byteCount: The size of the template and of what it is given, in bytes.
  init(for byteCount: Int) {
    let bytes = min(byteCount, Int.max >> 12)
    // Many times what any published template takes.
    work = 1 << 27 + 1024 * bytes
    memory = 1 << 26 + 64 * bytes
  }

  /// Takes off the cost of looking at `count` bytes or values.
  ///
  /// - Throws: `ZooError` (`badData`) where that is more than is left.
  func spend(_ count: Int) throws {
    guard count <= work else {
      throw ZooError(.badData, "the chat template takes more steps than any conversation needs", advice: Self.advice)
    }
    work -= count
  }

  /// Takes off `count` bytes of values that are about to be made. They count for as long as the template runs.
  ///
  /// - Throws: `ZooError` (`badData`) where they are more than is left.
  func allocate(_ count: Int) throws {
    guard count <= memory else {
      throw ZooError(
        .badData, "the chat template makes more of the conversation than any model needs", advice: Self.advice)
    }
    memory -= count
    try spend(count)
  }

  /// As `allocate(_:)` for `count` times `each` bytes.
  func allocate(_ count: Int, times each: Int) throws {
    let (product, overflows) = count.multipliedReportingOverflow(by: each)
    try allocate(overflows ? .max : product)
  }

  /// What `body` gives, one level deeper.
  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    guard depth < Self.greatestDepth else {
      throw ZooError(
        .badData, "the chat template nests more than \(Self.greatestDepth) calls and values", advice: Self.advice)
    }
    depth += 1
    defer { depth -= 1 }
    try spend(Self.node)
    return try body()
  }

  static let advice = "the model's chat template is damaged or made to do harm: get the model from its author"
}
