import Testing
import ZooCore
import ZooRuntime

/// ArgMax of a product with many columns, found by way of int8, against ArgMax and the product by themselves.
@Suite struct ProductArgMaxTests {
  enum Form: CaseIterable {
    case gemm, transposedGemm, gemmWithAddend, matMul, matMulAndAddend
  }

  private static let columns = 8192 + 5

  /// - Parameter change: What is done to the weights, (columns, depth).
  private func sample(
    _ form: Form, rows: Int, depth: Int, seed: Int, columns: Int = columns, change: (inout [Float]) -> Void = { _ in }
  ) throws -> Sample {
    var (sample, numbers) = (Sample(), Numbers(seed))
    sample.inputs = [("x", try numbers.tensor([rows, depth]))]
    var weights: [Float] = try numbers.tensor([columns, depth]).elements()
    change(&weights)
    let isTransposed = form == .transposedGemm || form == .gemmWithAddend
    if isTransposed {
      sample.constants.append(("w", try Tensor(weights, shape: [columns, depth])))
    } else {
      let turned = (0..<depth).flatMap { k in (0..<columns).map { weights[$0 * depth + k] } }
      sample.constants.append(("w", try Tensor(turned, shape: [depth, columns])))
    }
    sample.constants.append(("c", try numbers.tensor([columns], scale: 3)))
    switch form {
    case .gemm, .transposedGemm, .gemmWithAddend:
      sample.nodes = [
        Node(
          "Gemm", inputs: ["x", "w"] + (form == .gemmWithAddend ? ["c"] : []), outputs: ["y"],
          attributes: [Attribute("transB", .int(isTransposed ? 1 : 0))])
      ]
    case .matMul: sample.nodes = [Node("MatMul", inputs: ["x", "w"], outputs: ["y"])]
    case .matMulAndAddend:
      sample.nodes = [
        Node("MatMul", inputs: ["x", "w"], outputs: ["p"]), Node("Add", inputs: ["c", "p"], outputs: ["y"]),
      ]
    }
    sample.nodes.append(
      Node(
        "ArgMax", inputs: ["y"], outputs: ["token"],
        attributes: [Attribute("axis", .int(-1)), Attribute("keepdims", .int(0))]))
    sample.outputs = ["token"]
    return sample
  }

  private func check(_ sample: Sample, _ comment: String) throws {
    let expected: [Int64] = try sample.runNodeByNode()[0].elements()
    for isa in instructionSets {
      let found: [Int64] = try sample.run(isa)[0].elements()
      #expect(found == expected, "\(comment), \(isa)")
    }
    let steps = try sample.compiled(.generic).steps(for: sample.inputs.map(\.tensor.shape))
    #expect(steps.map(\.operatorType) == ["ProductArgMax"], "\(comment)")
  }

  @Test(arguments: Form.allCases) func findsTheLargest(_ form: Form) throws {
    for (rows, depth) in [(1, 64), (6, 37), (16, 130)] {
      try check(try sample(form, rows: rows, depth: depth, seed: rows), "\(rows)×\(depth)")
    }
  }

  /// Columns that int8 can't tell apart.
  @Test func findsTheLargestOfMany() throws {
    let sample = try sample(.transposedGemm, rows: 5, depth: 48, seed: 3) { weights in
      for column in 1..<Self.columns {
        for k in 0..<48 { weights[column * 48 + k] = weights[k] * (1 + Float((column * 7919) % 8209) * 1e-6) }
      }
    }
    try check(sample, "alike")
  }

  @Test func ofEqualsTheFirstIsFound() throws {
    let sample = try sample(.transposedGemm, rows: 3, depth: 32, seed: 4) { weights in
      for column in 0..<Self.columns { weights.replaceSubrange(column * 32..<(column + 1) * 32, with: weights[..<32]) }
    }
    for isa in instructionSets {
      let found: [Int64] = try sample.run(isa)[0].elements()
      #expect(found == [0, 0, 0])
    }
  }

  @Test func numbersThatAreNotFinite() throws {
    for value in [Float.nan, .infinity, -.infinity] {
      let sample = try sample(.transposedGemm, rows: 4, depth: 40, seed: 5) { $0[5000 * 40 + 7] = value }
      try check(sample, "\(value) in the weights")
      var other = try self.sample(.transposedGemm, rows: 4, depth: 40, seed: 6)
      var numbers: [Float] = try other.inputs[0].tensor.elements()
      numbers[45] = value
      other.inputs[0].tensor = try Tensor(numbers, shape: [4, 40])
      let (wanted, found): ([Int64], [Int64]) = (
        try other.runNodeByNode()[0].elements(), try other.run(.generic)[0].elements()
      )
      // A row that is not finite has no largest element that means anything; the others do.
      #expect([found[0], found[2], found[3]] == [wanted[0], wanted[2], wanted[3]])
      #expect((0..<Int64(Self.columns)).contains(found[1]))
    }
  }

  @Test func zerosAndTinyNumbers() throws {
    let sample = try sample(.gemmWithAddend, rows: 2, depth: 24, seed: 7) { weights in
      for index in weights.indices { weights[index] *= index % 3 == 0 ? 0 : 1e-38 }
    }
    try check(sample, "tiny")
  }

  @Test func smallOrTallProductsStay() throws {
    for (rows, columns) in [(2, 100), (40, Self.columns)] {
      let sample = try sample(.transposedGemm, rows: rows, depth: 32, seed: 8, columns: columns)
      let steps = try sample.compiled(.generic).steps(for: sample.inputs.map(\.tensor.shape))
      #expect(steps.map(\.operatorType) == ["Gemm", "ArgMax"])
    }
  }
}
