import CPackageCodec
import Files
import ZooCore

/// A chunk that is ready to be written.
struct EncodedChunk: Sendable {
  private let description: ChunkDescription
  private let data: [UInt8]

  /// Codes `elements`, a whole number of elements of `form`, in the smallest way.
  init(_ elements: UnsafeRawBufferPointer, form: PlaneForm) {
    let count = elements.count / form.width
    var codings: [Chunk.Coding] = []
    var sizes: [Int] = []
    var data: [UInt8] = []
    withUnsafeTemporaryAllocation(byteCount: elements.count, alignment: Layout.alignment) { scratch in
      let planes = (0..<form.width).map { plane in
        UnsafeMutableRawBufferPointer(rebasing: scratch[plane * count..<(plane + 1) * count])
      }
      let pointers = planes.map { $0.bindMemory(to: UInt8.self).baseAddress }
      zoo_planes_split(
        elements.bindMemory(to: UInt8.self).baseAddress, count, UInt32(form.width), form.rotated, pointers)
      for plane in planes {
        let plane = UnsafeRawBufferPointer(plane)
        if let deflated = PlaneCompressor.deflated(plane, isWhole: form.width == 1) {
          codings.append(.deflate)
          sizes.append(deflated.count)
          data += deflated
        } else {
          codings.append(.stored)
          sizes.append(count)
          data += plane
        }
      }
    }
    if codings.contains(.deflate) {
      description = ChunkDescription(
        byteCount: elements.count, rotated: form.rotated, codings: codings, sizes: sizes)
      self.data = data
    } else {
      // Nothing shrinks: elements in their own order can be mapped.
      description = .verbatim(elements.count)
      self.data = Array(elements)
    }
  }

  /// Writes the chunk as the file's number `index`.
  func write(to file: NewFile, index: Int) throws {
    let head = description.head(index: index, fileOffset: file.count)
    let checksum = data.withUnsafeBytes { crc32(crc32(0, head.checked), $0) }
    try file.append(head.bytes(checksum: checksum))
    try file.append(data)
  }
}

/// What a chunk's message says about its data.
struct ChunkDescription: Sendable {
  let byteCount: Int
  let rotated: Bool
  let codings: [Chunk.Coding]
  let sizes: [Int]

  /// Elements as they are.
  static func verbatim(_ byteCount: Int) -> ChunkDescription {
    ChunkDescription(byteCount: byteCount, rotated: false, codings: [.stored], sizes: [byteCount])
  }

  /// The bytes before a chunk's data.
  struct Head {
    /// The chunk's tag and length.
    let frame: [UInt8]
    /// The fields after the checksum, which covers them.
    let checked: [UInt8]

    /// Where the checksum's value lies after the head's start.
    var checksumOffset: Int { frame.count + 1 }

    func bytes(checksum: UInt32) -> [UInt8] {
      var writer = WireWriter()
      writer.append(frame)
      writer.fixed32(Layout.ChunkField.checksum, checksum)
      writer.append(checked)
      return writer.bytes
    }
  }

  /// The head of chunk `index` that begins at `fileOffset`. Data that can be mapped is aligned.
  func head(index: Int, fileOffset: Int) -> Head {
    var fields = WireWriter()
    fields.number(Layout.ChunkField.index, UInt64(index))
    fields.number(Layout.ChunkField.byteCount, UInt64(byteCount))
    if rotated { fields.number(Layout.ChunkField.rotated, 1) }
    fields.packed(Layout.ChunkField.planeCodings, codings.map(\.rawValue))
    fields.packed(Layout.ChunkField.planeSizes, sizes.map(UInt64.init))
    let dataCount = sizes.reduce(0, +)
    var padding: Int?
    while true {
      var checked = fields
      if let padding {
        checked.length(Layout.ChunkField.padding, padding)
        checked.append([UInt8](repeating: 0, count: padding))
      }
      checked.length(Layout.ChunkField.data, dataCount)
      var frame = WireWriter()
      frame.length(Layout.Field.chunk, Layout.checksumFieldSize + checked.bytes.count + dataCount)
      let dataOffset = fileOffset + frame.bytes.count + Layout.checksumFieldSize + checked.bytes.count
      let over = dataOffset % Layout.alignment
      if over == 0 || codings != [.stored] { return Head(frame: frame.bytes, checked: checked.bytes) }
      // One byte more each time: the padding's own tag and lengths move the data too.
      padding = padding.map { $0 + 1 } ?? 0
    }
  }
}

/// Continues zlib's CRC-32.
func crc32(_ checksum: UInt32, _ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32(checksum, $0) } }

/// Continues zlib's CRC-32.
func crc32(_ checksum: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
  zoo_crc32(checksum, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
}
