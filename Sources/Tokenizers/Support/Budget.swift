import ZooCore

/// What a tokenizer may still do for one text: steps of a stranger's tokenizer.json can multiply what they are given, or
/// search it in time that grows with its square or worse.
///
/// One text's steps share it, on one thread: time is the processor's that this thread takes, so that a busy machine refuses
/// no text.
final class Budget {
  /// Far more than any tokenizer that somebody uses takes.
  private static let workPerByte = 1024
  private static let leastWork = 1 << 20
  /// Nanoseconds.
  private static let timePerByte = 20_000
  private static let leastTime = 5_000_000_000
  /// How much work is done between two looks at the clock.
  private static let workPerLook = 1 << 16

  private var work: Int
  private var nextLook: Int
  private let end: Int

  /// - Parameter byteCount: The length of what is given, in bytes of UTF-8 or tokens.
  init(for byteCount: Int) {
    let bytes = min(byteCount, Int.max >> 17)
    work = Self.leastWork + Self.workPerByte * bytes
    nextLook = work - Self.workPerLook
    end = Self.threadTime + Self.leastTime + Self.timePerByte * bytes
  }

  /// Takes off `count` characters, tokens or bytes that are about to be read or written.
  ///
  /// - Throws: `ZooError` (`badData`) where they are more than is left, or the time is up.
  func spend(_ count: Int) throws {
    guard count <= work else {
      throw ZooError(
        .badData, "the tokenizer makes far more of the text than any text needs", advice: Self.advice)
    }
    work -= count
    if work < nextLook {
      nextLook = work - Self.workPerLook
      try look()
    }
  }

  /// As `spend(_:)` for `count` times `each`.
  func spend(_ count: Int, times each: Int) throws {
    let (product, overflows) = count.multipliedReportingOverflow(by: each)
    try spend(overflows ? .max : product)
  }

  /// Looks at the clock.
  ///
  /// - Throws: `ZooError` (`badData`) where the time is up.
  func look() throws {
    guard Self.threadTime < end else {
      throw ZooError(.badData, "the tokenizer takes too long for the text", advice: Self.advice)
    }
  }

  /// What the processor has worked for this thread, in nanoseconds.
  private static var threadTime: Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  private static let advice = "the model's tokenizer is damaged or made to do harm: get the model from its author"
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
