import GraphWriter
import ZooCore

/// Operators that MediaPipe adds to TensorFlow Lite's. Their options are C structures of 32-bit numbers.
extension LiteConverter {
  static let mediaPipe: [String: Rule] = [
    "Convolution2DTransposeBias": {
      let options = try $0.structure(3)
      try $0.transposedConvolution(
        input: 0, bias: 2, stride: [options[2], options[1]], isSame: $0.isSame(options[0]), activation: 0)
    },
    "MaxPoolingWithArgmax2D": { try $0.poolWithPlaces() },
    "MaxUnpooling2D": { try $0.unpool() },
  ]

  private func structure(_ count: Int) throws -> [Int] {
    let bytes = current.customOptions
    guard bytes.count >= 4 * count else {
      throw ZooError(.badData, "its options have \(bytes.count) bytes, but need \(4 * count)")
    }
    return bytes.withUnsafeBytes { bytes in
      (0..<count).map { Int(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) }
    }
  }

  /// TfLitePadding.
  private func isSame(_ padding: Int) throws -> Bool {
    guard [1, 2].contains(padding) else { throw ZooError(.badData, "the padding \(padding) is not known") }
    return padding == 1
  }

  /// TfLitePoolParams: padding, stride's width and height, window's width and height, activation.
  private func pooling() throws -> (window: [Int], stride: [Int], isSame: Bool) {
    let options = try structure(6)
    guard options[5] == 0 else { throw ZooError(.unsupported, "a fused activation") }
    return ([options[4], options[3]], [options[2], options[1]], try isSame(options[0]))
  }

  private mutating func poolWithPlaces() throws {
    let (shape, (window, stride, isSame)) = (try check(0, rank: 4), try pooling())
    guard current.outputs.count == 2 else { throw ZooError(.badData, "it has \(current.outputs.count) outputs") }
    let place = try output().name
    let names = ["/values", "/places"].map { writer.name(place + $0) }
    writer.nodes(
      "MaxPool", [try channelsFirst(input: 0)], try self.window(window, stride: stride, isSame: isSame),
      name: place + "/MaxPool", outputs: names)
    try finish(names[0], channelsFirst: true)
    // Places are counted in the window there, and in the input here, so nobody else can read them.
    places[current.outputs[1]] = Places(name: names[1], shape: shape)
  }

  private mutating func unpool() throws {
    let (shape, (window, stride, _)) = (try check(0, rank: 4), try pooling())
    _ = try needInput(1)
    guard let places = places[current.inputs[1]], window == stride,
      places.shape == [shape[0], shape[1] * window[0], shape[2] * window[1], shape[3]]
    else {
      throw ZooError(.unsupported, "places that are not those of a MaxPoolingWithArgmax2D of the same size")
    }
    let attributes: [Attribute] = [.ints("kernel_shape", window), .ints("strides", stride)]
    try finish(step("MaxUnpool", [channelsFirst(input: 0), places.name], attributes), channelsFirst: true)
  }

  /// Where the greatest elements of windows lie in the pooled value, with channels first.
  struct Places {
    var name: String
    var shape: [Int]
  }
}
