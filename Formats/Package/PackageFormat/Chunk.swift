import CPackageCodec
import ZooCore

/// Where one chunk lies in the file and how it is coded. The elements themselves are not touched to make one.
struct Chunk: Sendable {
  enum Coding: UInt64, Sendable {
    case stored = 0
    case deflate = 1
  }

  struct Plane: Sendable {
    let coding: Coding
    /// Bytes in the file.
    let size: Int
  }

  let index: Int
  /// Bytes of the elements.
  let byteCount: Int
  let rotated: Bool
  /// By byte of an element, least significant first.
  let planes: [Plane]
  /// CRC-32 of the bytes at `checkedRange`.
  let checksum: UInt32
  let checkedRange: Range<Int>
  /// Where the planes lie in the file.
  let dataRange: Range<Int>

  /// Whether the elements lie in the file as they are.
  var isVerbatim: Bool { planes.count == 1 && planes[0].coding == .stored }

  /// Reads the chunk's description at `range` of the file.
  ///
  /// - Throws: `ZooError` (`badData`) for sizes that contradict each other.
  init(_ file: UnsafeRawBufferPointer, at range: Range<Int>, index: Int) throws {
    func damaged(_ what: String) -> ZooError {
      ZooError(
        .badData, what, at: "chunk \(index)",
        advice: "the file is damaged; get it again from where it came from")
    }
    var reader = WireReader(UnsafeRawBufferPointer(rebasing: file[range]))
    var checksum: UInt32?
    var givenIndex: UInt64 = 0
    var byteCount = 0
    var rotated = false
    var codings: [UInt64] = []
    var sizes: [UInt64] = []
    var data = 0..<0
    while !reader.isAtEnd {
      guard let field = reader.next() else { throw damaged("its description is no protobuf") }
      guard (field.number == Layout.ChunkField.checksum) == (checksum == nil) else {
        throw damaged("its checksum isn't its first field")
      }
      switch (field.number, field.value) {
      case (Layout.ChunkField.checksum, .fixed32(let value)): checksum = value
      case (Layout.ChunkField.index, .number(let value)): givenIndex = value
      case (Layout.ChunkField.byteCount, .number(let value)):
        guard let count = Int(exactly: value) else { throw damaged("it claims \(value) bytes") }
        byteCount = count
      case (Layout.ChunkField.rotated, .number(let value)): rotated = value != 0
      case (Layout.ChunkField.planeCodings, .bytes(let range)):
        codings = try Self.list(reader.bytes, range) ?? { throw damaged("its list of planes is damaged") }()
      case (Layout.ChunkField.planeSizes, .bytes(let range)):
        sizes = try Self.list(reader.bytes, range) ?? { throw damaged("its list of planes is damaged") }()
      case (Layout.ChunkField.data, .bytes(let place)):
        guard reader.isAtEnd else { throw damaged("something follows its data") }
        data = range.lowerBound + place.lowerBound..<range.lowerBound + place.upperBound
      case (Layout.ChunkField.checksum, _), (Layout.ChunkField.index, _), (Layout.ChunkField.byteCount, _),
        (Layout.ChunkField.rotated, _), (Layout.ChunkField.planeCodings, _), (Layout.ChunkField.planeSizes, _),
        (Layout.ChunkField.data, _):
        throw damaged("its field \(field.number) has the wrong type")
      default: break
      }
    }
    guard let checksum else { throw damaged("it has no checksum") }
    guard givenIndex == UInt64(index) else { throw damaged("chunk \(givenIndex) is in its place") }
    guard [1, 2, 4, 8].contains(codings.count), sizes.count == codings.count, byteCount > 0,
      byteCount % codings.count == 0, !rotated || codings.count > 1
    else {
      throw damaged("\(byteCount) bytes in \(codings.count) planes of \(sizes.count) sizes make no elements")
    }
    let planeCount = byteCount / codings.count
    var planes: [Plane] = []
    var total = 0
    for (coding, size) in zip(codings, sizes) {
      guard let size = Int(exactly: size), size <= data.count - total else {
        throw damaged("its planes are longer than its \(data.count) bytes of data")
      }
      total += size
      switch Coding(rawValue: coding) {
      case .stored:
        guard size == planeCount else { throw damaged("\(size) bytes can't be a plane of \(planeCount)") }
        planes.append(Plane(coding: .stored, size: size))
      case .deflate:
        guard size > 0, planeCount / Layout.deflateExpansion <= size else {
          throw damaged("\(size) deflated bytes can't become \(planeCount)")
        }
        planes.append(Plane(coding: .deflate, size: size))
      case nil:
        throw damaged("a plane has the unknown coding \(coding)")
      }
    }
    guard total == data.count else { throw damaged("\(data.count - total) bytes of its data belong to no plane") }
    self.index = index
    self.byteCount = byteCount
    self.rotated = rotated
    self.planes = planes
    self.checksum = checksum
    checkedRange = range.lowerBound + Layout.checksumFieldSize..<range.upperBound
    dataRange = data
    guard byteCount <= (isVerbatim ? Layout.storedLimit : Layout.planesLimit) else {
      throw damaged("\(byteCount) bytes are too many for one chunk")
    }
  }

  private static func list(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> [UInt64]? {
    // Eight planes of ten bytes at most.
    guard range.count <= 80 else { return nil }
    var reader = WireReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
    var values: [UInt64] = []
    while !reader.isAtEnd {
      guard let value = reader.varint() else { return nil }
      values.append(value)
    }
    return values
  }
}
