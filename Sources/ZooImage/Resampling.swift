import ZooCore

/// Antialiased resampling with Pillow's arithmetic: the convolution filter is stretched by the scale when shrinking,
/// weights are 22-bit fixed-point numbers, and the rows are rounded to bytes between the two passes.
extension Image {
  /// The whole picture at another size.
  ///
  /// Time is proportional to the input's pixels (shrinking) or the output's (growing).
  ///
  /// - Throws: `ZooError` (`usage`) for sides that are not positive or a picture above `maximumPixels`.
  public func resized(
    width: Int, height: Int, filter: ImagePreprocessing.Filter = .bilinear, maximumPixels: Int = 178_956_970
  ) throws -> Image {
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, area <= maximumPixels else {
      throw ZooError(.usage, "a picture can't be resized to \(width)×\(height) pixels")
    }
    return resized(width: width, height: height, filter: filter, columns: 0..<width, rows: 0..<height)
  }

  /// The part `columns` × `rows`, not empty, of the picture that `resized(width:height:filter:)` gives; only what it
  /// depends on is computed.
  func resized(
    width: Int, height: Int, filter: ImagePreprocessing.Filter, columns: Range<Int>, rows: Range<Int>
  ) -> Image {
    let across = width == self.width ? nil : Weights(filter, from: self.width, to: width, outputs: columns)
    let down = height == self.height ? nil : Weights(filter, from: self.height, to: height, outputs: rows)
    let (inputColumns, inputRows) = (across?.inputs ?? columns, down?.inputs ?? rows)
    switch (across, down) {
    case (let across?, let down?):
      // The order changes roundings and clipping; this is Pillow's rule since version 13 (before, always across).
      if height < self.height, self.height - height > 2 * (self.width - width) {
        return resampledDown(down, columns: inputColumns).resampledAcross(
          across, firstColumn: inputColumns.lowerBound, rows: 0..<rows.count)
      }
      return resampledAcross(across, rows: inputRows).resampledDown(
        down, firstRow: inputRows.lowerBound, columns: 0..<columns.count)
    case (let across?, nil): return resampledAcross(across, rows: rows)
    case (nil, let down?): return resampledDown(down, columns: columns)
    case (nil, nil): return cropped(columns: columns, rows: rows)
    }
  }

  /// The part `columns` × `rows`, not empty and inside the picture.
  func cropped(columns: Range<Int>, rows: Range<Int>) -> Image {
    if columns.count == width, rows.count == height { return self }
    return Image(width: columns.count, height: rows.count) { output in
      pixels.withUnsafeBufferPointer { input in
        for (index, row) in rows.enumerated() {
          let from = 3 * (row * width + columns.lowerBound)
          let line = UnsafeMutableBufferPointer(rebasing: output[(3 * columns.count * index)...])
          _ = line.update(fromContentsOf: input[from..<from + 3 * columns.count])
        }
      }
    }
  }

  /// Resamples the rows `rows` horizontally; `firstColumn` is the column of the weights' inputs that comes first here.
  private func resampledAcross(_ weights: Weights, firstColumn: Int = 0, rows: Range<Int>) -> Image {
    let columns = weights.spans.count
    return Image(width: columns, height: rows.count) { output in
      pixels.withUnsafeBufferPointer { input in
        weights.values.withUnsafeBufferPointer { values in
          weights.spans.withUnsafeBufferPointer { spans in
            var to = output.baseAddress!
            for row in rows {
              let line = input.baseAddress! + 3 * width * row
              for span in spans {
                var (red, green, blue) = (Weights.half, Weights.half, Weights.half)
                var pixel = line + 3 * (span.input - firstColumn)
                for index in span.weight..<span.weight &+ span.count {
                  let weight = values[index]
                  red &+= Int32(pixel[0]) &* weight
                  green &+= Int32(pixel[1]) &* weight
                  blue &+= Int32(pixel[2]) &* weight
                  pixel += 3
                }
                to[0] = Weights.byte(red)
                to[1] = Weights.byte(green)
                to[2] = Weights.byte(blue)
                to += 3
              }
            }
          }
        }
      }
    }
  }

  /// Resamples the columns `columns` vertically; `firstRow` is the row of the weights' inputs that comes first here.
  private func resampledDown(_ weights: Weights, firstRow: Int = 0, columns: Range<Int>) -> Image {
    let stride = 3 * columns.count
    return Image(width: columns.count, height: weights.spans.count) { output in
      pixels.withUnsafeBufferPointer { input in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: stride) { sums in
          for (row, span) in weights.spans.enumerated() {
            for index in 0..<stride { sums[index] = Weights.half }
            for tap in 0..<span.count {
              let weight = weights.values[span.weight + tap]
              let line = input.baseAddress! + 3 * (width * (span.input - firstRow + tap) + columns.lowerBound)
              for index in 0..<stride { sums[index] &+= Int32(line[index]) &* weight }
            }
            let line = output.baseAddress! + stride * row
            for index in 0..<stride { line[index] = Weights.byte(sums[index]) }
          }
        }
      }
    }
  }
}

/// The weights that make each of some outputs along one axis from neighbouring inputs.
private struct Weights {
  /// One output: `count` inputs from `input` on, with the weights from `weight` on.
  struct Span {
    var input: Int
    var weight: Int
    var count: Int
  }

  private(set) var spans: [Span] = []
  /// Fixed-point numbers with `fractionBits`.
  private(set) var values: [Int32] = []

  /// A byte times a weight, summed with room for the overshoot of negative weights, fits 32 bits.
  private static let fractionBits: Int32 = 32 - 8 - 2
  /// One half, where sums begin, so that they round.
  static let half: Int32 = 1 << (fractionBits - 1)

  /// A sum as a byte, clipped.
  @inline(__always)
  static func byte(_ sum: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(sum >> fractionBits, 0), 255)) }

  /// The inputs that the outputs depend on.
  var inputs: Range<Int> {
    let lower = spans.reduce(Int.max) { min($0, $1.input) }
    return lower..<spans.reduce(lower) { max($0, $1.input + $1.count) }
  }

  init(_ filter: ImagePreprocessing.Filter, from inputSize: Int, to outputSize: Int, outputs: Range<Int>) {
    let scale = Double(inputSize) / Double(outputSize)
    let stretch = max(scale, 1)
    let support = filter.support * stretch
    spans.reserveCapacity(outputs.count)
    var weights: [Double] = []
    for output in outputs {
      let center = (Double(output) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), inputSize)
      weights.removeAll(keepingCapacity: true)
      var sum = 0.0
      for input in first..<end {
        let weight = filter.value(at: (Double(input) - center + 0.5) * (1 / stretch))
        weights.append(weight)
        sum += weight
      }
      spans.append(Span(input: first, weight: values.count, count: weights.count))
      for weight in weights {
        let share = (sum == 0 ? weight : weight / sum) * Double(Int32(1) << Self.fractionBits)
        values.append(Int32(share.rounded(.toNearestOrAwayFromZero)))
      }
    }
  }
}

extension ImagePreprocessing.Filter {
  /// Half the filter's width, in pixels, when it is not stretched.
  fileprivate var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  /// The filter at `position`: a triangle, or Keys' cubic convolution with a = -0.5.
  fileprivate func value(at position: Double) -> Double {
    let x = abs(position)
    switch self {
    case .bilinear:
      return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }
}
