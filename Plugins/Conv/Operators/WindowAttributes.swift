import CConvKernels
import ZooPlugin

/// What windows may have, so that no position can overflow.
enum WindowLimits {
  static let extents = 0...Int(Int32.max)
  /// Of kernels, strides and dilations.
  static let steps = 1...Int(Int32.max)
  /// Padding beyond any use would only make huge outputs from small files.
  static let pads = 0...1 << 16
}

/// An attribute of `count` integers within a range.
///
/// - Throws: `OperatorError` where there are more or fewer, or one is outside.
func checkedList(
  _ attributes: Attributes, _ name: String, count: Int, default fallback: Int, in range: ClosedRange<Int>
) throws -> [Int] {
  try checkedList(attributes.ints(name), name, count: count, default: fallback, in: range)
}

/// As above, of an attribute that has been read.
func checkedList(
  _ values: [Int]?, _ name: String, count: Int, default fallback: Int, in range: ClosedRange<Int>
) throws -> [Int] {
  guard let values else { return Array(repeating: fallback, count: count) }
  guard values.count == count else { throw OperatorError("\(name) has \(values.count) values in place of \(count)") }
  for value in values where !range.contains(value) {
    throw OperatorError("\(name) holds \(value), which is not in \(range.lowerBound)...\(range.upperBound)")
  }
  return values
}

extension conv_window {
  /// A window over up to three axes, with leading axes of extent 1, as the kernels take it.
  init(
    input: [Int], output: [Int], kernel: [Int], strides: [Int], dilations: [Int], padBegin: [Int], padEnd: [Int] = []
  ) {
    func triple(_ values: [Int], _ filler: Int64) -> (Int64, Int64, Int64) {
      let all = Array(repeating: filler, count: 3 - values.count) + values.map(Int64.init)
      return (all[0], all[1], all[2])
    }
    self.init(
      in: triple(input, 1), out: triple(output, 1), kernel: triple(kernel, 1), stride: triple(strides, 1),
      dilation: triple(dilations, 1), pad: triple(padBegin, 0), pad_end: triple(padEnd, 0))
  }
}
