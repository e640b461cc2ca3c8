import GraphWriter
import ZooCore

/// Complex values are held as real ones with one more axis behind the others, of the two parts, as ONNX has them.
extension LiteConverter {
  static let complexNumbers: [String: Rule] = [
    "REAL": { try $0.part(0) },
    "IMAG": { try $0.part(1) },
    "COMPLEX_ABS": { try $0.magnitude() },
    "RFFT2D": { try $0.realFourierTransform() },
  ]

  func isComplex(_ position: Int) -> Bool { input(position)?.type == .complex64 }

  private func checkComplex() throws {
    guard try needInput(0).type == .complex64, try output().type == .float32 else {
      throw ZooError(.unsupported, "from \(try needInput(0).type.name) to \(try output().type.name)")
    }
  }

  /// The real part, or the imaginary one.
  mutating func part(_ number: Int64) throws {
    try checkComplex()
    let index = try writer.constant([number], shape: [], "\(output().name)/part")
    try finish(step("Gather", [plain(input: 0), index], [.int("axis", -1)]))
  }

  private mutating func magnitude() throws {
    try checkComplex()
    try finish(step("ReduceL2", [plain(input: 0), list([-1])], [.int("keepdims", 0)]))
  }

  /// The Fourier transform of the last two axes' real numbers, the last of them one-sided.
  private mutating func realFourierTransform() throws {
    let lengths = try integers(1)
    let input = try needInput(0)
    guard lengths.count == 2, lengths.allSatisfy({ (1...1 << 24).contains($0) }), input.type == .float32,
      input.shape.count >= 2, try output().type == .complex64
    else { throw ZooError(.badData, "the lengths \(lengths.prefix(10)) do not fit the shape \(input.shape)") }
    func length(_ number: Int) throws -> String {
      try writer.constant([Int64(number)], shape: [], "\(output().name)/length")
    }
    let numbers = step("Unsqueeze", [try plain(input: 0), try list([-1])])
    var result = step("DFT", [numbers, try length(lengths[1]), try length(-2)], [.int("onesided", 1)])
    let height = input.openAxes.contains(input.shape.count - 2) ? nil : input.shape[input.shape.count - 2]
    if lengths[0] != 1 || height != 1 { result = step("DFT", [result, try length(lengths[0]), try length(-3)]) }
    try finish(result)
  }
}
