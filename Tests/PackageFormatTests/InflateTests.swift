import CPackageCodec
import CZlib
import Testing

/// The decoder of literal-only DEFLATE against zlib.
@Suite struct InflateTests {
  private struct Stream {
    var plain: [UInt8]
    var deflated: [UInt8]
  }

  /// Bytes of different entropies, from nothing to several blocks, deflated in every way without and with matches.
  private static let streams: [Stream] = {
    var random = XorShift()
    var streams: [Stream] = []
    for count in [0, 1, 2, 7, 100, 1023, 1024, 5000, 40_000, 100_000] {
      for bits in [0, 1, 3, 6, 8] {
        let plain = (0..<count).map { _ in
          let word = random.next()
          // Two numbers' common bits: small values are frequent.
          return UInt8(truncatingIfNeeded: word & (word >> 8) & ((1 << UInt64(bits)) - 1))
        }
        for strategy in [Z_HUFFMAN_ONLY, Z_FIXED, Z_DEFAULT_STRATEGY] {
          for level: Int32 in [0, 6] {
            streams.append(Stream(plain: plain, deflated: deflate(plain, strategy: strategy, level: level)))
          }
        }
      }
    }
    return streams
  }()

  @Test func agreesWithZlib() {
    var decoded = 0
    for stream in Self.streams {
      let result = inflateOne(stream.deflated, count: stream.plain.count)
      // Streams with string matches are left to zlib.
      guard let result else { continue }
      decoded += 1
      #expect(result == stream.plain)
    }
    #expect(decoded >= Self.streams.count / 2)
  }

  @Test func twoAtOnceAreAsOneByOne() {
    let streams = Self.streams
    for (first, second) in zip(streams, streams.reversed()) {
      let both = inflateTwo([first.deflated, second.deflated], counts: [first.plain.count, second.plain.count])
      #expect(both[0] == inflateOne(first.deflated, count: first.plain.count))
      #expect(both[1] == inflateOne(second.deflated, count: second.plain.count))
    }
  }

  /// What is damaged is refused or, where zlib accepts it too, decoded alike; nothing is written outside.
  @Test func damage() {
    var random = XorShift()
    for stream in Self.streams where stream.plain.count > 0 && stream.plain.count <= 5000 {
      for round in 0..<24 {
        var bad = stream.deflated
        var count = stream.plain.count
        switch round % 4 {
        case 0: bad.removeLast(1 + Int(random.next() % UInt64(bad.count)))
        case 1: count += Int(random.next() % 40) - min(20, count)
        default:
          for _ in 0...round % 3 { bad[Int(random.next() % UInt64(bad.count))] ^= 1 << UInt8(random.next() % 8) }
        }
        let one = inflateOne(bad, count: count)
        #expect(one == inflateTwo([bad, stream.deflated], counts: [count, stream.plain.count])[0])
        if let one, let theirs = zlibInflate(bad, count: count) { #expect(one == theirs) }
      }
    }
  }

  /// Streams of our own encoder are what zlib and our decoder take them for, whatever the distribution.
  @Test func ownEncoder() {
    var random = XorShift()
    // Fibonacci's numbers as frequencies ask for the longest codes.
    var skewed: [UInt8] = []
    var (a, b) = (1, 1)
    for symbol in 0..<24 {
      skewed += [UInt8](repeating: UInt8(symbol * 10), count: a)
      (a, b) = (b, a + b)
    }
    let even = (0..<10_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    for plain in Self.streams.map(\.plain) + [skewed, even, [UInt8](0...255)] where !plain.isEmpty {
      var output = [UInt8](repeating: 0, count: 2 * plain.count + 400)
      let count = zoo_deflate_literals(plain, plain.count, &output, output.count)
      let deflated = Array(output[..<count])
      #expect(zlibInflate(deflated, count: plain.count) == plain)
      #expect(inflateOne(deflated, count: plain.count) == plain)
      // Too little room.
      output = [UInt8](repeating: 0xA5, count: count)
      #expect(zoo_deflate_literals(plain, plain.count, &output, count - 1) == 0)
      #expect(output[count - 1] == 0xA5)
    }
    var output = [UInt8](repeating: 0, count: 8)
    #expect(zoo_deflate_literals([], 0, &output, 8) == 0)
  }

  private func inflateOne(_ input: [UInt8], count: Int) -> [UInt8]? {
    guarded([count]) { outputs in
      input.withUnsafeBufferPointer { input in
        var plane = zoo_deflated(
          input: input.baseAddress, input_count: input.count, output: outputs[0], output_count: count)
        return [zoo_inflate_literals(&plane)]
      }
    }[0]
  }

  private func inflateTwo(_ inputs: [[UInt8]], counts: [Int]) -> [[UInt8]?] {
    guarded(counts) { outputs in
      inputs[0].withUnsafeBufferPointer { first in
        inputs[1].withUnsafeBufferPointer { second in
          var inflated = [false, false]
          zoo_inflate_literals_2(
            [
              zoo_deflated(
                input: first.baseAddress, input_count: first.count, output: outputs[0], output_count: counts[0]),
              zoo_deflated(
                input: second.baseAddress, input_count: second.count, output: outputs[1], output_count: counts[1]),
            ], &inflated)
          return inflated
        }
      }
    }
  }

  /// Calls `body` with memory for each output, and checks that the bytes around it stay.
  private func guarded(_ counts: [Int], _ body: ([UnsafeMutablePointer<UInt8>]) -> [Bool]) -> [[UInt8]?] {
    let margin = 32
    let blocks = counts.map { count in
      let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count + 2 * margin)
      block.initialize(repeating: 0xA5)
      return block
    }
    defer { for block in blocks { block.deallocate() } }
    let good = body(blocks.compactMap { $0.baseAddress.map { $0 + margin } })
    return zip(zip(blocks, counts), good).map { pair, good in
      let (block, count) = pair
      #expect(block[..<margin].allSatisfy { $0 == 0xA5 } && block[(margin + count)...].allSatisfy { $0 == 0xA5 })
      return good ? Array(block[margin..<margin + count]) : nil
    }
  }

  private static func deflate(_ bytes: [UInt8], strategy: Int32, level: Int32) -> [UInt8] {
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count * 2 + 1000)
    var stream = z_stream()
    deflateInit2_(
      &stream, level, Z_DEFLATED, -MAX_WBITS, 8, strategy, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    let (inputCount, outputCount) = (input.count, output.count)
    let written = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(inputCount)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(outputCount)
        #expect(CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END)
        return Int(stream.total_out)
      }
    }
    return Array(output[..<written])
  }

  private func zlibInflate(_ bytes: [UInt8], count: Int) -> [UInt8]? {
    var input = bytes
    var output = [UInt8](repeating: 0, count: count + 1)
    var stream = z_stream()
    inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { inflateEnd(&stream) }
    let inputCount = input.count
    let status = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(inputCount)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(count + 1)
        return CZlib.inflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END, stream.total_out == UInt(count) else { return nil }
    return Array(output[..<count])
  }
}

/// Marsaglia's xorshift.
private struct XorShift {
  private var state: UInt64 = 88_172_645_463_325_252

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
