import Testing
import ZooCore

/// Constant matrices of 16-bit floats stay that small, and give to the bit what the same numbers give as float32.
@Suite struct NarrowMatrixTests {
  struct Case: Sendable {
    var rows, depth, columns: Int
    var isTransposed = false
  }

  static let cases = [
    Case(rows: 1, depth: 1, columns: 1), Case(rows: 1, depth: 301, columns: 37),
    Case(rows: 2, depth: 7, columns: 16), Case(rows: 13, depth: 259, columns: 33, isTransposed: true),
    Case(rows: 80, depth: 64, columns: 50), Case(rows: 80, depth: 513, columns: 41, isTransposed: true),
    // Read in several pieces.
    Case(rows: 3, depth: 1501, columns: 900), Case(rows: 3, depth: 1501, columns: 900, isTransposed: true),
  ]

  /// The same product of a matrix of `type`, and of its numbers as float32.
  private func samples(_ test: Case, _ type: ElementType, alpha: Float = 1) throws -> (narrow: Sample, wide: Sample) {
    var numbers = Numbers(test.depth + test.columns)
    let shape = test.isTransposed ? [test.columns, test.depth] : [test.depth, test.columns]
    let narrow = try cast(.generic, numbers.tensor(shape, scale: 0.1).withSpecials(), type)
    let x = try numbers.tensor([test.rows, test.depth])
    func sample(_ w: Tensor, casting: Bool) -> Sample {
      var sample = Sample()
      let product =
        test.isTransposed
        ? Node(
          "Gemm", inputs: ["a", "w"], outputs: ["b"],
          attributes: [Attribute("transB", .int(1)), Attribute("alpha", .float(alpha))])
        : Node("MatMul", inputs: ["a", "w"], outputs: ["b"])
      let to = { Attribute("to", .int(Int64($0 as ElementType == .float32 ? 1 : type.rawValue))) }
      sample.nodes = [
        Node("Cast", inputs: ["x"], outputs: ["a"], attributes: [to(casting ? type : .float32)]), product,
        Node("Cast", inputs: ["b"], outputs: ["y"], attributes: [to(.float32)]),
      ]
      sample.inputs = [("x", x)]
      sample.constants = [("w", w)]
      sample.outputs = ["y"]
      return sample
    }
    return (sample(narrow, casting: true), sample(try cast(.generic, narrow, .float32), casting: false))
  }

  @Test(arguments: cases, [ElementType.float16, .bfloat16]) func sameNumbersOnEveryProcessor(
    _ test: Case, _ type: ElementType
  ) throws {
    var (narrow, wide) = try samples(test, type)
    // What the narrow model rounds its input to.
    let rounded = try cast(.generic, cast(.generic, wide.inputs[0].tensor, type), .float32)
    narrow.inputs[0].tensor = rounded
    wide.inputs[0].tensor = rounded
    for isa in instructionSets {
      let model = try narrow.compiled(isa)
      let summary = try model.steps(for: [rounded.shape]).compactMap(\.summary).first { $0.contains("matrix") }
      #expect(summary?.hasSuffix("of \(type.name)") == true, "\(summary ?? "no product")")
      let y: [Float] = try narrow.run(isa)[0].elements()
      let expected: [Float] = try wide.run(isa)[0].elements()
      #expect(y.map(\.bitPattern) == expected.map(\.bitPattern), "\(isa)")
    }
  }

  /// A factor makes other numbers of the elements, which 16 bits may not have.
  @Test func factorsNeedAllDigits() throws {
    let test = Case(rows: 5, depth: 40, columns: 20, isTransposed: true)
    let (narrow, wide) = try samples(test, .float16, alpha: 0.3)
    let y: [Float] = try narrow.run(.generic)[0].elements()
    let expected: [Float] = try wide.run(.generic)[0].elements()
    for (a, b) in zip(y, expected) { #expect(abs(a - b) <= 0.002 * max(1, abs(b))) }
    let summaries = try narrow.compiled(.generic).steps(for: [[5, 40]]).compactMap(\.summary)
    #expect(summaries.contains("packed matrix product"))
  }
}

extension Tensor {
  /// With subnormals, the greatest float16 and zeros of both signs among its elements.
  fileprivate func withSpecials() throws -> Tensor {
    var values: [Float] = try elements()
    for (index, value) in [0x1p-24, -0x1.8p-20, 65504, -0.0, 0.0].enumerated() where values.count > 7 * index + 6 {
      values[7 * index] = Float(value)
    }
    return try Tensor(values, shape: shape)
  }
}
