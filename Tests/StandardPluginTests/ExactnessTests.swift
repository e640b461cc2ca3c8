import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Numbers that rounding by way of another type would change.
@Suite("Exact numbers")
struct ExactnessTests {
  private let registry: OperatorRegistry

  init() throws { registry = try wholeRegistry(.shared) }

  private func run(
    _ type: String, _ inputs: [Tensor?], _ attributes: [Attribute] = [], outputs: Int = 1, opset: Int64 = 21
  ) throws -> [Tensor] {
    let names = inputs.enumerated().map { $1 == nil ? "" : "input\($0)" }
    let node = Node(
      type, inputs: names, outputs: (0..<outputs).map { "output\($0)" }, attributes: attributes)
    return try runOperator(node, inputs: inputs, opset: opset, registry: registry)
  }

  @Test("TopK tells integers of 64 bits apart")
  func topK() throws {
    let base: Int64 = 1 << 53
    let values = [base, base + 1, -base - 1, .max - 1, base + 2, .max, .min, .min + 1]
    let x = try ints(values)
    for largest in [true, false] {
      let results = try run("TopK", [x, try ints([8])], [Attribute("largest", .int(largest ? 1 : 0))], outputs: 2)
      let sorted = values.sorted(by: largest ? { $0 > $1 } : { $0 < $1 })
      #expect(try results[0].elements(Int64.self) == sorted)
      #expect(try results[1].elements(Int64.self) == sorted.map { Int64(values.firstIndex(of: $0)!) })
    }
    let unsigned = try Tensor([UInt64](arrayLiteral: 1 << 63, 1 << 63 + 1, .max, 5), shape: [4])
    #expect(try run("TopK", [unsigned, try ints([2])], outputs: 2)[1].elements(Int64.self) == [2, 1])
  }

  @Test("TopK along an outer axis takes the first of equals, and holds NaN for the greatest")
  func topKOrder() throws {
    let x = try Tensor([Float](arrayLiteral: 1, 5, .nan, 5, 1, 7, 3, 5), shape: [4, 2])
    let greatest = try run("TopK", [x, try ints([2])], [Attribute("axis", .int(0))], outputs: 2)
    #expect(try greatest[1].elements(Int64.self) == [1, 2, 3, 0])
    let least = try run(
      "TopK", [x, try ints([2])], [Attribute("axis", .int(0)), Attribute("largest", .int(0))], outputs: 2)
    #expect(try least[1].elements(Int64.self) == [0, 0, 2, 1])
  }

  @Test("TopK of many rows, few of them and nearly all", arguments: [1, 7, 40, 190, 200], [true, false])
  func topKOfRows(k: Int, largest: Bool) throws {
    var numbers = Numbers(k)
    // Many are equal, and zeros have both signs.
    let values = (try numbers.tensor([30, 200]).elements() as [Float]).map { ($0 * 20).rounded() / 20 }
    let results = try run(
      "TopK", [try Tensor(values, shape: [30, 200]), try ints([Int64(k)])],
      [Attribute("largest", .int(largest ? 1 : 0))], outputs: 2)
    var places: [Int64] = []
    var best: [Float] = []
    for row in 0..<30 {
      let line = Array(values[row * 200..<(row + 1) * 200])
      let order = line.indices.sorted { (left: Int, right: Int) -> Bool in
        if line[left] == line[right] { return left < right }
        return (line[left] > line[right]) == largest
      }
      places += order.prefix(k).map { Int64($0) }
      best += order.prefix(k).map { line[$0] }
    }
    #expect(try results[1].elements(Int64.self) == places)
    #expect(try results[0].elements(Float.self) == best)
  }

  @Test("Unique in order of appearance")
  func unique() throws {
    let base: Int64 = 1 << 53
    let x = try ints([base + 1, 3, base, 3, base + 1, 1])
    let results = try run("Unique", [x], [Attribute("sorted", .int(0))], outputs: 4)
    let lists = try results.map { try $0.elements(Int64.self) }
    #expect(lists == [[base + 1, 3, base, 1], [0, 1, 2, 5], [0, 1, 2, 1, 0, 3], [2, 2, 1, 1]])
  }

