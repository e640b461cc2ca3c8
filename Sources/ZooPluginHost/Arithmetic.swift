/// How exactly products are computed, and what is known for it.
package struct Arithmetic: Sendable {
  package var precision: Precision
  /// By the name of a value: its least and greatest element, as calibration saw them. Only `int8` uses them.
  package var ranges: [String: ClosedRange<Float>]

  package init(_ precision: Precision = .float32, ranges: [String: ClosedRange<Float>] = [:]) {
    self.precision = precision
    self.ranges = ranges
  }
}

/// What the operands of products (matrix products, convolutions) may be rounded to. Sums stay float32.
public enum Precision: Int32, Sendable, CaseIterable {
  /// As `float32`, also by weights that the model holds in blocks.
  case exact = -1
  /// Exact to float32's rounding, except by weights in blocks of a few bits (GGUF's), which are multiplied by activations
  /// of 8 bits in such blocks.
  case float32 = 0
  /// Weights and activations rounded to bfloat16 (8 bits of mantissa) where an operator can.
  case bfloat16 = 1
  /// Weights and activations rounded to 8-bit integers, each times a scale, where an operator can; as `bfloat16` where
  /// it can't.
  case int8 = 2
}
