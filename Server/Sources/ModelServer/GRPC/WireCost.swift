import ModelZoo

/// What a request takes of memory when it is decoded, found out before that is done: a few bytes of the wire may become an
/// object each.
struct WireCost {
  /// How the value of a field is decoded.
  private indirect enum Form {
    /// As it is.
    case bytes
    /// A message, with what its fields are.
    case message([UInt64: Form])
    /// Numbers that take eight bytes each, however few on the wire.
    case numbers
  }

  private static let parameters = Form.message([2: .message([:])])
  private static let contents = Form.message([1: .numbers, 2: .numbers, 3: .numbers, 4: .numbers, 5: .numbers])
  private static let request = Form.message([
    4: parameters,
    5: .message([3: .numbers, 4: parameters, 5: contents]),
    6: .message([2: parameters]),
  ])
  /// Of an object, an array or an entry of a dictionary, with what an allocation takes besides.
  private static let object = 192

  private let bytes: UnsafeRawBufferPointer
  private var place: Int
  private let end: Int

  /// Of a `ModelInferRequest`.
  ///
  /// - Throws: `Failure` (400) for what is no message.
  static func ofRequest(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    var scan = WireCost(bytes: bytes, place: 0, end: bytes.count)
    return try scan.cost(of: request)
  }

  private mutating func cost(of form: Form) throws -> Int {
    guard case .message(let fields) = form else {
      if case .numbers = form { return 8 * (end - place) }
      return end - place
    }
    var sum = Self.object
    while place < end {
      let tag = try number()
      switch tag & 7 {
      case 0: _ = try number()
      case 1: try skip(8)
      case 2:
        let length = try number()
        let start = place
        try skip(length)
        var part = WireCost(bytes: bytes, place: start, end: place)
        sum += Self.object / 2 + (try part.cost(of: fields[tag >> 3] ?? .bytes))
      case 5: try skip(4)
      default: throw Self.failure
      }
      // Numbers that are not packed.
      sum += 8
    }
    return sum
  }

  private static let failure = Failure(.badRequest, "the request is no message of the protocol")

  private mutating func number() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard place < end else { break }
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Self.failure
  }

  private mutating func skip(_ count: UInt64) throws {
    guard count <= UInt64(end - place) else { throw Self.failure }
    place += Int(count)
  }
}
