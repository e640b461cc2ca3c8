import Foundation
import Testing
import ZooCore
import ZooRuntime
import ZooSystem

/// Rows of every length below and above those of vectors, and operands that repeat along any axes.
@Suite struct RowTests {
  private static let reductions = ["ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2"]

  @Test(arguments: instructionSets) func rowsOfEachLength(_ isa: CPU.ISA) throws {
    for length in Array(1...37) + [64, 65, 100] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [3, length])
      builder.sample.constants = [
        ("scale", try builder.numbers.tensor([length])), ("shift", try builder.numbers.tensor([length])),
        ("axis", try Tensor([1] as [Int64], shape: [1])),
      ]
      var outputs = [
        builder.node("Softmax", x), builder.node("LogSoftmax", x),
        builder.node("LayerNormalization", x, "scale", "shift"),
        builder.node("Exp", x), builder.node("Mul", x, "scale"), builder.node("ReduceLogSumExp", x, "axis"),
        builder.node("Softmax", x, attributes: [Attribute("axis", .int(0))]),
      ]
      for reduction in Self.reductions {
        for axis in [0, 1] as [Int64] { outputs.append(builder.node(reduction, x, try builder.integers([axis]))) }
      }
      builder.sample.outputs = outputs
      let (results, wanted) = (
        try builder.sample.run(isa), try Self.expected(x: builder.sample.inputs[0].tensor, builder)
      )
      for (index, (result, wanted)) in zip(results, wanted).enumerated() {
        try expectClose(result, wanted, 2e-5, "\(builder.sample.nodes[index].operatorType) of \(length)")
      }
    }
  }

  /// The same in double precision, element by element.
  private static func expected(x: Tensor, _ builder: PatternBuilder) throws -> [Tensor] {
    let length = x.shape[1]
    let rows = try x.elements(Float.self).map(Double.init).chunked(length)
    let scale = try builder.sample.constants[0].tensor.elements(Float.self).map(Double.init)
    let shift = try builder.sample.constants[1].tensor.elements(Float.self).map(Double.init)
    let columns = (0..<length).map { column in rows.map { $0[column] } }
    func tensor(_ rows: [[Double]]) throws -> Tensor {
      try Tensor(rows.flatMap { $0 }.map(Float.init), shape: [rows.count, rows[0].count])
    }
    func logSum(_ row: [Double]) -> Double { log(exponentials(row).reduce(0, +)) }
    func exponentials(_ row: [Double]) -> [Double] { row.map { exp($0) } }
    func softmax(_ row: [Double]) -> [Double] { row.map { exp($0 - logSum(row)) } }
    let normalized = rows.map { row in
      let mean = row.reduce(0, +) / Double(length)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
      return row.indices.map { (row[$0] - mean) / (variance + 1e-5).squareRoot() * scale[$0] + shift[$0] }
    }
    let turned = columns.map(softmax)
    var all = [
      try tensor(rows.map(softmax)), try tensor(rows.map { row in row.map { $0 - logSum(row) } }),
      try tensor(normalized),
      try tensor(rows.map(exponentials)), try tensor(rows.map { row in row.indices.map { row[$0] * scale[$0] } }),
      try tensor(rows.map { [logSum($0)] }),
      try tensor(rows.indices.map { row in turned.map { $0[row] } }),
    ]
    let functions: [@Sendable ([Double]) -> Double] = [
      { $0.reduce(0, +) }, { $0.max() ?? 0 }, { $0.min() ?? 0 }, { $0.reduce(1, *) }, { $0.reduce(0) { $0 + abs($1) } },
      { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() },
    ]
    for function in functions { all += [try tensor([columns.map(function)]), try tensor(rows.map { [function($0)] })] }
    return all
  }

  /// Operands that repeat along some axes, alone and as steps behind another operator.
  @Test(arguments: instructionSets) func operandsRepeat(_ isa: CPU.ISA) throws {
    let shapes = [
      [5, 1, 3], [1, 40, 1], [5, 40, 1], [1, 40, 3], [1, 1, 3], [5, 1, 1], [40, 3], [3], [1], [40, 1],
    ]
    for (first, left) in shapes.enumerated() {
      for right in shapes[first...] {
        for (isSwapped, isWhole) in [(false, false), (true, false), (false, true), (true, true)] {
          var builder = PatternBuilder()
          let a = try builder.input("a", isWhole ? [5, 40, 3] : left)
          let (b, c) = (try builder.input("b", right), try builder.input("c", left))
          var y = isSwapped ? builder.node("Sub", b, a) : builder.node("Sub", a, b)
          y = isSwapped ? builder.node("Add", c, y) : builder.node("Add", y, c)
          y = builder.node("Mul", isSwapped ? b : builder.node("Tanh", y), isSwapped ? builder.node("Tanh", y) : b)
          builder.sample.outputs = [y]
          let wanted = try builder.sample.runNodeByNode()[0]
          try expectClose(builder.sample.run(isa)[0], wanted, 1e-5, "\(left) and \(right), \(isSwapped), \(isWhole)")
        }
      }
    }
  }

  /// Behind convolutions of signals, whose results lie in blocks.
  @Test(arguments: [20, 32]) func operandsRepeatBesideBlocks(channels: Int) throws {
    let operands = [
      [1, channels, 1], [channels, 1], [2, 1, 100], [100], [1, 1, 100], [2, channels, 1], [1, channels, 100],
      [2, 1, 1],
    ]
    for operand in operands {
      for type in ["Mul", "Add", "Sub"] {
        var builder = PatternBuilder()
        builder.sample.constants.append(("w", try builder.numbers.tensor([channels, 16, 3], scale: 0.2)))
        let x = builder.node("Relu", builder.node("Conv", try builder.input("x", [2, 16, 102]), "w"))
        let first = builder.node(type, builder.node("Tanh", x), try builder.input("s", operand))
        let second = builder.node("Add", builder.node(type, x, "s"), "s")
        _ = try builder.check(builder.node("Add", first, second), "\(type) \(operand)")
      }
    }
  }

  @Test func largeOperandsRepeat() throws {
    var builder = PatternBuilder()
    let (a, b) = (try builder.input("a", [128, 1, 3]), try builder.input("b", [1, 300, 3]))
    let y = builder.node("Mul", builder.node("Sub", a, b), try builder.input("c", [128, 300, 1]))
    let left = try builder.check(y, "points")
    #expect(left == ["Sub"])
    builder = PatternBuilder()
    let (wide, row) = (try builder.input("a", [4, 5000]), try builder.input("b", [4, 1]))
    #expect(try builder.check(builder.node("Tanh", builder.node("Sub", wide, row)), "long rows") == ["Sub"])
  }

  /// Transpositions in tiles, and what they leave over.
  @Test func transpositions() throws {
    for (rows, columns) in [(1, 9), (3, 5), (4, 4), (8, 12), (13, 7), (33, 70), (64, 3)] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [2, rows, columns])
      builder.sample.outputs = [builder.transpose(x, [0, 2, 1])]
      let given: [Float] = try builder.sample.inputs[0].tensor.elements()
      let result: [Float] = try builder.sample.run(.generic)[0].elements()
      for batch in 0..<2 {
        for (row, column) in (0..<rows).flatMap({ row in (0..<columns).map { (row, $0) } }) {
          #expect(result[(batch * columns + column) * rows + row] == given[(batch * rows + row) * columns + column])
        }
      }
    }
  }

  /// Large windows go axis by axis.
  @Test(
    arguments: [[5, 5, 1, 1, 2], [13, 13, 1, 1, 6], [7, 9, 2, 1, 3], [4, 4, 2, 2, 0]],
    ["NOTSET", "SAME_UPPER", "VALID"])
  func largeMaxima(form: [Int64], padding: String) throws {
    for ceil in [0, 1] as [Int64] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [2, 20, 23, 19])
      var attributes = [
        Attribute("kernel_shape", .ints([form[0], form[1]])), Attribute("strides", .ints([form[2], form[3]])),
        Attribute("ceil_mode", .int(ceil)),
      ]
      if padding == "NOTSET" {
        attributes.append(Attribute("pads", .ints([form[4], form[4], form[4], form[4] / 2])))
      } else {
        attributes.append(Attribute("auto_pad", .string(Array(padding.utf8))))
      }
      let left = try builder.check(builder.node("MaxPool", x, attributes: attributes), "\(form), \(padding)")
      #expect(left.filter { $0 == "MaxPool" }.count == (form == [4, 4, 2, 2, 0] ? 1 : 2), "\(left)")
    }
  }

  /// A Pad goes into the convolution behind it; windows of many taps are padded before.
  @Test(arguments: [1, 9]) func paddedConvolutions(side: Int) throws {
    for (isTurned, mode, value) in [
      (false, "constant", 0), (true, "constant", 0), (false, "constant", 1), (false, "reflect", 0),
    ]
      as [(Bool, String, Float)]
    {
      for pads in [[0, 0, 1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0, 1], [0, 1, 1, 1, 0, 0, 0, 0]] as [[Int64]] {
        var builder = PatternBuilder()
        let order = [0, 3, 1, 2]
        var x = try builder.input("x", isTurned ? [2, 13, 11, 20] : [2, 20, 13, 11])
        let own = isTurned ? [0, 2, 3, 1, 4, 6, 7, 5].map { pads[$0] } : pads
        x = builder.node(
          "Pad", x, try builder.integers(own), try builder.number(value),
          attributes: [Attribute("mode", .string(Array(mode.utf8)))])
        if isTurned { x = builder.transpose(x, order.map(Int64.init)) }
        let channels = 20 + Int(pads[1] + pads[5])
        let kernel = side == 1 ? 3 : 9
        builder.sample.constants.append(("w", try builder.numbers.tensor([18, channels, kernel, kernel], scale: 0.05)))
        let margin: [Int64] = side == 1 ? [0, 1, 1, 0] : [4, 4, 3, 4]
        let y = builder.node("Conv", x, "w", attributes: [Attribute("pads", .ints(margin))])
        let left = try builder.check(y, "\(pads) \(mode) \(value) \(isTurned)")
        let isAbsorbed = mode == "constant" && value == 0 && pads[1] == 0
        #expect(left.contains("Pad") == (!isAbsorbed || side == 9), "\(left)")
      }
    }
  }

  /// Depthwise kernels of any length.
  @Test(arguments: [7, 8, 9, 11, 13, 31]) func longDepthwise(kernel: Int) throws {
    for (stride, dilation) in [(1, 1), (2, 1), (1, 2)] as [(Int64, Int64)] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [1, 20, 40, 37])
      builder.sample.constants.append(("w", try builder.numbers.tensor([20, 1, kernel, kernel], scale: 0.1)))
      let pad = Int64(kernel / 2)
      let y = builder.node(
        "Conv", x, "w",
        attributes: [
          Attribute("group", .int(20)), Attribute("strides", .ints([stride, stride])),
          Attribute("dilations", .ints([dilation, dilation])), Attribute("pads", .ints([pad, pad, pad, pad])),
        ])
      _ = try builder.check(builder.node("Relu", y), "\(kernel), \(stride), \(dilation)")
      let summary = try builder.sample.compiled(.generic).steps(for: [[1, 20, 40, 37]]).compactMap(\.summary)
      #expect(summary.contains { $0.hasPrefix("depthwise") }, "\(summary)")
    }
  }

  /// Many small products, and products with vectors.
  @Test func smallProducts() throws {
    for (a, b) in [
      ([4, 30, 5, 7], [4, 30, 7, 9]), ([1, 30, 5, 7], [4, 1, 7, 1]), ([30, 1, 40], [30, 40, 33]), ([6, 50], [50, 1]),
      ([1, 50], [50, 70]), ([3, 1, 70], [3, 70, 1]), ([200, 3], [3, 1]), ([9, 1, 3], [1, 3, 400]),
    ] {
      var builder = PatternBuilder()
      let product = builder.node("MatMul", try builder.input("a", a), try builder.input("b", b))
      _ = try builder.check(product, "\(a) by \(b)")
      builder = PatternBuilder()
      let biased = builder.node("MatMul", try builder.input("a", a), try builder.input("b", b))
      let sum = builder.node("Add", biased, try builder.input("c", [b.last ?? 1]))
      _ = try builder.check(builder.node("Relu", sum), "\(a) by \(b), biased")
    }
  }
}

extension Array {
  fileprivate func chunked(_ size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<$0 + size]) }
  }
}
