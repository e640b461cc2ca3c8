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
  /// How many characters fit on a line of the terminal that standard output is; `nil` where it is none.
  static var width: Int? {
    guard isatty(STDOUT_FILENO) == 1 else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

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

  /// Whether an error that ends the program is an answer, too: the JSON document that was asked for.
  nonisolated(unsafe) static var answersErrors = false
  /// Whether each answer is a line of JSON.
  nonisolated(unsafe) static var hasJSONLines = false
  /// Whether the one document has been written.
  private nonisolated(unsafe) static var hasAnswered = false

  /// Writes `value`, whose form is an object, as one JSON document to standard output.
  static func printJSON(_ value: some Encodable) throws {
    writeAnswer(try json(value, [.prettyPrinted]))
    hasAnswered = true
  }

  /// Writes `value`, whose form is an object, as a line of JSON to standard output.
  static func printJSONLine(_ value: some Encodable) throws { writeAnswer(try json(value, [])) }

  private static func json(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return String(decoding: try encoder.encode(Versioned(value)), as: UTF8.self).visibleJSON + "\n"
  }

  /// Says what went wrong, to standard error and, where JSON was asked for and has not come, to standard output.
  ///
  /// - Parameter lines: Whether the message has line ends of its own, as that of wrong usage.
  static func end(with error: ZooError, lines: Bool = false) -> Never {
    if answersErrors, !hasAnswered {
      let answer = Failure(error: ErrorReport(error))
      do { try hasJSONLines ? printJSONLine(answer) : printJSON(answer) } catch {}
    }
    if lines { writeError("zoo: \(error)") } else { report(error) }
    exit(error.kind.exitStatus)
  }

  private struct Failure: Encodable {
    var error: ErrorReport
  }

  /// Writes `text` and a line end to standard error, as it can be shown.
  static func writeError(_ text: String) {
    clearProgress()
    try? write(text.visibleText + "\n", to: STDERR_FILENO)
  }

  /// Writes `text` to standard error, where somebody is to type.
  static func writePrompt(_ text: String) { try? write(text, to: STDERR_FILENO) }

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
