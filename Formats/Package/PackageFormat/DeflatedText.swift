import CZlib
import ZooCore

/// A long text as one raw DEFLATE stream (RFC 1951).
enum DeflatedText {
  /// No tokenizer is nearly as long.
  private static let longest = 1 << 27

  static func deflate(_ text: String) throws -> [UInt8] {
    var bytes = Array(text.utf8)
    guard bytes.count <= longest else {
      throw ZooError(.badData, "a text of \(bytes.count) bytes is longer than \(longest)", at: "tokenizer")
    }
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw ZooError(.defect, "zlib does not start", at: "tokenizer") }
    defer { deflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    let status = run(&stream, from: &bytes, to: &output) { CZlib.deflate(&$0, Z_FINISH) }
    guard status == Z_STREAM_END else { throw ZooError(.defect, "zlib gave \(status)", at: "tokenizer") }
    return Array(output.prefix(Int(stream.total_out)))
  }

  /// The text of `byteCount` bytes that `deflated` holds.
  ///
  /// - Throws: `ZooError` (`badData`) unless it is just that.
  static func inflate(_ deflated: [UInt8], byteCount: UInt64) throws -> String {
    // DEFLATE makes nothing more than 1,032 times longer.
    guard byteCount <= UInt64(longest), byteCount / 1032 <= UInt64(deflated.count) else {
      throw ZooError(.badData, "\(deflated.count) deflated bytes can't become \(byteCount)", at: "tokenizer")
    }
    var input = deflated
    var output = [UInt8](repeating: 0, count: Int(byteCount) + 1)
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ZooError(.defect, "zlib does not start", at: "tokenizer")
    }
    defer { inflateEnd(&stream) }
    let status = run(&stream, from: &input, to: &output) { CZlib.inflate(&$0, Z_FINISH) }
    guard status == Z_STREAM_END, UInt64(stream.total_out) == byteCount, stream.avail_in == 0,
      let text = String(validating: output.dropLast(), as: UTF8.self)
    else {
      throw ZooError(.badData, "the text is damaged", at: "tokenizer", advice: "package the model again")
    }
    return text
  }

  private static func run(
    _ stream: inout z_stream, from input: inout [UInt8], to output: inout [UInt8],
    _ work: (inout z_stream) -> Int32
  ) -> Int32 {
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return work(&stream)
      }
    }
  }
}
