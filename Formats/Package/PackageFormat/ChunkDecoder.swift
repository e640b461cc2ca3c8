import CPackageCodec
import CZlib
import Files
import ZooCore

extension Chunk {
  /// Compares the chunk with its checksum.
  func verify(_ file: MappedFile) throws {
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[checkedRange])
    guard zoo_crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count) == checksum else {
      throw damaged("its checksum is wrong")
    }
  }

  /// Writes the elements of a chunk that was verified to `output`, which is `byteCount` long.
  func decode(_ file: MappedFile, into output: UnsafeMutableRawBufferPointer) throws {
    let data = UnsafeRawBufferPointer(rebasing: file.bytes[dataRange])
    if isVerbatim {
      output.copyMemory(from: data)
      return
    }
    let count = byteCount / planes.count
    let deflated = planes.count { $0.coding == .deflate }
    try withUnsafeTemporaryAllocation(byteCount: deflated * count, alignment: Layout.alignment) { scratch in
      var inputs: [UnsafePointer<UInt8>?] = []
      var offset = 0
      var used = 0
      for plane in planes {
        let stored = UnsafeRawBufferPointer(rebasing: data[offset..<offset + plane.size])
        offset += plane.size
        switch plane.coding {
        case .stored:
          inputs.append(stored.bindMemory(to: UInt8.self).baseAddress)
        case .deflate:
          let inflated = UnsafeMutableRawBufferPointer(rebasing: scratch[used..<used + count])
          used += count
          guard inflate(stored, into: inflated) else { throw damaged("a plane can't be inflated") }
          inputs.append(UnsafePointer(inflated.bindMemory(to: UInt8.self).baseAddress))
        }
      }
      zoo_planes_merge(
        inputs, count, UInt32(planes.count), rotated, output.bindMemory(to: UInt8.self).baseAddress)
    }
  }

  /// As `decode`, for the elements' bytes at `part`.
  func decode(_ file: MappedFile, part: Range<Int>, into output: UnsafeMutableRawBufferPointer) throws {
    if isVerbatim {
      let start = dataRange.lowerBound
      output.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: file.bytes[start + part.lowerBound..<start + part.upperBound]))
      return
    }
    try withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: Layout.alignment) { whole in
      try decode(file, into: whole)
      output.copyMemory(from: UnsafeRawBufferPointer(rebasing: whole[part]))
    }
  }

  private func damaged(_ what: String) -> ZooError {
    ZooError(
      .badData, what, at: "chunk \(index)",
      advice: "the file is damaged; get it again from where it came from")
  }
}

/// Whether `input`, raw DEFLATE, gives exactly as many bytes as `output` has.
private func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
  let from = input.bindMemory(to: UInt8.self)
  let to = output.bindMemory(to: UInt8.self)
  if zoo_inflate_literals(from.baseAddress, from.count, to.baseAddress, to.count) { return true }
  var stream = z_stream()
  guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    return false
  }
  defer { inflateEnd(&stream) }
  // A chunk is far below the 4 GiB of zlib's counts.
  stream.next_in = UnsafeMutablePointer(mutating: from.baseAddress)
  stream.avail_in = UInt32(from.count)
  stream.next_out = to.baseAddress
  stream.avail_out = UInt32(to.count)
  return CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0
}
