import ModelZoo

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What goes to the terminal: answers to standard output, everything else to standard error.
enum Console {
  /// Writes `text` and a line end to standard output, as it can be shown.
  ///
  /// Ends the program when nobody can read it: silently for a closed pipe, by SIGPIPE's usual effect.
  static func print(_ text: String) { write(text + "\n") }

  /// Writes `text` to standard output, as it can be shown.
  static func write(_ text: String) { writeAnswer(text.visibleText) }

  private static func writeAnswer(_ text: String) {
    do { try write(text, to: STDOUT_FILENO) } catch {
      writeError("zoo: standard output: \(error)")
      exit(ZooError.Kind.badData.exitStatus)
    }
  }

  /// Writes `value` as one JSON document to standard output.
  static func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    writeAnswer(String(decoding: try encoder.encode(value), as: UTF8.self).visibleJSON + "\n")
  }

  /// Writes `text` and a line end to standard error, as it can be shown.
  static func writeError(_ text: String) {
    clearProgress()
    try? write(text.visibleText + "\n", to: STDERR_FILENO)
  }

  /// `zoo: cat.jpg: not a JPEG, PNG, WebP, GIF, BMP or TIFF image (…)`
  static func report(_ error: ZooError) { writeError("zoo: \(error)".visibleLine) }

  /// Shows `text` on the last line of a terminal, in place of what was there; nothing where standard error is no
  /// terminal.
  static func progress(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    try? write("\r\u{1b}[K\(text.visibleLine)", to: STDERR_FILENO)
  }

  /// Takes the line of `progress` away.
  static func clearProgress() {
    guard isatty(STDERR_FILENO) == 1 else { return }
    try? write("\r\u{1b}[K", to: STDERR_FILENO)
  }

  private struct WriteError: Error, CustomStringConvertible {
    let description: String
  }

  private static func write(_ text: String, to descriptor: Int32) throws {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      #if canImport(Darwin)
        let count = bytes.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
      #elseif canImport(Musl)
        let count = bytes.withUnsafeBytes { Musl.write(descriptor, $0.baseAddress, $0.count) }
      #else
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      #endif
      if count < 0 {
        if errno == EINTR { continue }
        throw WriteError(description: String(cString: strerror(errno)))
      }
      bytes = bytes.dropFirst(count)
    }
  }
}

extension ZooError.Kind {
  /// sysexits.h's EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_SOFTWARE, EX_TEMPFAIL.
  var exitStatus: Int32 {
    switch self {
    case .usage: 64
    case .badData, .unsupported, .missingOperator, .badInput, .badShape, .outOfMemory: 65
    case .notFound: 66
    case .defect: 70
    case .cancelled, .deadlineExceeded: 75
    }
  }
}
