import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Products whose operands are rounded to 8-bit integers, against the definition of that rounding written plainly here,
/// whose sums are whole numbers and so the same on every processor; and against the product without rounding.
@Suite struct Int8Tests {
  /// A row of activations: numbers 0 to 255 for its range, which always contains zero, less that of zero.
  private struct Row {
    var scale: Float
    var numbers: [Int]

    init(_ values: some Sequence<Float>, range: ClosedRange<Float>? = nil) {
      let values = Array(values)
      let low = min(range?.lowerBound ?? values.filter { !$0.isNaN }.min() ?? 0, 0)
      let high = max(range?.upperBound ?? values.filter { !$0.isNaN }.max() ?? 0, 0)
      scale = max(high / 255 - low / 255, .leastNormalMagnitude)
      guard scale.isFinite, !values.contains(where: \.isNaN) else {
        (scale, numbers) = (.nan, values.map { _ in 0 })
        return
      }
      let factor = 1 / scale
      let zero = (-low * factor).rounded(.toNearestOrEven)
      numbers = values.map {
        let place = Double(min(max($0 * factor, -zero), 255 - zero)) + Double(zero)
        return Int(place.rounded(.toNearestOrEven)) - Int(zero)
      }
    }
  }

  /// A column of weights: numbers -127 to 127.
  private struct Column {
    var scale: Float
    var numbers: [Int]

    init(_ values: [Float]) {
      let step = max((values.map(abs).max() ?? 0) / 127, .leastNormalMagnitude)
      scale = step
      numbers = values.map { Int(($0 * (1 / step)).rounded(.toNearestOrEven)) }
    }
  }

  struct Case: Sendable, CustomStringConvertible {
    var rows, depth, columns: Int
    var isTransposed = false
    var range: ClosedRange<Float>?
    var description: String {
      "\(rows)×\(depth)×\(columns)\(isTransposed ? " transposed" : "")\(range.map { " in \($0)" } ?? "")"
    }
  }

  static let cases: [Case] = [
    Case(rows: 1, depth: 64, columns: 32), Case(rows: 1, depth: 37, columns: 19), Case(rows: 3, depth: 16, columns: 16),
    Case(rows: 5, depth: 17, columns: 33), Case(rows: 13, depth: 600, columns: 48),
    Case(rows: 197, depth: 75, columns: 300), Case(rows: 73, depth: 130, columns: 70, isTransposed: true),
    Case(rows: 7, depth: 513, columns: 40, isTransposed: true), Case(rows: 10, depth: 18, columns: 31),
    Case(rows: 1, depth: 1030, columns: 70, isTransposed: true), Case(rows: 11, depth: 259, columns: 500),
    Case(rows: 6, depth: 66, columns: 70, range: -1...1.5), Case(rows: 1, depth: 66, columns: 70, range: -4...9),
    Case(rows: 4, depth: 50, columns: 18, isTransposed: true, range: 0.5...1),
    // Weights that are read in several pieces.
    Case(rows: 2, depth: 1501, columns: 900), Case(rows: 2, depth: 1501, columns: 900, isTransposed: true),
  ]

  private struct Operands {
    var x, w: Tensor
    /// x by row, w by column.
    var rows, columns: [[Float]]

    init(_ test: Case) throws {
      var numbers = Numbers(test.rows + test.depth)
      x = try numbers.tensor([test.rows, test.depth], scale: 1.5)
      w = try numbers.tensor(test.isTransposed ? [test.columns, test.depth] : [test.depth, test.columns], scale: 0.1)
      let (left, right): ([Float], [Float]) = (try x.elements(), try w.elements())
      rows = (0..<test.rows).map { Array(left[$0 * test.depth..<($0 + 1) * test.depth]) }
      columns = (0..<test.columns).map { column in
        (0..<test.depth).map { right[test.isTransposed ? column * test.depth + $0 : $0 * test.columns + column] }
      }
    }

    func sample(_ test: Case) -> Sample {
      var sample = Sample()
      let product =
        test.isTransposed
        ? Node("Gemm", inputs: ["x", "w"], outputs: ["y"], attributes: [Attribute("transB", .int(1))])
        : Node("MatMul", inputs: ["x", "w"], outputs: ["y"])
      sample.nodes = [product]
      sample.inputs = [("x", x)]
      sample.constants = [("w", w)]
      sample.outputs = ["y"]
      return sample
    }
  }

  private func arithmetic(_ test: Case) -> Arithmetic {
    Arithmetic(.int8, ranges: test.range.map { ["x": $0] } ?? [:])
  }

