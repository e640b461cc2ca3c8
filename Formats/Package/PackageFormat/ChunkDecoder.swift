import CPackageCodec
import CZlib
import Files
import ZooCore

extension Chunk {
  /// Compares the chunk with its checksum.
  func verify(_ file: MappedFile) throws {
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[checkedRange])
    guard zoo_crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count) == checksum else {
      throw hasWrongChecksum
    }
  }

  var hasWrongChecksum: ZooError { Self.damaged("its checksum is wrong", index) }

  /// Elements of a chunk, and where they are wanted.
  struct Piece {
    let chunk: Chunk
    /// Bytes of the chunk's elements; `output` is as long.
    let part: Range<Int>
    let output: UnsafeMutableRawBufferPointer
  }

  /// Writes elements of chunks that were verified. Several together are decoded faster than one after the other.
  static func decode(_ pieces: [Piece], of file: MappedFile) throws {
    let coded = pieces.filter { piece in
      if piece.chunk.isVerbatim { piece.output.copyMemory(from: piece.chunk.elements(in: file, piece.part)) }
      return !piece.chunk.isVerbatim
    }
    let size = coded.reduce(0) { $0 + $1.scratchByteCount }
    try withUnsafeTemporaryAllocation(byteCount: size, alignment: Layout.alignment) { scratch in
      var used = 0
      var deflated: [DeflatedPlane] = []
      var merges: [(piece: Piece, planes: [UnsafePointer<UInt8>?], elements: UnsafeMutableRawBufferPointer)] = []
      func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
        defer { used += count }
        return UnsafeMutableRawBufferPointer(rebasing: scratch[used..<used + count])
      }
      for piece in coded {
        let chunk = piece.chunk
        let data = UnsafeRawBufferPointer(rebasing: file.bytes[chunk.dataRange])
        var planes: [UnsafePointer<UInt8>?] = []
        var offset = 0
        for plane in chunk.planes {
          let stored = UnsafeRawBufferPointer(rebasing: data[offset..<offset + plane.size])
          offset += plane.size
          switch plane.coding {
          case .stored:
            planes.append(stored.bindMemory(to: UInt8.self).baseAddress)
          case .deflate:
            let inflated = take(chunk.planeByteCount)
            deflated.append(DeflatedPlane(chunk: chunk.index, input: stored, output: inflated))
            planes.append(UnsafePointer(inflated.bindMemory(to: UInt8.self).baseAddress))
          }
        }
        merges.append((piece, planes, piece.isWhole ? piece.output : take(chunk.byteCount)))
      }
      try DeflatedPlane.inflate(deflated)
      for (piece, planes, elements) in merges {
        let chunk = piece.chunk
        zoo_planes_merge(
          planes, chunk.planeByteCount, UInt32(planes.count), chunk.rotated,
          elements.bindMemory(to: UInt8.self).baseAddress)
        if !piece.isWhole { piece.output.copyMemory(from: UnsafeRawBufferPointer(rebasing: elements[piece.part])) }
      }
    }
  }

  private var planeByteCount: Int { byteCount / planes.count }

  /// The bytes at `part` of a chunk that is verbatim.
  private func elements(in file: MappedFile, _ part: Range<Int>) -> UnsafeRawBufferPointer {
    let start = dataRange.lowerBound
    return UnsafeRawBufferPointer(rebasing: file.bytes[start + part.lowerBound..<start + part.upperBound])
  }

  fileprivate static func damaged(_ what: String, _ index: Int) -> ZooError {
    ZooError(
      .badData, what, at: "chunk \(index)",
      advice: "the file is damaged; get it again from where it came from")
  }
}

extension Chunk.Piece {
  var isWhole: Bool { part.count == chunk.byteCount }

  /// Where the elements of a verbatim chunk lie in the file.
  var place: Range<Int> {
    chunk.dataRange.lowerBound + part.lowerBound..<chunk.dataRange.lowerBound + part.upperBound
  }

  fileprivate var scratchByteCount: Int {
    let inflated = chunk.planes.count { $0.coding == .deflate } * (chunk.byteCount / chunk.planes.count)
    return inflated + (isWhole ? 0 : chunk.byteCount)
  }
}

/// Raw DEFLATE that holds exactly as many bytes as `output` has.
private struct DeflatedPlane {
  let chunk: Int
  let input: UnsafeRawBufferPointer
  let output: UnsafeMutableRawBufferPointer

  static func inflate(_ planes: [DeflatedPlane]) throws {
    for start in stride(from: 0, to: planes.count, by: 2) {
      if start + 1 < planes.count {
        var inflated = [false, false]
        zoo_inflate_literals_2([planes[start].description, planes[start + 1].description], &inflated)
        if !inflated[0] { try planes[start].inflateAny() }
        if !inflated[1] { try planes[start + 1].inflateAny() }
      } else {
        var description = planes[start].description
        if !zoo_inflate_literals(&description) { try planes[start].inflateAny() }
      }
    }
  }

  private var description: zoo_deflated {
    zoo_deflated(
      input: input.bindMemory(to: UInt8.self).baseAddress, input_count: input.count,
      output: output.bindMemory(to: UInt8.self).baseAddress, output_count: output.count)
  }

  /// Any kind of DEFLATE, with zlib.
  private func inflateAny() throws {
    let from = input.bindMemory(to: UInt8.self)
    let to = output.bindMemory(to: UInt8.self)
    var stream = z_stream()
    // A chunk is far below the 4 GiB of zlib's counts.
    stream.next_in = UnsafeMutablePointer(mutating: from.baseAddress)
    stream.avail_in = UInt32(from.count)
    stream.next_out = to.baseAddress
    stream.avail_out = UInt32(to.count)
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ZooError(.defect, "no memory for zlib", at: "chunk \(chunk)")
    }
    defer { inflateEnd(&stream) }
    guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END, stream.avail_in == 0, stream.avail_out == 0 else {
      throw Chunk.damaged("a plane can't be inflated", chunk)
    }
  }
}
