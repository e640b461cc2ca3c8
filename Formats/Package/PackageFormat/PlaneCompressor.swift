import CPackageCodec
import CZlib

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Deflates a plane of bytes in the way that suits it.
///
/// The exponents of trained weights have a narrow distribution but no repetitions: Huffman coding alone makes them
/// smaller than string matching does, and is several times faster both ways. Planes of integers, masks and zeros repeat.
enum PlaneCompressor {
  /// A plane that does not shrink below this part of its size is stored: reading it is then only a copy.
  private static let usefulRatio = 0.97

  /// The same for elements of one byte. 8-bit weights shrink by a tenth at most, all of them long codes to be read one by
  /// one, and models of such are wanted for being quick.
  private static let usefulRatioOfBytes = 0.8

  /// How much better than Huffman coding string matching must be, as its matches cost time at every reading.
  private static let matchingRatio = 0.9

  /// What is left of a plane without repetitions is not worth a look by string matching, which takes far more time than
  /// all the rest.
  private static let repeatedRatio = 0.08

  /// How much less a sample may shrink than its plane.
  private static let sampleSlack = 0.02

  private static let pieceCount = 4
  private static let pieceSize = 4096

  /// Raw DEFLATE of `plane`; `nil` where that saves too little.
  ///
  /// - Parameter isWhole: Whether the plane is all there is of its elements.
  static func deflated(_ plane: UnsafeRawBufferPointer, isWhole: Bool) -> [UInt8]? {
    let usefulRatio = isWhole ? usefulRatioOfBytes : usefulRatio
    let sample = sample(of: plane)
    let coded = sample.withUnsafeBytes { entropy(of: $0) }
    let result: [UInt8]
    if sample.withUnsafeBytes({ Self.maySuitMatching($0) }),
      Double(sample.withUnsafeBytes { deflateMatches($0).count }) < Self.matchingRatio * coded
    {
      result = deflateMatches(plane)
    } else if coded < (usefulRatio + Self.sampleSlack) * Double(sample.count),
      entropy(of: plane) < usefulRatio * Double(plane.count)
    {
      result = deflateLiterals(plane)
    } else {
      return nil
    }
    return !result.isEmpty && Double(result.count) < usefulRatio * Double(plane.count) ? result : nil
  }

  /// Pieces from all over the plane.
  private static func sample(of plane: UnsafeRawBufferPointer) -> [UInt8] {
    guard plane.count > pieceCount * pieceSize else { return Array(plane) }
    return (0..<pieceCount).flatMap { piece in
      let start = (plane.count - pieceSize) / (pieceCount - 1) * piece
      return plane[start..<start + pieceSize]
    }
  }

  private static func maySuitMatching(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let repeated = zoo_count_repeated(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    return Double(repeated) >= repeatedRatio * Double(bytes.count)
  }

  /// Bytes that a code of single bytes needs: Shannon's entropy, but a bit a byte at least.
  private static func entropy(of bytes: UnsafeRawBufferPointer) -> Double {
    var counts = [Int](repeating: 0, count: 256)
    zoo_count_bytes(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &counts)
    let bits = counts.reduce(0.0) { sum, count in
      count == 0 ? sum : sum - Double(count) * log2(Double(count) / Double(bytes.count))
    }
    return max(bits, Double(bytes.count)) / 8
  }

  /// Empty where that does not shrink.
  private static func deflateLiterals(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count) { output, count in
      count = zoo_deflate_literals(
        bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, output.baseAddress, bytes.count)
    }
  }

  private static func deflateMatches(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var stream = z_stream()
    // Only a lack of memory can fail here and below.
    let status = deflateInit2_(
      &stream, 6, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "no memory for zlib")
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(bytes.count)))
    return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      stream.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(bytes.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(bound)
      let status = CZlib.deflate(&stream, Z_FINISH)
      precondition(status == Z_STREAM_END, "deflateBound is too small")
      count = bound - Int(stream.avail_out)
    }
  }
}