  @Test(arguments: cases) func integersAreExact(_ test: Case) throws {
    let operands = try Operands(test)
    let columns = operands.columns.map(Column.init)
    let expected: [Float] = operands.rows.flatMap { values in
      let row = Row(values, range: test.range)
      return columns.map { column in
        Float(zip(row.numbers, column.numbers).reduce(0) { $0 + $1.0 * $1.1 }) * row.scale * column.scale
      }
    }
    for cpu in processors {
      let model = try operands.sample(test).compiled(on: cpu, arithmetic(test))
      #expect(
        try model.steps(for: [operands.x.shape])[0].summary
          == (test.rows == 1 ? "vector times packed matrix in int8" : "packed matrix product in int8"))
      let y: [Float] = try #require(model.run(["x": operands.x])["y"]).elements()
      #expect(y == expected, "\(test), \(cpu)")
    }
  }

  @Test(arguments: cases.filter { $0.range == nil }) func errorsAreThoseOfRounding(_ test: Case) throws {
    let operands = try Operands(test)
    let y: [Float] = try #require(
      operands.sample(test).compiled(on: .current, arithmetic(test)).run(["x": operands.x])["y"]
    ).elements()
    let columns = operands.columns.map { (values: $0, half: Double(Column($0).scale) / 2) }
    for (index, values) in operands.rows.enumerated() {
      let half = Double(Row(values).scale) / 2
      for (number, column) in columns.enumerated() {
        var (exact, bound) = (0.0, 0.0)
        for (a, b) in zip(values, column.values) {
          exact += Double(a) * Double(b)
          // Each factor is off by half its scale at most.
          bound += abs(Double(a)) * column.half + abs(Double(b)) * half + half * column.half
        }
        let error = abs(Double(y[index * test.columns + number]) - exact)
        #expect(error <= bound * 1.0001, "\(test), row \(index), column \(number)")
      }
    }
  }

  @Test func addendsAndActivationAreFused() throws {
    let test = Case(rows: 77, depth: 40, columns: 290)
    let operands = try Operands(test)
    var numbers = Numbers(3)
    let bias = try numbers.tensor([test.columns])
    let residual = try numbers.tensor([test.rows, test.columns])
    let (shift, rest): ([Float], [Float]) = (try bias.elements(), try residual.elements())
    let columns = operands.columns.map(Column.init)
    var expected: [Float] = []
    for values in operands.rows {
      let row = Row(values)
      for (place, column) in columns.enumerated() {
        let sum = zip(row.numbers, column.numbers).reduce(0) { $0 + $1.0 * $1.1 }
        let product = -0.5 * Float(sum) * row.scale * column.scale
        expected.append(max(0, product + 2 * shift[place] + rest[expected.count]))
      }
    }
    var sample = Sample()
    sample.nodes = [
      Node(
        "Gemm", inputs: ["x", "w", "b"], outputs: ["p"],
        attributes: [Attribute("alpha", .float(-0.5)), Attribute("beta", .float(2))]),
      Node("Add", inputs: ["p", "r"], outputs: ["s"]), Node("Relu", inputs: ["s"], outputs: ["y"]),
    ]
    sample.inputs = [("x", operands.x), ("r", residual)]
    sample.constants = [("w", operands.w), ("b", bias)]
    sample.outputs = ["y"]
    for cpu in processors {
      let model = try sample.compiled(on: cpu, Arithmetic(.int8))
      let summaries = try model.steps(for: sample.inputs.map(\.tensor.shape)).map(\.summary)
      #expect(summaries == ["packed matrix product in int8, fused"])
      let y = try #require(model.run(["x": operands.x, "r": residual])["y"])
      try expectClose(y, Tensor(expected, shape: [test.rows, test.columns]), 1e-6, "\(cpu)")
    }
  }

  /// What 8-bit integers can't say becomes NaN, for the whole row or column; the others don't notice.
  @Test func numbersWithoutAPlace() throws {
    let (depth, columns) = (35, 20)
    var numbers = Numbers(8)
    var w: [Float] = try numbers.tensor([depth, columns]).elements()
    w[4 * columns + 3] = .nan
    w[5 * columns + 18] = .infinity
    for row in 0..<depth { w[row * columns + 7] = 0 }
    let ordinary: [Float] = try numbers.tensor([depth]).elements()
    func with(_ value: Float) -> [Float] { ordinary.dropLast() + [value] }
    let rows = [
      ordinary, with(.nan), with(.infinity), with(-.infinity), [Float](repeating: 0, count: depth),
      [Float](repeating: 3.25, count: depth), [Float](repeating: -.leastNonzeroMagnitude, count: depth),
      [Float](repeating: 3e38, count: depth), with(-.nan), ordinary,
    ]
    let x = try Tensor(rows.flatMap { $0 }, shape: [rows.count, depth])
    var sample = Sample()
    sample.nodes = [Node("MatMul", inputs: ["x", "w"], outputs: ["p"]), Node("Relu", inputs: ["p"], outputs: ["y"])]
    sample.inputs = [("x", x)]
    sample.constants = [("w", try Tensor(w, shape: [depth, columns]))]
    sample.outputs = ["y"]
    let matrix = (0..<columns).map { column in (0..<depth).map { w[$0 * columns + column] } }
    for range in [nil, -2...3] as [ClosedRange<Float>?] {
      for cpu in processors {
        let model = try sample.compiled(on: cpu, Arithmetic(.int8, ranges: range.map { ["x": $0] } ?? [:]))
        let y: [Float] = try #require(model.run(["x": x])["y"]).elements()
        for (index, values) in rows.enumerated() {
          let row = Row(values, range: range)
          #expect(row.scale.isNaN == ((range == nil ? [1, 2, 3, 8] : [1, 8]).contains(index)))
          for column in 0..<columns {
            let result = y[index * columns + column]
            guard !row.scale.isNaN, column != 3, column != 18 else {
              #expect(result.isNaN, "row \(index), column \(column), \(cpu)")
              continue
            }
            let weights = Column(matrix[column])
            let sum = zip(row.numbers, weights.numbers).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(result == max(0, Float(sum) * row.scale * weights.scale), "row \(index), column \(column), \(cpu)")
          }
        }
      }
    }
  }

  /// Integers times a scale, as quantized models have them, lose nothing.
  @Test func integerWeightsComeBack() throws {
    let (rows, depth, columns) = (9, 100, 50)
    var numbers = Numbers(4)
    let left = (0..<rows).map { _ in [0, 255] + (2..<depth).map { _ in numbers.below(256) } }
    let right = (0..<columns).map { _ in [127] + (1..<depth).map { _ in numbers.below(255) - 127 } }
    let scales = (0..<columns).map { _ in Float(numbers.below(1000) + 1) / 7000 }
    var expected: [Float] = []
    for row in left {
      for (column, scale) in zip(right, scales) {
        expected.append(Float(zip(row, column).reduce(0) { $0 + $1.0 * $1.1 }) * scale)
      }
    }
    var sample = Sample()
    let x = try Tensor(left.flatMap { $0.map(Float.init) }, shape: [rows, depth])
    let w = zip(right, scales).flatMap { column, scale in column.map { Float($0) * scale } }
    sample.nodes = [Node("Gemm", inputs: ["x", "w"], outputs: ["y"], attributes: [Attribute("transB", .int(1))])]
    sample.inputs = [("x", x)]
    sample.constants = [("w", try Tensor(w, shape: [columns, depth]))]
    sample.outputs = ["y"]
    for cpu in processors {
      let y = try #require(sample.compiled(on: cpu, Arithmetic(.int8)).run(["x": x])["y"])
      try expectClose(y, Tensor(expected, shape: [rows, columns]), 1e-6, "\(cpu)")
    }
  }

  @Test func smallProductsAndComputedMatricesStay() throws {
    var numbers = Numbers(6)
    for (depth, columns, isConstant) in [(15, 100, true), (100, 15, true), (100, 100, false)] {
      var sample = Sample()
      sample.nodes = [Node("MatMul", inputs: ["x", "w"], outputs: ["y"])]
      sample.inputs = [("x", try numbers.tensor([6, depth]))]
      sample.outputs = ["y"]
      let w = ("w", try numbers.tensor([depth, columns]))
      if isConstant { sample.constants = [w] } else { sample.inputs.append(w) }
      let model = try sample.compiled(on: .current, Arithmetic(.int8))
      let summary = try model.steps(for: sample.inputs.map(\.tensor.shape))[0].summary
      #expect(summary == (isConstant ? "packed matrix product in bfloat16" : "matrix product, packed at each run"))
    }
  }

  /// A model serves other batch sizes with the weights that it packed.
  @Test func otherRowCounts() throws {
    let operands = try Operands(Case(rows: 30, depth: 48, columns: 40))
    let test = Case(rows: 30, depth: 48, columns: 40)
    var sample = operands.sample(test)
    sample.inputs = []
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: Sample.opset)]
    definition.graph.nodes = sample.nodes
    definition.graph.inputs = [
      ValueInfo(name: "x", elementType: .float32, shape: [ShapeDimension(.unknown), ShapeDimension(.fixed(48))])
    ]
    definition.graph.outputs = [ValueInfo(name: "y")]
    definition.graph.initializers = [NamedTensor(name: "w", tensor: StoredTensor(operands.w))]
    let model = try CompiledModel(
      definition, registry: registry(on: .current), options: CompileOptions(arithmetic: Arithmetic(.int8)))
    let whole: [Float] = try #require(model.run(["x": operands.x])["y"]).elements()
    for count in [1, 2, 7] {
      let part = try Tensor(Array(operands.rows.prefix(count).joined()), shape: [count, 48])
      let y: [Float] = try #require(model.run(["x": part])["y"]).elements()
      #expect(y == Array(whole.prefix(count * 40)))
    }
  }
}