  @Test("Range counts integers exactly, up to the last")
  func range() throws {
    func range(_ start: Int64, _ limit: Int64, _ step: Int64) throws -> [Int64] {
      try run("Range", [try ints([start], []), try ints([limit], []), try ints([step], [])])[0].elements()
    }
    #expect(try range(1 << 53 + 1, 1 << 53 + 4, 1) == [1 << 53 + 1, 1 << 53 + 2, 1 << 53 + 3])
    #expect(try range(.max - 3, .max, 2) == [.max - 3, .max - 1])
    #expect(try range(.min, .max, .max) == [.min, -1, .max - 1])
    #expect(try range(.min + 5, .min, -2) == [.min + 5, .min + 3, .min + 1])
    #expect(throws: ZooError.self) { try range(.min, .max, 1) }
    #expect(throws: ZooError.self) { try range(0, 1, 0) }
  }

  @Test("Integers are rounded to float32 once")
  func cast() throws {
    // Just above the middle of two float32; as a double it would be the middle, and round to the even one below.
    let value: Int64 = 1 << 60 + 1 << 36 + 1
    let result = try run("Cast", [try ints([value, -value])], [Attribute("to", .int(1))])[0]
    #expect(try result.elements(Float.self) == [Float(value), Float(-value)])
    let unsigned = try Tensor([UInt64(1) << 63 + 1 << 39 + 1], shape: [1])
    #expect(
      try run("Cast", [unsigned], [Attribute("to", .int(1))])[0].elements() == [Float(UInt64(1) << 63 + 1 << 39 + 1)])
  }

  @Test("Shrink by whole numbers keeps integers exact")
  func shrink() throws {
    let x = try ints([1 << 53 + 2, -(1 << 53) - 2, 1, .max])
    let attributes = [Attribute("lambd", .float(1.5)), Attribute("bias", .float(1))]
    #expect(try run("Shrink", [x], attributes)[0].elements(Int64.self) == [1 << 53 + 1, -(1 << 53) - 1, 0, .max - 1])
  }

  /// What ONNX Runtime 1.32 gives on x86: C leaves it undefined.
  @Test("What leaves an integer's range")
  func beyondIntegers() throws {
    let (bases, exponents) = ([0, 1, -1, -1, 2], [-1, -5, -3, -4, -1])
    #expect(
      try run("Pow", [ints(bases.map(Int64.init)), ints(exponents.map(Int64.init))])[0].elements(Int64.self)
        == [.min, 1, -1, 1, 0])
    let narrow = try [bases, exponents].map { try Tensor($0.map(Int32.init), shape: [5]) }
    #expect(try run("Pow", narrow)[0].elements(Int32.self) == [.min, 1, -1, 1, 0])
    #expect(
      try run("ReduceLogSumExp", [ints([.max, .max])], [Attribute("keepdims", .int(0))])[0].elements(Int64.self)
        == [.max])
    func shrink<Element: TensorElement & FixedWidthInteger>(_ type: Element.Type, _ bias: Float) throws -> [Element] {
      let attributes = [Attribute("lambd", .float(0.5)), Attribute("bias", .float(bias))]
      return try run("Shrink", [Tensor([Element.min, .max, 1], shape: [3])], attributes)[0].elements()
    }
    #expect(try shrink(Int8.self, -100.5) == [28, -29, 101])
    #expect(try shrink(UInt8.self, -100.5) == [0, 99, 101])
    #expect(try shrink(Int32.self, -100.5) == [.min, .min, 101])
    #expect(try shrink(Int64.self, -100.5) == [.min, .min, 101])
    #expect(try shrink(UInt64.self, 100.5) == [0, 0, 18_446_744_073_709_551_517])
  }

  @Test("Resize finds the nearest place where float32 scales make ties")
  func resize() throws {
    func resize(_ length: Int, _ scale: Float, _ coordinates: String, _ nearest: String) throws -> [Int64] {
      let x = try ints((0..<Int64(length)).map { $0 }, [1, 1, 1, length])
      let scales = try Tensor([1, 1, 1, scale], shape: [4])
      let names = ["mode": "nearest", "coordinate_transformation_mode": coordinates, "nearest_mode": nearest]
      return try run("Resize", [x, nil, scales], names.map { Attribute.text($0, $1) })[0].elements()
    }
    // What ONNX Runtime 1.32 gives.
    #expect(try resize(7, 0.5, "half_pixel_symmetric", "ceil") == [1, 3, 5])
    #expect(try resize(7, 0.5, "half_pixel_symmetric", "floor") == [1, 3, 5])
    #expect(try resize(10, 0.6, "half_pixel", "floor") == [0, 2, 3, 5, 6, 8])
    #expect(try resize(10, 0.6, "asymmetric", "floor") == [0, 1, 3, 5, 6, 8])
    #expect(try resize(10, 0.3, "half_pixel", "round_prefer_ceil") == [1, 5, 8])
  }

  @Test("Fourier transforms of lengths with large factors", arguments: [67, 2 * 71, 127])
  func fourier(length: Int) throws {
    let values = (0..<2 * length).map { Double(($0 * 37) % 101) / 50 - 1 }
    let x = try Tensor(values, shape: [1, length, 2])
    for inverse in [false, true] {
      let y: [Double] = try run(
        "DFT", [x, nil, try ints([1], [])], [Attribute("inverse", .int(inverse ? 1 : 0))])[0].elements()
      // The definition; cosines of whole turns' parts come from the same place in a table.
      let table = (0..<length).map { cosine(2 * .pi * Double($0) / Double(length)) }
      let quarter = (0..<length).map { cosine(2 * .pi * Double($0) / Double(length) - .pi / 2) }
      for k in 0..<length {
        var (re, im) = (0.0, 0.0)
        for j in 0..<length {
          let place = j * k % length
          let (c, s) = (table[place], inverse ? quarter[place] : -quarter[place])
          re += values[2 * j] * c - values[2 * j + 1] * s
          im += values[2 * j] * s + values[2 * j + 1] * c
        }
        let scale = inverse ? 1 / Double(length) : 1
        #expect(abs(y[2 * k] - re * scale) < 1e-10 && abs(y[2 * k + 1] - im * scale) < 1e-10)
      }
    }
  }

  @Test("Layer and RMS normalization in float64")
  func normalizations() throws {
    let width = 6
    let values = (0..<18).map { 1e6 + Double(($0 * 7) % 11) }
    let x = try Tensor(values, shape: [3, width])
    let (scale, shift) = ((0..<width).map { 1 + Double($0) / 8 }, (0..<width).map { Double($0) - 2 })
    let parameters = (try Tensor(scale, shape: [width]), try Tensor(shift, shape: [width]))
    let layer = try run("LayerNormalization", [x, parameters.0, parameters.1], outputs: 3)
    let rms = try run("RMSNormalization", [x, parameters.0], opset: 23)
    let (y, z): ([Double], [Double]) = (try layer[0].elements(), try rms[0].elements())
    for row in 0..<3 {
      let line = values[row * width..<(row + 1) * width]
      let mean = line.reduce(0, +) / Double(width)
      let variance = line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let factor = 1 / (variance + Double(Float(1e-5))).squareRoot()
      let root = (line.reduce(0) { $0 + $1 * $1 } / Double(width) + Double(Float(1e-5))).squareRoot()
      for (column, value) in line.enumerated() {
        #expect(abs(y[row * width + column] - ((value - mean) * factor * scale[column] + shift[column])) < 1e-9)
        #expect(abs(z[row * width + column] - value / root * scale[column]) < 1e-9)
      }
      #expect(try layer[1].elements(Float.self)[row] == Float(mean))
      #expect(try abs(layer[2].elements(Float.self)[row] - Float(factor)) < 1e-6)
    }
  }
}

/// By its series, after whole turns are taken off.
private func cosine(_ angle: Double) -> Double {
  let x = angle.remainder(dividingBy: 2 * .pi)
  var (term, sum) = (1.0, 1.0)
  for index in 1..<20 {
    term *= -x * x / Double((2 * index - 1) * (2 * index))
    sum += term
  }
  return sum
}
