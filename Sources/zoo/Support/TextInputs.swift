import Files
import ModelZoo
import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Texts that are read at once at most.
private let mostTextBytes = 256 << 20

/// The texts that a command is asked about: those of its arguments, where - stands for the lines of standard input, and the
/// lines of a file.
struct TextInputs {
  private var texts: ArraySlice<String>
  private var lines: StandardLines?
  private let file: String?
  private let isLenient: Bool
  private var isAtFile = false

  /// - Parameter isLenient: Whether a line of standard input that is no text ends nothing: `String.isText` tells it.
  init(_ texts: [String], file: String?, isLenient: Bool) {
    (self.texts, self.file, self.isLenient) = (texts[...], file, isLenient)
  }

  /// The next texts, `count` at most, in their order: of standard input those that are there, as soon as there is one. Empty at
  /// the end.
  ///
  /// - Throws: `ZooError`: `notFound`, or `badData` for a file that is no text.
  mutating func next(_ count: Int) throws -> [String] {
    if var lines {
      let found = try lines.next(count)
      self.lines = found.isEmpty ? nil : lines
      if !found.isEmpty { return found }
    }
    let some = texts.prefix(count).prefix { $0 != "-" }
    texts = texts.dropFirst(some.count)
    if !some.isEmpty { return Array(some) }
    if texts.first == "-" {
      texts = texts.dropFirst()
      lines = StandardLines(isLenient: isLenient)
      return try next(count)
    }
    guard let file, !isAtFile else { return [] }
    isAtFile = true
    texts = try TextFile.readLines(file, limit: mostTextBytes)[...]
    // A line of the file may be a dash.
    lines = StandardLines(read: Array(texts))
    texts = []
    return try next(count)
  }
}

/// The lines of standard input, as they come.
struct StandardLines {
  /// Whole lines.
  private var ready: ArraySlice<String>
  /// What came after the last line's end.
  private var rest: [UInt8] = []
  private var isAtStart = true
  private var isAtEnd: Bool

  private let isLenient: Bool

  /// - Parameter isLenient: Whether lines may be any bytes, as names of files are.
  init(isLenient: Bool) { (ready, isAtEnd, self.isLenient) = ([], false, isLenient) }

  /// Lines that have been read.
  init(read lines: [String]) { (ready, isAtEnd, isLenient) = (lines[...], true, true) }

  /// The lines that are there, at most `count`; waits for one. Empty at the end.
  ///
  /// - Throws: `ZooError` (`badData`) for what is no text.
  mutating func next(_ count: Int) throws -> [String] {
    while !isAtEnd, ready.isEmpty || (ready.count < count && Self.hasMore) { try read() }
    let some = ready.prefix(count)
    ready = ready.dropFirst(some.count)
    return Array(some)
  }

  /// Whether reading would not wait.
  private static var hasMore: Bool {
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    return poll(&input, 1, 0) == 1
  }

  private mutating func read() throws {
    let piece = try Self.bytes()
    rest += piece
    guard rest.count <= mostTextBytes else {
      throw ZooError(.badData, "a line of more than \(mostTextBytes >> 20) MiB", at: "standard input")
    }
    isAtEnd = piece.isEmpty
    guard !rest.isEmpty else { return }
    // Text of two or four bytes a character has its ends of lines elsewhere, and old text has carriage returns alone.
    let isWide = isAtStart && [0xFE, 0xFF, 0].contains(rest.first ?? 1)
    guard isAtEnd || !isWide, let end = isAtEnd ? rest.endIndex - 1 : rest.lastIndex(of: 0x0A) else { return }
    let text =
      isLenient && !isWide
      ? String(fileName: rest[...end]) : try TextFile.decode(Array(rest[...end]), name: "standard input")
    ready += TextFile.lines(of: text)
    rest.removeFirst(end + 1)
    isAtStart = false
  }

  /// Some bytes; none at the end.
  private static func bytes() throws -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      var got = 0
      repeat {
        #if canImport(Darwin)
          got = Darwin.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
          got = Musl.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        #else
          got = Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        #endif
      } while got < 0 && errno == EINTR
      failure = got < 0 ? errno : 0
      count = max(got, 0)
    }
    guard failure == 0 else {
      throw ZooError(.badData, "can't be read: \(String(cString: strerror(failure)))", at: "standard input")
    }
    return bytes
  }
}

extension String {
  /// Whether it is that of UTF-8, without zeros.
  var isText: Bool { !unicodeScalars.contains { $0.value == 0 || $0.fileNameByte != nil } }
}
